"""A notebook that takes the engine down is set aside; what ran beside it is graded."""

import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest
import requests.exceptions

from grader.grading import BatchSummary, GradingPlan, Progress, grade_batch, patience
from grader.outcomes import GradedSubmission
from grader.sandbox.box import BoxLimits, EngineDown, EngineLost
from grader.sandbox.conversation import Conversation
from grader.sandbox.docker import DockerBox
from grader.store import State, Store, SubmissionRow
from tests.faults.light import NAME, SCORES
from tests.faults.soundness import check_each_is_graded_once, failed_attempts
from tests.faults.stand_in import StandIn

RUN_SECONDS = 0.05
GONE = "no Docker engine answers (gone); start one"


@dataclass
class Mortal:
    """An engine that some students' notebooks take down, with all that runs in it just then.

    They do so until it has gone away under them `most` times. It is back after `away_seconds`.
    """

    killers: Collection[str]
    most: int = 1_000
    away_seconds: float = 0.1
    back_at: float = 0.0
    losses: Counter[str] = field(default_factory=Counter[str])
    graded: list[str] = field(default_factory=list[str])
    _lives: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def grade(self, submission: SubmissionRow, on_step: Callable[[str], None]) -> GradedSubmission:
        student = submission.student
        with self._lock:
            if time.monotonic() < self.back_at:
                raise EngineDown(GONE)
            life = self._lives
        on_step("cell 1")
        time.sleep(RUN_SECONDS)
        with self._lock:
            kills = student in self.killers and self.losses[student] < self.most
            if kills and life == self._lives:
                self._lives += 1
                self.back_at = time.monotonic() + self.away_seconds
            if life != self._lives:
                self.losses[student] += 1
                raise EngineLost(GONE)
            self.graded.append(student)
        return StandIn().grade(submission, on_step)


def grade(
    plan: GradingPlan,
    store: Store,
    engine: Mortal,
    on_progress: Callable[[Progress], None] = lambda _: None,
    jobs: int = 2,
) -> BatchSummary:
    with store.grading_lock():
        store.queue_unfinished(NAME)
        return grade_batch(plan, store, jobs=jobs, engine=engine, on_progress=on_progress)


def row_of(store: Store, student: str) -> SubmissionRow:
    (row,) = (row for row in store.submissions(NAME) if row.student == student)
    return row


@pytest.mark.parametrize("jobs", [1, 2, 4])
@pytest.mark.parametrize("killer", list(SCORES))
def test_what_takes_the_engine_down_is_set_aside_and_the_others_are_graded(
    bare_plan: GradingPlan, store: Store, killer: str, jobs: int
) -> None:
    engine = Mortal({killer})
    told: list[Progress] = []
    summary = grade(bare_plan, store, engine, told.append, jobs)
    row = row_of(store, killer)
    assert (summary.graded, summary.failures, summary.gave_up) == (3, ((killer, row.note),), False)
    assert (row.state, row.attempts, store.results(row.id)) == (State.DELAYED, 0, ())
    assert row.note.startswith("the engine went away each of 3 times that this ran")
    assert engine.losses[killer] == 3
    assert all(times <= 1 for who, times in engine.losses.items() if who != killer)
    scores = {row.student: row.earned for row in store.current_results(NAME)}
    assert scores == {who: score for who, score in SCORES.items() if who != killer}
    assert failed_attempts(store) == []
    failures = [one.failure for one in told if one.student == killer and one.failure]
    assert failures == 2 * [f"the engine went away while this ran: {GONE}"] + [row.note]


def test_an_engine_that_is_started_again_by_hand_grades_the_others_first(
    bare_plan: GradingPlan, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "PAUSES", (0.05,))
    engine = Mortal({"ada"}, away_seconds=1e6)
    summaries: list[BatchSummary] = []
    for _ in range(5):
        engine.back_at = 0.0
        summaries.append(grade(bare_plan, store, engine, jobs=1))
    # The first run is ended by it, the second grades all others and is ended by it again.
    assert [one.graded for one in summaries] == [0, 3, 0, 0, 0]
    assert [one.gave_up for one in summaries] == [True, True, False, False, False]
    assert row_of(store, "ada").state is State.DELAYED
    assert engine.losses == {"ada": 5}


def test_two_losses_are_chance_and_cost_nobody_anything(
    bare_plan: GradingPlan, store: Store
) -> None:
    engine = Mortal(set(SCORES), most=2)
    summary = grade(bare_plan, store, engine)
    assert (summary.graded, summary.failures, summary.gave_up) == (4, (), False)
    assert engine.losses == dict.fromkeys(SCORES, 2)
    check_each_is_graded_once(store)
    assert failed_attempts(store) == []


def test_an_engine_that_falls_under_everything_ends_the_batch(
    bare_plan: GradingPlan, store: Store
) -> None:
    summary = grade(bare_plan, store, Mortal(set(SCORES)))
    assert (summary.graded, summary.gave_up) == (0, True)
    assert summary.reason.startswith("Too many failures in a row")


@pytest.fixture
def orphan() -> Iterator[DockerBox]:
    """A box whose engine has gone away: its streams have ended, and nobody answers."""

    def nobody(*_: object, **__: object) -> None:
        raise requests.exceptions.ConnectionError("gone")

    ours, engines = socket.socketpair()
    stream = SimpleNamespace(_sock=ours, close=ours.close)
    api = SimpleNamespace(
        attach_socket=lambda *_: stream, inspect_container=lambda _: {"State": {"Pid": 0}}
    )
    container = SimpleNamespace(id="0" * 64, start=lambda: None)
    box = DockerBox(SimpleNamespace(api=api), container, BoxLimits())
    engines.close()
    api.inspect_container = api.kill = api.remove_container = nobody
    with ours:
        yield box


@pytest.mark.parametrize(
    "act",
    [DockerBox.close, DockerBox.interrupt, lambda box: Conversation(box, 100).greet()],
    ids=["close", "interrupt", "read"],
)
def test_an_engine_that_is_gone_from_under_a_box_is_told_from_one_that_was_never_there(
    orphan: DockerBox, act: Callable[[DockerBox], object]
) -> None:
    with pytest.raises(EngineLost, match=r"no Docker engine answers \(gone\); start one"):
        act(orphan)
