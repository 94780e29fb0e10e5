"""What reading a stranger's bytes may cost, and that it writes nothing."""

import os
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

MOST_SECONDS = 5.0
"""Of the processor, for inputs of a few KiB, instrumented or not. They take some milliseconds."""

_T = TypeVar("_T")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGES = {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.chmod"}


@contextmanager
def in_time(seconds: float = MOST_SECONDS) -> Iterator[None]:
    """Fail what took the processor longer; how busy the machine is doesn't matter."""
    start = time.process_time()
    yield
    taken = time.process_time() - start
    assert taken < seconds, f"took {taken:.1f} s of the processor, expected less than {seconds} s"


def peak_bytes(read: Callable[[], _T]) -> tuple[_T, int]:
    """What `read` gives, and the most that Python had allocated for it at any one time."""
    tracemalloc.start()
    try:
        found = read()
        return found, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


class _Watch:
    """Hears of every file that the process opens: a hook can't be removed again."""

    def __init__(self) -> None:
        self.is_added = False
        self.written: list[str] | None = None

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.written is None:
            return
        if event in _CHANGES or (event == "open" and arguments[2] & _WRITING):
            self.written.append(f"{event} {arguments[0]!r}")


_WATCH = _Watch()


@contextmanager
def nothing_written() -> Iterator[None]:
    """Fail what opens a file to write, makes or removes one, anywhere."""
    if not _WATCH.is_added:
        sys.addaudithook(_WATCH.hear)
        _WATCH.is_added = True
    _WATCH.written = []
    try:
        yield
        assert _WATCH.written == []
    finally:
        _WATCH.written = None
