"""Engines that went away under a submission are counted, and the third time it is set aside."""

import pytest

from grader.store import Lease, LeaseLost, State, Store, waits
from tests.store.test_queue import graded, submit, take

GONE = "no Docker engine answers"


def lose(store: Store) -> Lease:
    lease = take(store)
    store.losses.note(lease, GONE)
    return lease


def test_the_third_time_it_is_delayed_with_a_note_and_no_attempt_is_used_up(either: Store) -> None:
    (number,) = submit(either, "ada")
    assert [lose(either).losses for _ in range(3)] == [0, 1, 2]
    row = either.submission(number)
    assert (row.state, row.attempts) == (State.DELAYED, 0)
    assert row.note == (
        "the engine went away each of 3 times that this ran: its notebook may be the cause, so "
        f"look at it, and grade it by hand if it is. {GONE}"
    )
    assert [event.detail for event in either.history(number) if event.what == "engine lost"] == [
        f"time 1, now queued: {GONE}",
        f"time 2, now queued: {GONE}",
        f"time 3, now delayed: {GONE}",
    ]
    assert either.results(number) == ()


def test_what_was_set_aside_is_tried_once_by_the_next_run(store: Store) -> None:
    (number,) = submit(store, "ada")
    for _ in range(3):
        lose(store)
    for times in (4, 5):
        assert store.queue_unfinished("ps1") == 1
        lose(store)
        row = store.submission(number)
        assert (row.state, f"each of {times} times" in row.note) == (State.DELAYED, True)


def test_a_killed_run_a_failure_and_an_interrupt_forget_no_loss(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waits, "FIRST_SECONDS", 0.0)
    (number,) = submit(store, "ada")
    lose(store)
    take(store)
    store.requeue_stale()
    store.fail(take(store), "a hiccup")
    store.release(take(store))
    assert lose(store).losses == 1
    assert store.submission(number).attempts == 1
    lose(store)
    assert store.submission(number).state == State.DELAYED


def test_a_grading_ends_the_count(store: Store) -> None:
    numbers = submit(store, "ada")
    for _ in range(2):
        lose(store)
    store.finish(take(store), graded())
    assert store.submission(numbers[0]).note == ""
    assert store.regrades.queue(numbers) == 1
    assert lose(store).losses == 0
    assert store.status("ps1")[State.QUEUED] == 1


def test_it_comes_last_after_what_failed_too(
    either: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waits, "FIRST_SECONDS", 0.0)
    for minutes, student in enumerate(("ada", "bob", "eve")):
        submit(either, student, minutes=minutes)
    assert lose(either).submission.student == "ada"
    either.fail(take(either), "a hiccup")
    order = [take(either).submission.student for _ in range(3)]
    assert order == ["eve", "bob", "ada"]


def test_what_lost_its_engine_most_often_comes_last_of_all(either: Store) -> None:
    submit(either, "ada", minutes=0)
    submit(either, "bob", minutes=1)
    order = [lose(either).submission.student for _ in range(5)]
    assert order == ["ada", "bob", "ada", "bob", "ada"]


def test_a_lease_that_is_no_longer_held_counts_no_loss(store: Store) -> None:
    (number,) = submit(store, "ada")
    lease = take(store)
    store.finish(lease, graded())
    with pytest.raises(LeaseLost):
        store.losses.note(lease, GONE)
    assert store.submission(number).state == State.GRADED
