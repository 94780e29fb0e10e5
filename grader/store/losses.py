"""Engines that went away under a submission: once is nobody's fault, again and again is its own.

Each is a line of the submission's history, counted since it was last graded.
"""

from typing import TYPE_CHECKING

from grader.store.records import Lease, State, SubmissionRow

if TYPE_CHECKING:
    from grader.store.models import Submission
    from grader.store.tables import Tables

ENGINE_LOST = "engine lost"
# So often it may be chance, such as restarts of the engine by its operator.
BY_CHANCE = 2


class Losses:
    """How often an engine went away while a submission ran; no attempt of it is used up."""

    def __init__(self, tables: "Tables") -> None:
        self._tables = tables

    def count(self, row: "Submission") -> int:
        """How often since the submission was last graded. Within a transaction."""
        events = self._tables.events().filter(submission=row)
        graded = events.filter(what="graded").order_by("-pk").first()
        return events.filter(what=ENGINE_LOST, pk__gt=graded.pk if graded else 0).count()

    def note(self, lease: Lease, why: str) -> SubmissionRow:
        """Give a lease back whose engine went away: into the queue, or delayed the third time.

        Delayed, with a note for staff, it is tried once by each later run. Raises `LeaseLost` for
        a stale lease.
        """
        with self._tables.transaction():
            row = self._tables.leased(lease)
            times = self.count(row) + 1
            state = State.QUEUED if times <= BY_CHANCE else State.DELAYED
            row.note = f"the engine went away while this ran: {why}"
            if state is State.DELAYED:
                row.note = (
                    f"the engine went away each of {times} times that this ran: its notebook may "
                    f"be the cause, so look at it, and grade it by hand if it is. {why}"
                )
            self._tables.move(row, state, ENGINE_LOST, f"time {times}, now {state}: {why}")
            return row.as_row()
