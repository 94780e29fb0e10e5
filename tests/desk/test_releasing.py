"""Bundles that a page asked for: one at a time, and what becomes of one is known afterwards."""

import json
import os
import signal
import time
from pathlib import Path

import pytest

from grader.desk import releasing
from grader.desk.releasing import (
    LOG_BYTES,
    AlreadyReleasing,
    Ending,
    Job,
    release_job,
    start_release,
)

# In the place of `course`: does what the first option says, in the folder of the second.
STAND_IN = """\
import os, sys, time
from pathlib import Path
what, folder, *_ = sys.argv[1:]
print(os.environ["COURSE_STAFF"], *sys.argv[3:])
Path(folder, "pid").write_text(str(os.getpid()))
while what == "waits" and not Path(folder, "go").exists():
    time.sleep(0.02)
print("\\xff" + "x" * 20_000 if what == "talks" else "done")
sys.exit(3 if what == "fails" else 0)
"""


@pytest.fixture(autouse=True)
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(releasing, "_COMMAND", (*releasing._COMMAND[:2], STAND_IN))


def start(data: Path, what: str, name: str = "hw1") -> None:
    start_release(data, name, [what, str(data)], by="ivy")


def ended(data: Path) -> Job:
    until = time.monotonic() + 60
    while (job := release_job(data)) is None or job.is_running:
        assert time.monotonic() < until
        time.sleep(0.02)
    return job


def test_nothing_is_known_before_the_first(tmp_path: Path):
    assert release_job(tmp_path) is None


def test_what_is_made_is_told_with_its_log(tmp_path: Path):
    start(tmp_path, "works")
    job = ended(tmp_path)
    assert (job.assignment, job.by, job.ending) == ("hw1", "ivy", Ending.DONE)
    assert job.log == "ivy release hw1\ndone\n"


def test_what_fails_is_told(tmp_path: Path):
    start(tmp_path, "fails")
    assert ended(tmp_path).ending is Ending.FAILED


def test_only_the_end_of_a_long_log_is_told(tmp_path: Path):
    start(tmp_path, "talks")
    assert len(ended(tmp_path).log) == LOG_BYTES


def test_one_at_a_time_whoever_asks(tmp_path: Path):
    start(tmp_path, "waits")
    with pytest.raises(AlreadyReleasing, match="being made already"):
        start(tmp_path, "works", "hw2")
    job = release_job(tmp_path)
    assert job is not None
    assert (job.assignment, job.is_running) == ("hw1", True)
    (tmp_path / "go").touch()
    assert ended(tmp_path).ending is Ending.DONE
    start(tmp_path, "works", "hw2")
    assert ended(tmp_path).assignment == "hw2"


def test_what_was_killed_was_interrupted_and_can_be_asked_for_again(tmp_path: Path):
    start(tmp_path, "waits")
    while not (pid := tmp_path / "pid").exists() or not pid.read_text():
        time.sleep(0.02)
    os.killpg(os.getpgid(int(pid.read_text())), signal.SIGKILL)
    assert ended(tmp_path).ending is Ending.LOST
    start(tmp_path, "works")
    assert ended(tmp_path).ending is Ending.DONE


def test_what_is_kept_of_a_job_is_for_the_courses_user_only(tmp_path: Path):
    start(tmp_path, "works")
    ended(tmp_path)
    folder = tmp_path / "releasing"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert json.loads((folder / "job.json").read_text())["assignment"] == "hw1"
