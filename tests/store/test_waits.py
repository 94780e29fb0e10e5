"""What failed waits before it is tried again, by the store's clock, and never for long."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from grader.outcomes import GraderError
from grader.store import Lease, State, Store, StoreFault, open_store, waits
from grader.store.waits import MOST_SECONDS, pause_after, seconds_left
from tests.store.test_queue import graded, submit

NOON = datetime(2026, 9, 21, 12, tzinfo=UTC)


class Clock:
    """Shows what a test sets."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def pass_on(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def timed(store: Store, clock: Clock) -> Store:
    """The store, going by a clock of the test's."""
    return open_store(store.folder, clock)


def claim(store: Store) -> Lease | None:
    return store.claim(store.start_batch("ps1"))


def fail_once(store: Store) -> None:
    lease = claim(store)
    assert lease is not None
    store.fail(lease, "engine down")


def left(store: Store) -> float | None:
    return store.seconds_until_due(store.start_batch("ps1"))


def test_waits_grow_and_are_capped_and_spread() -> None:
    spans = [{pause_after(n).total_seconds() for _ in range(200)} for n in range(1, 9)]
    for low, high in zip((2, 10, 50), (2, 10, 50), strict=True):
        seconds = spans[(2, 10, 50).index(low)]
        assert 0.74 * low <= min(seconds) < max(seconds) <= min(1.26 * high, MOST_SECONDS)
        assert len(seconds) > 50
    assert {max(seconds) for seconds in spans[3:]} == {MOST_SECONDS}


@pytest.mark.parametrize(
    ("not_before", "seconds"),
    [
        (None, 0.0),
        (NOON - timedelta(seconds=1), 0.0),
        (NOON, 0.0),
        (NOON + timedelta(seconds=7), 7.0),
        (NOON + timedelta(seconds=MOST_SECONDS), MOST_SECONDS),
        (NOON + timedelta(seconds=MOST_SECONDS + 1), 0.0),
        (NOON + timedelta(hours=5), 0.0),
    ],
)
def test_what_is_left_of_a_wait(
    timed: Store, clock: Clock, not_before: datetime | None, seconds: float
) -> None:
    assert seconds_left(not_before, NOON) == seconds
    submit(timed, "ada")
    fail_once(timed)
    timed._tables.submissions().update(not_before=not_before)
    assert left(timed) == seconds
    assert (claim(timed) is None) == (seconds > 0), "the queue says another thing"


def test_what_failed_is_claimed_once_its_wait_is_over(timed: Store, clock: Clock) -> None:
    submit(timed, "ada")
    fail_once(timed)
    first = left(timed)
    assert first is not None
    assert 1.5 <= first <= 2.5
    clock.pass_on(first - 0.001)
    assert claim(timed) is None
    clock.pass_on(0.001)
    fail_once(timed)
    second = left(timed)
    assert second is not None
    assert 7.5 <= second <= 12.5


def test_the_others_are_graded_while_one_waits(timed: Store) -> None:
    submit(timed, "ada")
    submit(timed, "bob", minutes=1)
    fail_once(timed)
    assert left(timed) == 0.0
    lease = claim(timed)
    assert lease is not None
    assert lease.submission.student == "bob"
    timed.finish(lease, graded())
    assert (left(timed) or 0.0) > 1.0
    assert claim(timed) is None


def test_nothing_queued_is_told_from_what_waits(timed: Store) -> None:
    assert left(timed) is None
    (number,) = submit(timed, "ada")
    batch = timed.start_batch("ps1")
    assert timed.seconds_until_due(batch) == 0.0
    assert timed.seconds_until_due(batch, only=[number + 1]) is None
    assert timed.seconds_until_due(timed.start_batch("ps2")) is None
    assert claim(timed) is not None
    assert left(timed) is None


@pytest.mark.parametrize("days", [-400.0, -1.0, -0.001, 1.0])
def test_a_clock_that_is_set_delays_nothing_for_longer_than_a_wait(
    timed: Store, clock: Clock, days: float
) -> None:
    submit(timed, "ada")
    fail_once(timed)
    clock.now += timedelta(days=days)
    seconds = left(timed)
    assert seconds is not None
    assert seconds <= MOST_SECONDS
    clock.pass_on(seconds)
    assert claim(timed) is not None


def requeue(store: Store, number: int) -> None:
    store.queue_submission(number)


def run_again(store: Store, _number: int) -> None:
    store.queue_unfinished("ps1")


@pytest.mark.parametrize("ask", [requeue, run_again])
def test_what_staff_queue_again_does_not_wait(timed: Store, clock: Clock, ask: object) -> None:
    (number,) = submit(timed, "ada")
    for _ in range(3):
        fail_once(timed)
        clock.pass_on(MOST_SECONDS)
    assert timed.submission(number).state == State.DELAYED
    assert callable(ask)
    ask(timed, number)
    assert left(timed) == 0.0
    assert claim(timed) is not None


def test_a_lease_given_back_is_free_at_once(timed: Store, clock: Clock) -> None:
    (number,) = submit(timed, "ada")
    fail_once(timed)
    clock.pass_on(MOST_SECONDS)
    lease = claim(timed)
    assert lease is not None
    timed.release(lease, "the engine was away")
    assert (left(timed), timed.submission(number).attempts) == (0.0, 1)
    assert timed.history(number)[-1].detail == "the engine was away"


@pytest.mark.sqlite
def test_a_database_that_is_locked_for_too_long_is_worth_another_try(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sqlite3

    monkeypatch.setattr("grader.store.opening._BUSY_SECONDS", 0.1)
    folder = tmp_path / "impatient"
    with open_store(folder) as opened:
        holder = sqlite3.connect(folder / "course.sqlite3", isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreFault, match="locked; another process held it for too long"):
            opened.start_batch("ps1")
        holder.execute("ROLLBACK")
        holder.close()
        assert opened.start_batch("ps1").id == 1
    assert issubclass(StoreFault, GraderError)
    assert waits.FIRST_SECONDS == 2.0
