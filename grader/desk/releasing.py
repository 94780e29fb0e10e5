"""Makes what students get, beside a page that asked for it: one at a time, with a log to look at.

releasing/job.json   what is made, for whom, since when
releasing/log        what the command says
releasing/code       its exit code, once it has ended
releasing/lock       held by the command for as long as it lives, whatever becomes of the page
"""

import fcntl
import json
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from grader.store import write_durably

# What a page shows of a log: its end.
LOG_BYTES = 8_000
_COMMAND = (sys.executable, "-c", "from grader.cli import main; main()")
# The exit code is written by the process around the command, so that the page may end meanwhile.
_NOTE_CODE = 'code=$1; shift; "$@"; echo $? > "$code"'


class AlreadyReleasing(Exception):
    """Something is being made: one at a time."""


class Ending(StrEnum):
    """Where a job is, as words for staff."""

    RUNNING = "is being made"
    DONE = "was made"
    FAILED = "could not be made"
    LOST = "was interrupted"


@dataclass(frozen=True)
class Job:
    """What a page asked for last. `log` is the end of what the command said."""

    assignment: str
    by: str
    began_at: datetime
    ending: Ending
    log: str

    @property
    def is_running(self) -> bool:
        return self.ending is Ending.RUNNING


def start_release(data: Path, assignment: str, options: Sequence[str], *, by: str) -> None:
    """Begin to make the bundle of an assignment, as `course release` does; returns at once.

    `options` are those of `course` that say which course it is. Raises `AlreadyReleasing`.
    """
    folder = _folder(data)
    folder.mkdir(mode=0o700, exist_ok=True)
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyReleasing("a bundle is being made already: wait until it is") from None
        (folder / "code").unlink(missing_ok=True)
        began = {"assignment": assignment, "by": by, "began_at": datetime.now(UTC).isoformat()}
        write_durably(folder / "job.json", json.dumps(began).encode())
        with (folder / "log").open("wb") as log:
            child = subprocess.Popen(
                ["/bin/sh", "-c", _NOTE_CODE, "sh", str(folder / "code"), *_COMMAND, *options,
                 "release", assignment],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, "COURSE_STAFF": by, "COLUMNS": "100"},
                pass_fds=(lock,),
                start_new_session=True,
            )  # fmt: skip
    finally:
        os.close(lock)  # the child has it too
    # Nobody waits for it here, but an ended process must be waited for.
    threading.Thread(target=child.wait, name=f"release {assignment}", daemon=True).start()


def release_job(data: Path) -> Job | None:
    """What was asked for last, and what has become of it; None if nothing ever was."""
    folder = _folder(data)
    try:
        began = json.loads((folder / "job.json").read_bytes())
    except FileNotFoundError:
        return None
    is_running = _is_held(folder / "lock")
    with suppress(FileNotFoundError):
        code = (folder / "code").read_text().strip()
        ending = Ending.DONE if code == "0" else Ending.FAILED
        return _job(began, ending, folder)
    return _job(began, Ending.RUNNING if is_running else Ending.LOST, folder)


def _job(began: dict[str, str], ending: Ending, folder: Path) -> Job:
    with (folder / "log").open("rb") as log:
        size = log.seek(0, os.SEEK_END)
        log.seek(max(0, size - LOG_BYTES))
        said = log.read().decode("utf-8", "replace")
    moment = datetime.fromisoformat(began["began_at"])
    return Job(began["assignment"], began["by"], moment, ending, said)


def _is_held(lock: Path) -> bool:
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _folder(data: Path) -> Path:
    return data / "releasing"
