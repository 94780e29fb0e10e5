"""Submissions that staff took back: one sent in by mistake, or taken in for the wrong student."""

from typing import TYPE_CHECKING

from grader.store.records import State, SubmissionRow

if TYPE_CHECKING:
    from grader.store.models import Submission
    from grader.store.tables import Tables


class CannotWithdraw(ValueError):
    """A submission can't be taken back, or given back; the message says why."""


class Withdrawals:
    """What was withdrawn never counts and uses up no attempt; it is kept, with all found of it."""

    def __init__(self, tables: "Tables") -> None:
        self._tables = tables

    def withdraw(self, submission_id: int, *, reason: str, by: str) -> SubmissionRow:
        """Take one back. The newest of the others, if it was superseded, waits again.

        Raises `UnknownSubmission`, and `CannotWithdraw` for one that is being graded, is
        withdrawn already, or without a reason.
        """
        with self._tables.transaction():
            row = self._locked(submission_id, reason)
            if row.state in (State.RUNNING, State.WITHDRAWN):
                what = "being graded now" if row.state == State.RUNNING else "withdrawn already"
                raise CannotWithdraw(f"submission {submission_id} is {what}")
            row.regrade = False
            self._tables.move(row, State.WITHDRAWN, "withdrawn", f"by {by}: {reason}")
            self._act(row, "submission withdrawn", reason, by)
            older = self._tables.latest(row.assignment).filter(owner=row.owner).first()
            if older is not None and older.state == State.SUPERSEDED:
                self._wait_again(older)
            return row.as_row()

    def reinstate(self, submission_id: int, *, reason: str, by: str) -> SubmissionRow:
        """Give one back, as it was. Raises as `withdraw`."""
        with self._tables.transaction():
            row = self._locked(submission_id, reason)
            if row.state != State.WITHDRAWN:
                raise CannotWithdraw(
                    f"submission {submission_id} is not withdrawn, but {row.state}"
                )
            state = State.GRADED if self._tables.has_result(row) else self._waiting_state(row)
            self._tables.move(row, state, "reinstated", f"by {by}: {reason}")
            self._act(row, "submission reinstated", reason, by)
            return row.as_row()

    def _locked(self, submission_id: int, reason: str) -> "Submission":
        if not reason.strip():
            raise CannotWithdraw("it needs a reason, which is kept in the course's record")
        self._tables.submission(submission_id)
        rows = self._tables.submissions().select_for_update(of=("self",))
        return rows.get(pk=submission_id)

    def _wait_again(self, row: "Submission") -> None:
        state = self._waiting_state(row)
        # The words are those that first brought it there.
        what = "by hand" if state is State.BY_HAND else "queued"
        self._tables.move(row, state, what, "the newer one was withdrawn")

    def _waiting_state(self, row: "Submission") -> State:
        by_hand = self._tables.events().filter(submission=row, what=State.BY_HAND)
        return State.BY_HAND if by_hand.exists() else State.QUEUED

    def _act(self, row: "Submission", what: str, reason: str, by: str) -> None:
        subject = f"{row.assignment} {row.student.identifier}"
        self._tables.act(by, what, subject, f"submission {row.pk}", reason)
