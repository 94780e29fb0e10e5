"""A full disk, on a small one of the test's own: nothing is half written, and all goes on after."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from grader.grading import GradingPlan, Progress, grade_batch, patience
from grader.outcomes import GraderError
from grader.store import State, Store, open_store
from tests.faults.light import HALF, NAME, SCORES
from tests.faults.soundness import (
    RECEIVED,
    check_each_is_graded_once,
    check_nothing_is_left,
    failed_attempts,
)
from tests.faults.stand_in import StandIn

# PostgreSQL has its own disk, and says itself what happens when that is full.
pytestmark = pytest.mark.sqlite


@dataclass(frozen=True)
class SmallDisk:
    """A file system of a few megabytes."""

    folder: Path

    def fill(self) -> None:
        """Take what is free, to the last byte."""
        with (self.folder / "filler").open("ab", buffering=0) as file:
            for size in (1 << 16, 1 << 12, 1):
                with contextlib.suppress(OSError):
                    while True:
                        file.write(bytes(size))

    def free(self) -> None:
        """Give it back."""
        (self.folder / "filler").unlink()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    if os.getuid() != 0:
        pytest.skip("mounting a small disk needs root")
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=6m,mode=0700", "none", str(folder)], check=True
    )
    yield SmallDisk(folder)
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def store(filled: Path, disk: SmallDisk) -> Iterator[Store]:
    """The store with everybody's notebooks, on the small disk."""
    shutil.copytree(filled, disk.folder / "data")
    with open_store(disk.folder / "data") as opened:
        yield opened
        check_nothing_is_left(opened)


def test_space_that_is_freed_in_time_costs_nothing(
    bare_plan: GradingPlan, store: Store, disk: SmallDisk
) -> None:
    heard: list[str] = []

    def fill_once(student: str, _times: int) -> None:
        if student == "bob":
            disk.fill()

    def free_when_told(progress: Progress) -> None:
        if progress.step.startswith("waiting"):
            heard.append(progress.step)
            if len(heard) == 1:
                disk.free()

    engine = StandIn(fill_once)
    with store.grading_lock():
        summary = grade_batch(bare_plan, store, jobs=1, engine=engine, on_progress=free_when_told)
    assert (summary.graded, summary.failures) == (4, ())
    assert heard == [
        "waiting: the database failed: database or disk is full; free space where the data "
        "folder is"
    ]
    assert engine.times == dict.fromkeys(SCORES, 1), "what was found was lost, and found again"
    check_each_is_graded_once(store)
    assert failed_attempts(store) == []


def test_a_disk_that_stays_full_ends_the_batch_and_older_scores_stay(
    bare_plan: GradingPlan, store: Store, disk: SmallDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "PAUSES", (0.1, 0.1))
    (ada,) = (row.id for row in store.submissions(NAME) if row.student == "ada")
    with store.grading_lock():
        grade_batch(bare_plan, store, jobs=1, engine=StandIn(), only=[ada])
    before = store.current_results(NAME)
    assert [row.earned for row in before] == [5.0]

    with store.grading_lock():
        summary = grade_batch(bare_plan, store, jobs=2, engine=StandIn(lambda *_: disk.fill()))
    assert (summary.graded, summary.failures, summary.gave_up) == (0, (), True)
    assert "disk is full; free space where the data folder is. It was waited for in vain" in (
        summary.reason
    )
    assert store.current_results(NAME) == before
    disk.free()
    with store.grading_lock():
        assert grade_batch(bare_plan, store, jobs=2, engine=StandIn()).graded == 3
    check_each_is_graded_once(store)


def test_what_is_handed_in_on_a_full_disk_is_refused_whole(store: Store, disk: SmallDisk) -> None:
    before = store.submissions(NAME)
    disk.fill()
    with pytest.raises(GraderError, match=r"could not be kept: .*No space left|disk is full"):
        store.accept("ada", NAME, HALF, "ada.ipynb", RECEIVED.replace(hour=13))
    assert store.submissions(NAME) == before
    no_lock = pytest.raises(GraderError, match="the lock can't be taken: No space left on device")
    with no_lock, store.grading_lock():
        pass
    disk.free()
    check_nothing_is_left(store)
    taken = store.accept("ada", NAME, HALF, "ada.ipynb", RECEIVED.replace(hour=13))
    assert (taken.repeated, taken.submission.state) == (False, State.QUEUED)
    assert store.read_notebook_bytes(taken.submission) == HALF
