"""Locks between processes. The kernel frees them however their holder ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from grader.outcomes import GraderError


class GradingLocked(Exception):
    """Another process is grading this course. `pid` is its number, where it is known."""

    def __init__(self, pid: int | None, path: Path) -> None:
        self.pid = pid
        who = f"process {pid}" if pid else "another process"
        super().__init__(
            f"{who} is grading this course now. Wait until it ends, or stop it; "
            f"what it leaves unfinished is taken up by the next run. (Lock: {path})"
        )


@contextmanager
def hold_grading_lock(path: Path) -> Iterator[None]:
    """Hold the course's one grading lock. Raises `GradingLocked` at once if it is taken.

    And `GraderError` where the disk takes no lock.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        except BlockingIOError:
            raise GradingLocked(_read_pid(descriptor), path) from None
        except OSError as error:
            raise GraderError(f"{path}: the lock can't be taken: {error.strerror}") from error
        yield
        # The file stays: removing it would let two processes lock two files of one name.
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


@contextmanager
def wait_for_lock(path: Path) -> Iterator[None]:
    """Hold `path` exclusively, waiting as long as it takes."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _read_pid(descriptor: int) -> int | None:
    text = os.pread(descriptor, 32, 0).strip()
    return int(text) if text.isdigit() else None
