"""Runs a notebook's cells as Jupyter's "restart and run all" would, without a kernel.

IPython's shell gives magics, display and top-level await. Each cell's text output is kept up
to a cap; what is beyond it goes to the process's stderr, where the other side counts it.
"""

import os
import subprocess
import sys
import time
import traceback
from typing import Any

from IPython.core.compilerop import CachingCompiler
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from runner.wire import encodable

CELL_OUTPUT_CHARS = 32_768
ERROR_CHARS = 4_096


class CellOutput:
    """A text stream that keeps the head of a cell's output and spills the rest to stderr."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self) -> None:
        self._kept: list[str] = []
        self._room = CELL_OUTPUT_CHARS

    def write(self, text: str) -> int:
        text = str(text)
        if self._room > 0:
            self._kept.append(text[: self._room])
        spill = text[max(self._room, 0) :]
        self._room -= len(text)
        for start in range(0, len(spill), 65_536):
            os.write(2, spill[start : start + 65_536].encode(errors="replace"))
        return len(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        pass

    def isatty(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return 2

    def take(self) -> str:
        text = encodable("".join(self._kept))
        if self._room < 0:
            text += f"\n... {-self._room} more characters"
        self._kept, self._room = [], CELL_OUTPUT_CHARS
        return text


class CellNames(CachingCompiler):
    """Names a cell's code after its place in the notebook, for tracebacks."""

    label = "cell"

    def get_code_name(self, raw_code: str, transformed_code: str, number: int) -> str:
        return self.label


class TextPublisher(DisplayPublisher):
    """`display(...)`: the plain text form of whatever is shown."""

    def publish(self, data: dict[str, Any], *args: Any, **kwargs: Any) -> None:
        print(data.get("text/plain", "<output without text>"))

    def clear_output(self, wait: bool = False) -> None:
        pass


class TextHook(DisplayHook):
    """The value of a cell's last expression, without an `Out[n]:` prompt."""

    def write_output_prompt(self) -> None:
        pass


class QuietShell(InteractiveShell):
    """The shell, leaving errors to `run_cell` below."""

    def system(self, command: str) -> None:
        """`!command`: its output belongs to the cell.

        IPython forks a terminal for this, which a process with JAX's threads may not survive.
        """
        process = subprocess.Popen(
            self.var_expand(command, depth=1),
            shell=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert process.stdout is not None
        while piece := os.read(process.stdout.fileno(), 65_536):
            sys.stdout.write(piece.decode(errors="replace"))
        self.user_ns["_exit_code"] = process.wait()

    def showtraceback(self, *args: Any, **kwargs: Any) -> None:
        pass

    def showsyntaxerror(self, *args: Any, **kwargs: Any) -> None:
        pass

    def enable_gui(self, gui: Any = None) -> None:
        pass


class Notebook:
    """One run of one notebook in this process; `namespace` is the student's globals."""

    def __init__(self) -> None:
        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.colors = "nocolor"
        config.InteractiveShell.banner1 = ""
        self.output = CellOutput()
        self.shell: Any = QuietShell.instance(
            config=config,
            compiler_class=CellNames,
            display_pub_class=TextPublisher,
            displayhook_class=TextHook,
        )
        self.namespace: dict[str, Any] = self.shell.user_ns

    def run_cell(self, index: int, source: str) -> dict[str, Any]:
        """Run one cell; nothing that it raises gets out."""
        self.shell.compile.label = f"cell {index + 1}"
        sys.stdout = sys.stderr = sys.__stdout__ = sys.__stderr__ = self.output
        started = time.monotonic()
        error: BaseException | None
        try:
            result = self.shell.run_cell(source, store_history=True)
            error = result.error_before_exec or result.error_in_exec
        except BaseException as caught:
            error = caught
        return {
            "type": "cell_finished",
            "index": index,
            "status": _status(error),
            "seconds": time.monotonic() - started,
            "output": self.output.take(),
            "error": describe_error(error) if error else "",
        }


def _status(error: BaseException | None) -> str:
    if error is None:
        return "ok"
    return "interrupted" if isinstance(error, KeyboardInterrupt) else "raised"


def describe_error(error: BaseException) -> str:
    """The error as its author needs it: where in their own cells, then what."""
    try:
        frames = [
            frame
            for frame in traceback.extract_tb(error.__traceback__)
            if frame.filename.startswith("cell ")
        ]
        where = "".join(traceback.format_list(frames[-4:]))
        what = "".join(traceback.format_exception_only(error))
        text = encodable(where + what)
    except BaseException:  # a hostile __str__, say
        text = "an error that cannot be shown"
    return text[-ERROR_CHARS:]
