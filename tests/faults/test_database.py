"""A database that another process holds for longer than one waits: said, retried, nothing lost."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from grader.grading import GradingPlan, Progress, grade_batch, patience
from grader.store import Store, open_store
from tests.faults.light import SCORES
from tests.faults.soundness import (
    check_each_is_graded_once,
    check_nothing_is_left,
    failed_attempts,
)
from tests.faults.stand_in import StandIn

pytestmark = pytest.mark.sqlite

HOLD = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
database.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
database.execute("ROLLBACK")
"""
LOCKED = (
    "the database failed: database is locked; another process held it for too long. See who has "
    "it open, and end that"
)


@dataclass
class Holder:
    """Another process that holds the write lock of a database."""

    path: Path
    process: "subprocess.Popen[str] | None" = field(default=None)

    def hold(self) -> None:
        """Take it, and return when it is held."""
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(self.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "held\n"

    def let_go(self) -> None:
        """Give it back."""
        if self.process is not None:
            self.process.communicate("\n", timeout=30)
            self.process = None


@pytest.fixture
def store(filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """The store with everybody's notebooks, which waits half a second for its database."""
    monkeypatch.setattr("grader.store.opening._BUSY_SECONDS", 0.5)
    shutil.copytree(filled, tmp_path / "data")
    with open_store(tmp_path / "data") as opened:
        yield opened
        check_nothing_is_left(opened)


@pytest.fixture
def holder(store: Store) -> Iterator[Holder]:
    made = Holder(store.folder / "course.sqlite3")
    yield made
    made.let_go()


def test_a_lock_that_goes_in_time_costs_nothing(
    bare_plan: GradingPlan, store: Store, holder: Holder
) -> None:
    heard: list[str] = []

    def hold_once(student: str, _times: int) -> None:
        if student == "bob":
            holder.hold()

    def let_go_when_told(progress: Progress) -> None:
        if progress.step.startswith("waiting"):
            heard.append(progress.step)
            holder.let_go()

    engine = StandIn(hold_once)
    with store.grading_lock():
        summary = grade_batch(bare_plan, store, jobs=1, engine=engine, on_progress=let_go_when_told)
    assert (summary.graded, summary.failures) == (4, ())
    assert heard == [f"waiting: {LOCKED}"]
    assert engine.times == dict.fromkeys(SCORES, 1), "what was found was lost, and found again"
    check_each_is_graded_once(store)
    assert failed_attempts(store) == []


def test_a_lock_that_stays_ends_the_batch_and_the_next_run_goes_on(
    bare_plan: GradingPlan, store: Store, holder: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "PAUSES", (0.1,))

    def hold_once(student: str, _times: int) -> None:
        if student == "bob":
            holder.hold()

    with store.grading_lock():
        summary = grade_batch(bare_plan, store, jobs=1, engine=StandIn(hold_once))
    assert summary.gave_up
    assert summary.reason.startswith(f"{LOCKED}. It was waited for in vain")
    assert (summary.graded, summary.failures) == (1, ())
    holder.let_go()
    engine = StandIn()
    with store.grading_lock():
        assert grade_batch(bare_plan, store, jobs=1, engine=engine).graded == 3
    assert "ada" not in engine.times
    check_each_is_graded_once(store)
    assert failed_attempts(store) == []
