"""Claims, leases, failures and regrades: each grading is kept exactly once."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from grader.outcomes import CheckResult, Ending, GradedSubmission, GraderError, Outcome
from grader.store import Lease, LeaseLost, State, Store, StudentRow, waits

NOON = datetime(2026, 9, 21, 12, tzinfo=UTC)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What fails is tried again without a wait."""
    monkeypatch.setattr(waits, "FIRST_SECONDS", 0.0)


def graded(earned: float = 3.0, message: str = "") -> GradedSubmission:
    found = CheckResult("c", "q1", "A check", 4.0, earned, Outcome.PARTIAL, message)
    return GradedSubmission(Ending.FINISHED, message, (), (found,), checks_version="v1")


def submit(store: Store, *students: str, minutes: int = 0) -> list[int]:
    when = NOON + timedelta(minutes=minutes)
    rows = [store.accept(s, "ps1", f"{s}{minutes}".encode(), "a.ipynb", when) for s in students]
    return [row.submission.id for row in rows]


def take(store: Store) -> Lease:
    lease = store.claim(store.start_batch("ps1"))
    assert lease is not None
    return lease


def test_a_grading_is_kept_whole_with_its_state(store: Store) -> None:
    (number,) = submit(store, "ada")
    result = store.finish(take(store), graded(), environment="cpu:abc")
    assert store.submission(number).state == State.GRADED
    assert store.current_results("ps1") == (result,)
    assert (result.earned, result.points, result.student) == (3.0, 4.0, "ada")
    assert (result.environment, result.checks_version) == ("cpu:abc", "v1")
    assert result.graded == graded()


def test_the_queue_is_served_in_order_of_receipt_and_then_is_empty(store: Store) -> None:
    submit(store, "bob", minutes=1)
    submit(store, "ada", minutes=2)
    submit(store, "eve", minutes=0)
    batch = store.start_batch("ps1")
    leases = [store.claim(batch) for _ in range(4)]
    assert [lease and lease.submission.student for lease in leases] == ["eve", "bob", "ada", None]


def test_who_hands_in_often_keeps_nobody_waiting(store: Store) -> None:
    now = datetime.now(UTC)
    for name, second in [("ada", 0), ("ada", 1), ("ada", 2), ("bob", 3), ("eve", 4)]:
        at = now + timedelta(seconds=second)
        store.accept(name, "ps1", f"{name} {at}".encode(), "a.ipynb", at, keeps_older=True)
    batch = store.start_batch("ps1")
    order: list[str] = []
    while lease := store.claim(batch):
        order.append(lease.submission.student)
        store.finish(lease, graded())
    assert order == ["ada", "bob", "eve", "ada", "ada"]


def test_only_some_submissions_or_one_assignment_can_be_claimed(store: Store) -> None:
    (_, number) = submit(store, "ada", "bob")
    batch = store.start_batch("ps1")
    lease = store.claim(batch, only={number})
    assert lease is not None
    assert lease.submission.student == "bob"
    assert store.claim(batch, only={number}) is None
    assert store.claim(batch, only=()) is None
    assert store.claim(store.start_batch("ps2")) is None


@pytest.mark.usefixtures("at_once")
def test_a_failure_of_ours_is_tried_three_times_and_then_delayed_without_a_score(
    store: Store,
) -> None:
    (number,) = submit(store, "ada")
    states = [store.fail(take(store), f"engine down {n}").state for n in range(3)]
    assert states == [State.QUEUED, State.QUEUED, State.DELAYED]
    row = store.submission(number)
    assert (row.attempts, row.note) == (3, "engine down 2")
    assert store.results(number) == ()
    assert store.claim(store.start_batch("ps1")) is None
    assert store.queue_unfinished("ps1") == 1
    assert store.submission(number).attempts == 0


@pytest.mark.usefixtures("at_once")
def test_what_failed_comes_after_the_rest(store: Store) -> None:
    submit(store, "ada", minutes=0)
    submit(store, "bob", minutes=1)
    store.fail(take(store), "once")
    assert take(store).submission.student == "bob"


@pytest.mark.usefixtures("at_once")
def test_a_failed_regrade_keeps_the_older_score(store: Store) -> None:
    numbers = submit(store, "ada")
    first = store.finish(take(store), graded(3.0))
    assert store.regrades.queue(numbers) == 1
    for _ in range(3):
        store.fail(take(store), "engine down")
    assert store.status("ps1")[State.DELAYED] == 1
    assert store.current_results("ps1") == (first,)


def test_a_regrade_counts_once_it_is_adopted(store: Store) -> None:
    (number, _) = submit(store, "ada", "bob")
    first = store.finish(take(store), graded(1.0))
    assert store.regrades.queue([number]) == 1
    second = store.finish(take_only(store, number), graded(2.0))
    assert second.proposed
    assert store.current_results("ps1") == (first,)
    assert store.regrades.results("ps1") == (second,)
    assert store.regrades.adopt("ps1", by="prof", reason="a check was wrong") == 1
    adopted = replace(second, proposed=False)
    assert store.results(number) == (first, adopted)
    assert store.current_results("ps1") == (adopted,)
    assert store.regrades.results("ps1") == ()
    (action,) = store.record.actions()
    assert (action.by, action.what, action.reason) == (
        "prof",
        "regrade adopted",
        "a check was wrong",
    )


def test_a_dropped_regrade_stays_on_record_and_counts_for_nothing(store: Store) -> None:
    (number,) = submit(store, "ada")
    first = store.finish(take(store), graded(1.0))
    store.regrades.queue([number])
    second = store.finish(take(store), graded(2.0))
    assert store.regrades.drop("ps1", by="prof", reason="no") == 1
    assert store.results(number) == (first, replace(second, dropped=True))
    assert store.current_results("ps1") == (first,)
    assert store.regrades.results("ps1") == ()
    assert store.regrades.adopt("ps1", by="prof", reason="too late") == 0


def test_dropping_a_regrade_also_drops_what_is_still_to_come(store: Store) -> None:
    numbers = submit(store, "ada", "bob", "eve")
    for _ in numbers:
        store.finish(take(store), graded(1.0))
    assert store.regrades.queue(numbers) == 3
    store.finish(take(store), graded(2.0))
    running = take(store)
    assert store.regrades.waiting("ps1") == 2
    assert store.regrades.drop("ps1", by="prof", reason="no") == 3
    with pytest.raises(LeaseLost):
        store.finish(running, graded(2.0))
    assert store.claim(store.start_batch("ps1")) is None
    assert store.regrades.waiting("ps1") == 0
    assert store.status("ps1")[State.GRADED] == 3
    assert {row.earned for row in store.current_results("ps1")} == {1.0}


def test_only_proposals_that_were_seen_are_adopted(store: Store) -> None:
    numbers = submit(store, "ada", "bob")
    for _ in numbers:
        store.finish(take(store), graded(1.0))
    store.regrades.queue(numbers)
    seen = store.finish(take(store), graded(2.0))
    store.finish(take(store), graded(3.0))
    assert store.regrades.adopt("ps1", by="prof", reason="x", seen={seen.id}) == 1
    assert sorted(row.earned for row in store.current_results("ps1")) == [1.0, 2.0]
    assert [row.earned for row in store.regrades.results("ps1")] == [3.0]


@pytest.mark.usefixtures("at_once")
def test_a_submission_without_a_grade_is_graded_at_once_in_a_regrade(store: Store) -> None:
    numbers = submit(store, "ada")
    for _ in range(3):
        store.fail(take(store), "engine down")
    assert store.regrades.queue(numbers) == 0
    assert store.queue_unfinished("ps1") == 1
    assert not store.finish(take(store), graded(1.0)).proposed


def take_only(store: Store, number: int) -> Lease:
    lease = store.claim(store.start_batch("ps1"), only=[number])
    assert lease is not None
    return lease


def test_a_score_stands_until_the_newer_submission_is_graded(store: Store) -> None:
    submit(store, "ada")
    first = store.finish(take(store), graded(1.0))
    (newer,) = submit(store, "ada", minutes=5)
    assert store.current_results("ps1") == (first,)
    second = store.finish(take(store), graded(0.0))
    assert second.submission_id == newer
    assert store.current_results("ps1") == (second,)


def test_an_older_submission_regraded_later_does_not_become_current(store: Store) -> None:
    (older,) = submit(store, "ada")
    store.finish(take(store), graded(4.0))
    submit(store, "ada", minutes=5)
    newest = store.finish(take(store), graded(1.0))
    assert store.queue_submission(older, "a student asked").state == State.QUEUED
    store.finish(take(store), graded(4.0))
    assert store.current_results("ps1") == (newest,)


def lose_to_another_run(store: Store, lease: Lease) -> None:
    store.requeue_stale()
    assert take(store).token != lease.token


def lose_to_the_queue(store: Store, _lease: Lease) -> None:
    store.requeue_stale()


def lose_to_oneself(store: Store, lease: Lease) -> None:
    store.finish(lease, graded(1.0))


@pytest.mark.parametrize("lose", [lose_to_another_run, lose_to_the_queue, lose_to_oneself])
@pytest.mark.parametrize("act", ["finish", "fail", "release"])
def test_a_lost_lease_changes_nothing(store: Store, lose: object, act: str) -> None:
    (number,) = submit(store, "ada")
    lease = take(store)
    assert callable(lose)
    lose(store, lease)
    before = (store.submission(number), store.results(number), store.batches("ps1"))
    with pytest.raises(LeaseLost, match="given to another run"):
        {
            "finish": lambda: store.finish(lease, graded(4.0)),
            "fail": lambda: store.fail(lease, "too late"),
            "release": lambda: store.release(lease),
        }[act]()
    assert (store.submission(number), store.results(number), store.batches("ps1")) == before


def test_a_stale_run_is_queued_again_without_counting_as_an_attempt(store: Store) -> None:
    (number,) = submit(store, "ada")
    take(store)
    assert store.requeue_stale() == 1
    assert (store.submission(number).state, store.submission(number).attempts) == (State.QUEUED, 0)
    assert store.requeue_stale() == 0


def test_a_running_submission_is_still_graded_when_a_newer_one_comes(store: Store) -> None:
    (number,) = submit(store, "ada")
    lease = take(store)
    submit(store, "ada", minutes=5)
    store.finish(lease, graded())
    assert store.submission(number).state == State.GRADED


def test_threads_of_a_pool_grade_each_submission_once(store: Store) -> None:
    names = [f"s{number:02}" for number in range(24)]
    store.roster.update(map(StudentRow, names))
    submit(store, *names)
    batch = store.start_batch("ps1")

    def work(_worker: int) -> int:
        done = 0
        while (lease := store.claim(batch)) is not None:
            store.finish(lease, graded())
            done += 1
        return done

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(work, range(6))) == 24
    assert store.status("ps1")[State.GRADED] == 24
    assert [len(store.results(row.id)) for row in store.submissions("ps1")] == [1] * 24
    assert store.end_batch(batch.id).counts == {"graded": 24, "failed": 0}


def test_a_finding_that_cannot_be_written_is_our_failure(store: Store) -> None:
    (number,) = submit(store, "ada")
    lease = take(store)
    with pytest.raises(GraderError, match="cannot be written down"):
        store.finish(lease, graded(message="\ud800"))
    assert store.fail(lease, "odd \ud800\0 text").state == State.QUEUED
    assert store.submission(number).note.isprintable()


@pytest.mark.usefixtures("at_once")
def test_history_tells_what_happened_in_order(store: Store) -> None:
    (number,) = submit(store, "ada")
    store.fail(take(store), "engine down")
    store.finish(take(store), graded())
    told = [event.what for event in store.history(number)]
    assert told == ["received", "claimed", "failed", "claimed", "graded"]
    assert "engine down" in store.history(number)[2].detail


def test_manual_scores_keep_the_earlier_ones(store: Store) -> None:
    (number,) = submit(store, "ada")
    first = store.marks.give(number, "q9", 2.0, comment="short", by="ta")
    second = store.marks.give(number, "q9", 3.0, by="prof")
    assert store.marks.of("ps1") == (first, second)
    assert store.marks.of("ps2") == ()


def test_a_failed_write_leaves_neither_result_nor_state(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import OperationalError

    (number,) = submit(store, "ada")
    lease = take(store)

    def locked(*_args: object) -> None:
        raise OperationalError("database is locked")

    with monkeypatch.context() as patch:
        patch.setattr(store._tables, "move", locked)
        with pytest.raises(GraderError, match="database is locked"):
            store.finish(lease, graded())
    assert store.submission(number).state == State.RUNNING
    assert store.results(number) == ()
    assert store.batches("ps1")[0].counts["graded"] == 0
    store.finish(lease, graded())
