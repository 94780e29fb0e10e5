"""The conversation: say hello, run the notebook that comes, then answer calls until killed."""

import gc
import os
import signal
import sys
import warnings
from pathlib import Path
from typing import Any, BinaryIO

import jax

from runner.calls import Calls
from runner.memory import Memory
from runner.notebook import Notebook
from runner.wire import read_frame, write_frame

FONTS = Path("/opt/fonts")


class Interrupts:
    """Turns the other side's SIGINT into KeyboardInterrupt, only while student code runs.

    Between two messages an interrupt that comes too late is dropped, so that it can't tear
    a frame.
    """

    def __init__(self) -> None:
        self.student_code_runs = False
        signal.signal(signal.SIGINT, self._on_signal)

    def _on_signal(self, *_: Any) -> None:
        if self.student_code_runs:
            raise KeyboardInterrupt("time limit")

    def __enter__(self) -> None:
        self.student_code_runs = True

    def __exit__(self, *_: Any) -> None:
        self.student_code_runs = False


def main() -> None:
    """Serve one submission on the process's own stdin and stdout."""
    reader, writer = take_over_streams()
    # The mounted cache can't be written; a student can do nothing about it.
    warnings.filterwarnings("ignore", message="Error writing persistent compilation cache")
    if FONTS.exists():
        bring_fonts()
    interrupts = Interrupts()
    notebook = Notebook()
    calls = Calls(notebook.namespace)
    memory = Memory()
    jax.numpy.zeros(1).block_until_ready()  # the backend starts before the clock does
    gc.freeze()  # what is imported stays: no later collection looks through it
    gc.enable()
    write_frame(writer, {"type": "hello", "jax": jax.__version__}, [])
    while True:
        try:
            message, body = read_frame(reader)
        except EOFError:
            os._exit(0)
        if message["type"] == "notebook":
            run_notebook(message, notebook, interrupts, writer)
        else:
            reply, chunks = calls.answer(message, body, interrupts)
            write_frame(writer, reply, chunks)
        memory.release_if_grown()


def bring_fonts() -> None:
    """Put the image's list of fonts where matplotlib looks for it, or would make it anew."""
    folder = Path.home() / ".cache" / "matplotlib"
    folder.mkdir(parents=True, exist_ok=True)
    for path in FONTS.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())


def take_over_streams() -> tuple[BinaryIO, BinaryIO]:
    """Keep stdin and stdout for frames; what prints to either goes to stderr or nowhere."""
    reader = os.fdopen(os.dup(0), "rb")
    writer = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 -- for good
    return reader, writer


def run_notebook(
    message: dict[str, Any], notebook: Notebook, interrupts: Interrupts, writer: BinaryIO
) -> None:
    """Write the given files beside the notebook, then run its cells in order.

    A notebook may come in several pieces, with calls between them.
    """
    for name, data in message["files"].items():
        path = Path.cwd() / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    for index, source in message["cells"]:
        write_frame(writer, {"type": "cell_started", "index": index}, [])
        with interrupts:
            finished = notebook.run_cell(index, source)
        write_frame(writer, finished, [])
    write_frame(writer, {"type": "ready"}, [])
