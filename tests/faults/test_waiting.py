"""A batch waits for what failed, and for what is away, no longer than it must."""

import signal
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from grader.grading import BatchSummary, GradingPlan, Progress, grade_batch, patience
from grader.outcomes import GraderError
from grader.sandbox.box import EngineDown, SandboxFault
from grader.store import State, Store, StoreFault, open_store, waits
from tests.faults.light import NAME, SCORES
from tests.faults.soundness import check_each_is_graded_once, failed_attempts
from tests.faults.stand_in import StandIn

# Far more than any of these takes, and far less than the waits that they cut short.
SOON_SECONDS = 20.0


def grade(
    plan: GradingPlan,
    store: Store,
    engine: StandIn,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> BatchSummary:
    with store.grading_lock():
        return grade_batch(plan, store, jobs=2, engine=engine, on_progress=on_progress)


def fails(times: int, error: Exception, student: str = "ada") -> StandIn:
    """One that fails so often for a student."""

    def first(who: str, so_far: int) -> None:
        if who == student and so_far <= times:
            raise error

    return StandIn(first)


def test_a_batch_does_not_end_before_what_failed_was_tried_again(
    bare_plan: GradingPlan, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waits, "FIRST_SECONDS", 1.0)
    monkeypatch.setattr(waits, "GROWTH", 1.0)
    engine = fails(2, GraderError("a hiccup"))
    started = time.monotonic()
    assert grade(bare_plan, store, engine).graded == 4
    assert time.monotonic() - started >= 2 * 0.75
    assert engine.times == dict.fromkeys(SCORES, 1) | {"ada": 3}
    assert failed_attempts(store) == ["ada", "ada"]
    check_each_is_graded_once(store)


@pytest.mark.parametrize(
    ("error", "attempts"),
    [(GraderError("a hiccup"), 1), (EngineDown("gone"), 0), (StoreFault("locked"), 0)],
)
def test_an_interrupt_ends_a_wait_at_once(
    bare_plan: GradingPlan,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    error: GraderError,
    attempts: int,
) -> None:
    monkeypatch.setattr(waits, "FIRST_SECONDS", 50.0)
    monkeypatch.setattr(patience, "PAUSES", (50.0,))
    main = threading.main_thread().ident
    done: list[str] = []

    def interrupt_at_the_last(progress: Progress) -> None:
        if progress.graded:
            done.append(progress.student)
            if len(done) == 3:
                threading.Timer(0.3, signal.pthread_kill, (main, signal.SIGINT)).start()

    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        grade(bare_plan, store, fails(1, error), interrupt_at_the_last)
    assert time.monotonic() - started < SOON_SECONDS
    rows = {row.student: (row.state, row.attempts) for row in store.submissions(NAME)}
    assert rows == dict.fromkeys(SCORES, (State.GRADED, 0)) | {"ada": (State.QUEUED, attempts)}


@pytest.mark.parametrize("days", [-400, -1, 1])
def test_a_clock_that_is_set_after_a_failure_holds_nothing_up(
    bare_plan: GradingPlan, store: Store, monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    monkeypatch.setattr(waits, "FIRST_SECONDS", 5.0 if days > 0 else 0.5)
    shift = timedelta()
    timed = open_store(store.folder, lambda: datetime.now(UTC) + shift)

    def set_clock(progress: Progress) -> None:
        nonlocal shift
        if progress.failure:
            shift = timedelta(days=days)

    started = time.monotonic()
    assert grade(bare_plan, timed, fails(1, GraderError("a hiccup")), set_clock).graded == 4
    assert time.monotonic() - started < (4.0 if days > 0 else SOON_SECONDS)
    check_each_is_graded_once(store)


def closing_fails_too() -> None:
    """What happens where the engine is away: what it held can't be closed either."""
    try:
        raise EngineDown("gone")
    except EngineDown:
        raise SandboxFault("the container was removed from outside")  # noqa: B904


def test_what_fails_because_the_engine_is_away_is_not_the_submissions_failure(
    bare_plan: GradingPlan, store: Store
) -> None:
    waited: list[str] = []

    def first(student: str, times: int) -> None:
        if times <= 2:
            closing_fails_too()

    def listen(progress: Progress) -> None:
        if progress.step.startswith("waiting"):
            waited.append(f"{progress.student} {progress.step}")

    assert grade(bare_plan, store, StandIn(first), listen).graded == 4
    assert sorted(waited) == sorted(2 * [f"{student} waiting: gone" for student in SCORES])
    assert failed_attempts(store) == []
    check_each_is_graded_once(store)


def test_what_stays_away_is_said_once_and_all_stay_queued(
    bare_plan: GradingPlan,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(patience, "PAUSES", (0.05, 0.05))

    def first(_student: str, _times: int) -> None:
        raise EngineDown("the engine is gone; start one")

    engine = StandIn(first)
    summary = grade(bare_plan, store, engine)
    assert (summary.graded, summary.failures, summary.gave_up) == (0, (), True)
    assert summary.reason == (
        "the engine is gone; start one. It was waited for in vain: what is not graded stays "
        "queued. Mend the cause, then grade again."
    )
    assert [record.getMessage() for record in caplog.records] == [
        "the engine is gone; start one. Trying again for 0 seconds"
    ]
    assert set(engine.times.values()) <= {1, 2, 3}
    assert {(row.state, row.attempts) for row in store.submissions(NAME)} == {(State.QUEUED, 0)}
    (batch,) = store.batches(NAME)
    assert (batch.counts, batch.finished_at is None) == ({"graded": 0, "failed": 0}, False)
