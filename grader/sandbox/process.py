"""Boxes that are plain processes: for the staff's own notebooks, and where no engine is.

Nothing is isolated here: the program can read what the grader's user can read. It has a clean
environment, resource limits, a folder of its own, and its process group is killed at the end;
a program that leaves its group escapes that. What Docker would count (processes, memory of
all together, time in the engine) this can't tell.
"""

import contextlib
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from grader.outcomes import Ending, Usage
from grader.sandbox.box import Box, BoxLimits, BoxRequest, Exit, OutputLimit, SandboxFault

DIAGNOSTIC_BYTES = 4_096
# XLA reserves address space far beyond what it uses.
ADDRESS_SPACE_FACTOR = 8


class ProcessSandbox:
    """Makes boxes that are child processes of this one, on this machine, unisolated."""

    name = "process"
    isolates = False

    def prepare(self, environment: Path, runtime: str | None = None) -> None:
        """Nothing to prepare: the grader's own Python runs the notebooks, with no runtime."""

    def open_box(self, request: BoxRequest) -> Box:
        """A fresh process with the runner in it, in a temporary folder."""
        try:
            return ProcessBox(request)
        except OSError as error:
            raise SandboxFault(f"no process could be started: {error}") from error

    def remove_leftovers(self, labels: dict[str, str]) -> int:
        """Nothing to remove: a runner ends when the process that reads it does."""
        return 0


class ProcessBox(Box):
    """One child process in a session of its own."""

    def __init__(self, request: BoxRequest) -> None:
        self._limits = request.limits
        self._folder = Path(tempfile.mkdtemp(prefix="notebook-"))
        self._started = time.monotonic()
        self._exit: Exit | None = None
        self._printed_bytes = 0
        self._diagnostics = b""
        runner = request.environment.parent / "runner"
        self._process = subprocess.Popen(
            [
                "/bin/sh",
                "-c",
                limit_commands(request.limits),
                "sh",
                sys.executable,
                "-I",
                str(runner),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self._folder,
            env=clean_environment(self._folder),
            start_new_session=True,
        )
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            assert stream is not None
            os.set_blocking(stream.fileno(), False)
        self._pipes = self._process.stdin, self._process.stdout, self._process.stderr

    def write(self, data: bytes, deadline: float) -> None:
        stdin = self._pipes[0]
        assert stdin is not None
        view = memoryview(data)
        while view:
            remaining = deadline - time.monotonic()
            if remaining <= 0 or not select.select([], [stdin], [], remaining)[1]:
                raise TimeoutError
            view = view[os.write(stdin.fileno(), view[:65_536]) :]

    def read(self, deadline: float) -> bytes:
        _, stdout, stderr = self._pipes
        assert stdout is not None
        assert stderr is not None
        while True:
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                raise TimeoutError
            readable = select.select([stdout, stderr], [], [], remaining)[0]
            if stderr in readable:
                self._count_printed(os.read(stderr.fileno(), 1 << 18))
            if stdout in readable:
                return os.read(stdout.fileno(), 1 << 18)

    def _count_printed(self, piece: bytes) -> None:
        self._printed_bytes += len(piece)
        self._diagnostics = (self._diagnostics + piece)[-DIAGNOSTIC_BYTES:]
        if self._printed_bytes > self._limits.output_bytes:
            raise OutputLimit
        if not piece:
            time.sleep(0.01)  # stderr has ended; wait for stdout without spinning

    def interrupt(self) -> None:
        self._process.send_signal(signal.SIGINT)

    def close(self) -> Exit:
        if self._exit is None:
            self._exit = self._end()
        return self._exit

    def _end(self) -> Exit:
        seconds = time.monotonic() - self._started
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(0.05)
        ended_by_itself = self._process.poll()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        _, _, used = os.wait4(self._process.pid, 0) if ended_by_itself is None else (0, 0, None)
        for stream in self._pipes:
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        if ended_by_itself is None:
            self._process.returncode = -signal.SIGKILL
        shutil.rmtree(self._folder, ignore_errors=True)
        return Exit(
            ending=_blame(ended_by_itself),
            exit_code=ended_by_itself,
            usage=Usage(
                seconds,
                used.ru_utime + used.ru_stime if used else 0.0,
                used.ru_maxrss * 1024 if used else 0,
            ),
            diagnostics=self._diagnostics.decode(errors="replace"),
        )


def _blame(exit_code: int | None) -> Ending | None:
    if exit_code is None:
        return None
    return Ending.EXITED if exit_code == 0 else Ending.CRASHED


def clean_environment(home: Path) -> dict[str, str]:
    """The whole environment of a box: none of the grader's own variables."""
    return {
        "HOME": str(home),
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "TMPDIR": str(home),
        "IPYTHONDIR": str(home / ".ipython"),
        "MPLBACKEND": "Agg",
        "MPLCONFIGDIR": str(home / ".matplotlib"),
        "JAX_PLATFORMS": "cpu",
        "PYTHONBREAKPOINT": "0",
    }


def limit_commands(limits: BoxLimits) -> str:
    """A shell line that limits itself and becomes its arguments.

    A shell, because a function between fork and exec is not safe beside JAX's threads.
    """
    address_space_kib = limits.memory_bytes * ADDRESS_SPACE_FACTOR // 1024
    file_blocks = limits.tmp_bytes // 512
    return (
        f"ulimit -c 0; ulimit -n 1024; ulimit -f {file_blocks}; "
        f'ulimit -v {address_space_kib}; exec "$@"'
    )
