"""Submissions that people grade: kept, superseded, and never given to the grader."""

from datetime import UTC, datetime, timedelta

import pytest

from grader.store import Accepted, State, Store

NOON = datetime(2026, 9, 21, 12, tzinfo=UTC)


def upload(store: Store, data: str, minutes: int = 0, student: str = "ada") -> Accepted:
    at = NOON + timedelta(minutes=minutes)
    return store.accept(student, "essay", data.encode(), "essay.pdf", at, by_hand=True)


def test_an_upload_waits_for_people(store: Store) -> None:
    row = upload(store, "A").submission
    assert store.submission(row.id).state is State.BY_HAND
    assert store.status("essay")[State.BY_HAND] == 1
    assert store.read_notebook_bytes(row) == b"A"
    assert [event.what for event in store.history(row.id)] == ["received", "by hand"]


def test_no_way_leads_from_an_upload_into_the_queue(store: Store) -> None:
    older, newer = (upload(store, data, i).submission.id for i, data in enumerate("AB"))
    batch = store.start_batch("essay")
    assert store.claim(batch) is None
    assert store.queue_unfinished("essay") == 0
    assert store.regrades.queue([older, newer]) == 0
    assert store.queue_superseded([older, newer]) == 0
    assert store.requeue_stale() == 0
    assert store.queue_submission(older).state is State.SUPERSEDED
    assert store.queue_submission(newer).state is State.BY_HAND
    assert store.claim(batch) is None


@pytest.mark.parametrize(
    ("sent", "new", "counts"),
    [
        pytest.param([("A", 0), ("A", 5)], [True, False], 0, id="the same again"),
        pytest.param([("A", 0), ("B", 5)], [True, True], 1, id="a newer one"),
        pytest.param([("B", 5), ("A", 0)], [True, True], 0, id="an older one found later"),
    ],
)
def test_the_newest_upload_counts_and_the_others_are_superseded(
    store: Store, sent: list[tuple[str, int]], new: list[bool], counts: int
) -> None:
    receipts = [upload(store, data, minutes) for data, minutes in sent]
    assert [not receipt.repeated for receipt in receipts] == new
    (latest,) = store.latest_submissions("essay")
    assert latest.id == receipts[counts].submission.id
    assert latest.state is State.BY_HAND
    others = {row.state for row in store.submissions("essay") if row.id != latest.id}
    assert others <= {State.SUPERSEDED}


def test_points_given_by_hand_belong_to_the_upload_that_was_read(store: Store) -> None:
    first = upload(store, "A").submission.id
    store.marks.give(first, "idea", 3, comment="clear", by="ta")
    second = upload(store, "B", 5).submission.id
    store.marks.give(second, "idea", 4, by="ta")
    scores = [(row.submission_id, row.points) for row in store.marks.of("essay")]
    assert scores == [(first, 3.0), (second, 4.0)]
    assert store.submission(first).state is State.SUPERSEDED
