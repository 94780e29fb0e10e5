"""The engine stops, loses an image or a container in mid-batch: no score of ours, none twice."""

import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from grader.grading import BatchSummary, GradingPlan, Progress, grade_batch, patience
from grader.sandbox.images import image_tag
from grader.store import State, Store
from grader.store.losses import ENGINE_LOST
from tests.faults.light import NAME, POISON
from tests.faults.own_engine import OwnEngine
from tests.faults.soundness import (
    RECEIVED,
    check_each_is_graded_once,
    failed_attempts,
    finish,
)

pytestmark = [
    pytest.mark.docker,
    # Docker's SDK leaves a socket that nobody listens to for the collector.
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]


@dataclass
class Once:
    """Does something the first time that a batch comes to a step."""

    step: str
    action: Callable[[], object]
    heard: list[str] = field(default_factory=list[str])
    _lock: threading.Lock = field(default_factory=threading.Lock)
    done: bool = False

    def __call__(self, progress: Progress) -> None:
        with self._lock:
            self.heard.append(progress.step)
            if progress.step == self.step and not self.done:
                self.done = True
                self.action()


@pytest.fixture
def starting(engine: OwnEngine) -> Iterator[list[threading.Timer]]:
    """Timers that start the engine again, waited for at the end."""
    timers: list[threading.Timer] = []
    yield timers
    for timer in timers:
        timer.join()


def lost_engines(store: Store) -> int:
    """How often an engine went away under a submission."""
    rows = store.submissions(NAME)
    return sum(event.what == ENGINE_LOST for row in rows for event in store.history(row.id))


def grade(plan: GradingPlan, store: Store, on_progress: Callable[[Progress], None]) -> BatchSummary:
    with store.grading_lock():
        return grade_batch(plan, store, jobs=2, on_progress=on_progress)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_an_engine_that_is_started_again_is_waited_for(
    engine: OwnEngine,
    plan: GradingPlan,
    store: Store,
    starting: list[threading.Timer],
    caplog: pytest.LogCaptureFixture,
    number: signal.Signals,
) -> None:
    def restart() -> None:
        engine.stop(number)
        starting.append(threading.Timer(0.7, engine.start))
        starting[0].start()

    fault = Once("cell 1", restart)
    summary = grade(plan, store, fault)
    assert (summary.graded, summary.failures, summary.gave_up) == (4, (), False)
    assert any(step.startswith("waiting: no Docker engine answers") for step in fault.heard)
    told = [record.getMessage() for record in caplog.records]
    assert [text for text in told if "Trying again for" in text] != []
    check_each_is_graded_once(store)
    assert failed_attempts(store) == []
    assert lost_engines(store) == 2, "both that were at work, and not those that came after"


def test_an_engine_that_stays_away_ends_the_batch_with_one_sentence(
    engine: OwnEngine, plan: GradingPlan, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "PAUSES", (0.1, 0.2))
    summary = grade(plan, store, Once("cell 1", lambda: engine.stop(signal.SIGKILL)))
    assert (summary.graded, summary.failures, summary.gave_up) == (0, (), True)
    assert summary.reason.startswith("no Docker engine answers")
    assert summary.reason.endswith(
        "start one. It was waited for in vain: what is not graded stays queued. Mend the cause, "
        "then grade again."
    )
    assert {(row.state, row.attempts) for row in store.submissions(NAME)} == {(State.QUEUED, 0)}
    assert failed_attempts(store) == []
    engine.start()
    finish(plan, store)


def test_an_image_that_vanishes_in_mid_batch_is_our_fault_and_built_by_the_next_run(
    engine: OwnEngine, plan: GradingPlan, store: Store
) -> None:
    tag = image_tag(plan.request.environment)
    summary = grade(plan, store, Once("graded", lambda: engine.docker("rmi", "--force", tag)))
    assert summary.gave_up
    assert {why.split(";")[0] for _, why in summary.failures} == {f"the image {tag} is not built"}
    assert summary.graded + len(summary.failures) == 4
    plan.sandbox.prepare(plan.request.environment)
    finish(plan, store)


def test_containers_that_are_killed_from_outside_cost_nobody_anything(
    engine: OwnEngine, plan: GradingPlan, store: Store
) -> None:
    kill = Once("cell 1", lambda: engine.docker("kill", *engine.docker("ps", "-q").split()))
    summary = grade(plan, store, kill)
    assert (summary.graded, summary.failures) == (4, ())
    check_each_is_graded_once(store)
    assert failed_attempts(store) != []


def test_a_submission_that_fails_always_is_set_aside_and_the_others_are_graded(
    plan: GradingPlan, store: Store
) -> None:
    store.accept("bob", NAME, POISON, "bob.ipynb", RECEIVED.replace(hour=13))
    summary = grade(plan, store, lambda _: None)
    assert (summary.graded, summary.gave_up) == (3, False)
    ((student, why),) = summary.failures
    assert (student, "ended itself with 137" in why) == ("bob", True)
    (poison,) = (row for row in store.latest_submissions(NAME) if row.student == "bob")
    assert (poison.state, poison.attempts, poison.note) == (State.DELAYED, 3, why)
    assert store.results(poison.id) == ()
    assert {row.student: row.earned for row in store.current_results(NAME)} == {
        "ada": 5.0,
        "cleo": 5.0,
        "dan": 3.0,
    }
