"""A process that hands something in and is killed with SIGKILL before its n-th write, for every n.

    python -m tests.desk.killed_intake COURSE_FILE DATA_FOLDER FILE ASSIGNMENT STUDENT

For n = 1, 2, ... a copy of DATA_FOLDER is made beside it, named by n, and a fork of this process
hands in FILE there. Each fork's name and what it was killed before is printed; the last one is let
be. What is in the copies is for whoever called to look at.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from grader.course import Course, load_course
from grader.desk import submit
from grader.store import Store, open_store
from tests.store.postgresql import copied_data
from tests.term_course import at

NOW = at("2027-01-20 12:00")
# Whatever puts something on the disk, by the names that it is called by. What `Path` does goes
# through `os` too.
CALLS = ("fsync", "link", "mkdir", "open", "rename", "replace", "rmdir", "unlink", "write")


class Countdown:
    """Kills this process before its n-th write."""

    def __init__(self, fatal: int, report: int) -> None:
        self._left = fatal
        self._report = report
        self._write = os.write

    def step(self, what: str) -> None:
        """Count one, and die if it is the last."""
        self._left -= 1
        if self._left == 0:
            self._write(self._report, what.encode())
            os.kill(os.getpid(), signal.SIGKILL)

    def counted(self, what: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """The call, counted before it is made."""

        def before(*args: Any, **options: Any) -> Any:
            self.step(what)
            return call(*args, **options)

        return before


class InHalves:
    """A file whose every write is two, so that a kill can come between them."""

    def __init__(self, file: Any, countdown: Countdown) -> None:
        self._file = file
        self._step = countdown.step

    def write(self, data: bytes) -> int:
        """Write one half, then the other, each through to the kernel."""
        for half in (data[: len(data) // 2], data[len(data) // 2 :]):
            self._step("write of a file")
            self._file.write(half)
            self._file.flush()
        return len(data)

    def __enter__(self) -> "InHalves":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def watch(store: Store, countdown: Countdown) -> None:
    """Count every write of this process from now on."""
    from django.db import connections

    opened = os.fdopen
    for name in CALLS:
        setattr(os, name, countdown.counted(name, getattr(os, name)))
    os.fdopen = lambda *args, **options: InHalves(opened(*args, **options), countdown)

    def execute(run: Any, sql: str, *args: Any) -> Any:
        countdown.step(sql.split(" WHERE ")[0][:60])
        return run(sql, *args)

    connection = connections[store._tables.alias]
    connection.ensure_connection()
    connection.execute_wrappers.append(execute)
    for name in ("_commit", "_rollback", "_close"):
        setattr(
            BaseDatabaseWrapper, name, countdown.counted(name, getattr(BaseDatabaseWrapper, name))
        )


def hand_in(course: Course, folder: Path, data: bytes, name: str, student: str, fatal: int) -> str:
    """Fork, hand in, be killed; before what, or nothing once all was done."""
    heard, report = os.pipe()
    child = os.fork()
    if child == 0:
        with open_store(folder) as store:
            watch(store, Countdown(fatal, report))
            submit(course, store, course.assignments[name], student, data, "answer", NOW)
        os._exit(0)
    os.close(report)
    with os.fdopen(heard, "rb") as words:
        what = words.read().decode()
    _, status = os.waitpid(child, 0)
    died = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    assert died == bool(what), f"it ended with {status}, {what}"
    return what


def main(course_file: str, data_folder: str, file: str, name: str, student: str) -> None:
    """Try every n until one runs through."""
    course, folder = load_course(Path(course_file)), Path(data_folder)
    data = Path(file).read_bytes()
    # Django is set up once, before the forks; connections are never passed on.
    open_store(folder).close()
    fatal = 0
    what = "start"
    while what:
        fatal += 1
        copy = copied_data(folder, folder.with_name(f"{folder.name}-{fatal}"))
        what = hand_in(course, copy, data, name, student, fatal)
        print(copy, what, sep="\t", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
