"""What staff take back never counts, is kept, and can be given back."""

from datetime import UTC, datetime, timedelta

import pytest

from grader.store import CannotWithdraw, State, Store, SubmissionRow, UnknownSubmission
from grader.store.fsck import check_store
from tests.term_course import graded

NOON = datetime(2027, 1, 20, 12, tzinfo=UTC)


def sent(store: Store, minute: int = 0, *, by_hand: bool = False) -> SubmissionRow:
    at, data = NOON + timedelta(minutes=minute), b"%d" % minute
    return store.accept("ada", "hw1", data, "a", at, by_hand=by_hand).submission


def grade(store: Store, earned: float = 1.0) -> None:
    batch = store.start_batch("hw1")
    while lease := store.claim(batch):
        store.finish(lease, graded(("q1", earned, 6)))


def withdraw(store: Store, row: SubmissionRow) -> None:
    store.withdrawals.withdraw(row.id, reason="the wrong student", by="prof")


def state(store: Store, row: SubmissionRow) -> State:
    return store.submission(row.id).state


def test_what_is_withdrawn_is_neither_graded_nor_the_newest_and_all_of_it_is_kept(store: Store):
    older, newer = sent(store), sent(store, 1)
    assert state(store, older) is State.SUPERSEDED
    withdraw(store, newer)
    assert [state(store, row) for row in (older, newer)] == [State.QUEUED, State.WITHDRAWN]
    assert store.latest_submissions("hw1") == (store.submission(older.id),)
    grade(store)
    assert [row.submission_id for row in store.current_results("hw1")] == [older.id]
    assert store.queue_submission(newer.id).state is State.WITHDRAWN
    assert store.queue_superseded([newer.id]) == 0
    assert store.read_notebook_bytes(newer) == b"1"
    assert check_store(store).findings == ()


def test_a_withdrawn_upload_lets_the_older_one_be_graded_by_people(store: Store):
    older, newer = sent(store, by_hand=True), sent(store, 1, by_hand=True)
    withdraw(store, newer)
    assert state(store, older) is State.BY_HAND
    store.withdrawals.reinstate(newer.id, reason="it was right", by="prof")
    assert state(store, newer) is State.BY_HAND
    assert check_store(store).findings == ()


@pytest.mark.parametrize("is_graded", [False, True])
def test_what_is_given_back_is_as_it_was(store: Store, is_graded: bool):
    row = sent(store)
    if is_graded:
        grade(store)
    withdraw(store, row)
    assert store.current_results("hw1") == ()
    back = store.withdrawals.reinstate(row.id, reason="it was right", by="prof")
    assert back.state is (State.GRADED if is_graded else State.QUEUED)
    assert len(store.current_results("hw1")) == is_graded
    told = [(one.what, one.by, one.reason) for one in store.record.actions()]
    assert told == [
        ("submission withdrawn", "prof", "the wrong student"),
        ("submission reinstated", "prof", "it was right"),
    ]
    assert check_store(store).findings == ()


def test_the_same_bytes_may_be_handed_in_again_after_a_withdrawal(store: Store):
    row = sent(store)
    withdraw(store, row)
    again = store.accept("ada", "hw1", b"0", "a", NOON + timedelta(hours=1))
    assert not again.repeated
    assert again.submission.id != row.id


def test_a_proposal_of_a_withdrawn_one_is_not_waited_for(store: Store):
    row = sent(store)
    grade(store)
    store.regrades.queue([row.id])
    withdraw(store, row)
    assert store.regrades.waiting("hw1") == 0
    assert check_store(store).findings == ()


def test_what_can_not_be_withdrawn_says_why(store: Store):
    row = sent(store)
    with pytest.raises(CannotWithdraw, match="needs a reason"):
        store.withdrawals.withdraw(row.id, reason=" ", by="prof")
    with pytest.raises(CannotWithdraw, match="is not withdrawn, but queued"):
        store.withdrawals.reinstate(row.id, reason="x", by="prof")
    with pytest.raises(UnknownSubmission):
        store.withdrawals.withdraw(99, reason="x", by="prof")
    assert store.claim(store.start_batch("hw1"))
    with pytest.raises(CannotWithdraw, match="is being graded now"):
        store.withdrawals.withdraw(row.id, reason="x", by="prof")
    assert store.record.actions() == ()
