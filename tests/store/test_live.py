"""What goes on just now: steps, workers, pauses, and who has which paper before them."""

from datetime import UTC, datetime, timedelta

import pytest

from grader.store import Store
from grader.store.holds import HELD_FOR

NOON = datetime(2027, 1, 20, 17, tzinfo=UTC)


def hand_in(store: Store, student: str = "ada") -> int:
    return store.accept(student, "hw1", student.encode(), "a.ipynb", NOON).submission.id


def test_a_step_is_shown_while_its_submission_runs(either: Store) -> None:
    number = hand_in(either)
    batch = either.start_batch("hw1")
    lease = either.claim(batch)
    assert lease is not None
    either.live.note_step(number, "cell 1")
    either.live.note_step(number, "cell 2")
    assert either.live.steps([number, 99]) == {number: "cell 2"}
    either.release(lease)
    assert either.live.steps([number]) == {}


def test_a_worker_is_known_until_it_leaves(either: Store) -> None:
    either.live.beat("here", jobs=2, doing="hw1")
    either.live.beat("here", jobs=2, doing="hw2")
    assert [(row.name, row.jobs, row.doing) for row in either.live.workers()] == [
        ("here", 2, "hw2")
    ]
    either.live.leave("here")
    assert either.live.workers() == ()


def test_nothing_is_claimed_in_a_pause(either: Store) -> None:
    hand_in(either)
    batch = either.start_batch("hw1")
    either.live.pause("hw1", by="tam", reason="a check is wrong")
    either.live.pause("hw1", by="ivy", reason="another")
    assert either.live.pauses()["hw1"].by == "tam"
    assert either.claim(batch) is None
    assert either.seconds_until_due(batch) is None
    assert either.live.resume("hw1", by="tam")
    assert not either.live.resume("hw1", by="tam")
    assert either.claim(batch) is not None
    told = [(row.what, row.by, row.reason) for row in either.record.actions()]
    assert told[-2:] == [
        ("grading paused", "tam", "a check is wrong"),
        ("grading resumed", "tam", ""),
    ]


def test_a_pause_needs_a_reason(store: Store) -> None:
    with pytest.raises(ValueError, match="needs a reason"):
        store.live.pause("hw1", by="tam", reason=" ")
    assert store.live.pauses() == {}


def test_two_people_never_hold_the_same_paper(either: Store) -> None:
    papers = [(hand_in(either, name), "q1") for name in ("ada", "bob")]
    assert either.holds.take_first(papers, "tam") == papers[0]
    assert either.holds.take_first(papers, "ivy") == papers[1]
    assert either.holds.take_first(papers, "eva") is None
    assert either.holds.take(*papers[0], "ivy").by == "tam"
    either.holds.let_go(*papers[0], "ivy")
    assert either.holds.take_first(papers, "eva") is None
    either.holds.let_go(*papers[0], "tam")
    assert either.holds.take_first(papers, "eva") == papers[0]


def test_a_hold_ends_by_itself(store: Store) -> None:
    paper = (hand_in(store), "q1")
    store.holds.take(*paper, "tam")
    gone = datetime.now(UTC) - timedelta(seconds=1)
    store._tables.holds().update(until=gone)
    assert store.holds.all() == ()
    held = store.holds.take(*paper, "ivy")
    assert held.by == "ivy"
    assert held.until - datetime.now(UTC) > HELD_FOR - timedelta(seconds=10)
