"""What goes on just now: steps of running submissions, the processes that grade, pauses.

Nothing of it counts for anything: losing it loses no result.
"""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from grader.store.records import PauseRow, State, WorkerRow

if TYPE_CHECKING:
    from grader.store.tables import Tables

# Who has not been heard of for so long is no longer shown.
FORGOTTEN_AFTER = timedelta(hours=1)


class Live:
    """What a page shows of grading while it runs."""

    def __init__(self, tables: "Tables") -> None:
        self._tables = tables

    def note_step(self, submission_id: int, text: str) -> None:
        """Say what a running submission is doing."""
        with self._tables.transaction():
            self._tables.steps().update_or_create(
                submission_id=submission_id,
                defaults={"text": text[:255], "at": datetime.now(UTC)},
            )

    def steps(self, submissions: Collection[int]) -> dict[int, str]:
        """What those of these submissions are doing that are running, as far as it was said."""
        with self._tables.reading():
            rows = self._tables.steps().filter(
                pk__in=list(submissions), submission__state=State.RUNNING
            )
            return dict(rows.values_list("pk", "text"))

    def beat(self, name: str, *, jobs: int, doing: str) -> None:
        """Say that a process which grades is alive, and what it does."""
        now = datetime.now(UTC)
        with self._tables.transaction():
            workers = self._tables.workers()
            workers.filter(seen_at__lt=now - FORGOTTEN_AFTER).delete()
            workers.update_or_create(
                name=name, defaults={"jobs": jobs, "doing": doing[:255], "seen_at": now}
            )

    def leave(self, name: str) -> None:
        """Say that a process which graded has ended."""
        with self._tables.transaction():
            self._tables.workers().filter(name=name).delete()

    def workers(self) -> tuple[WorkerRow, ...]:
        """Who grades, by name, and who was heard of within the last hour."""
        with self._tables.reading():
            return tuple(row.as_row() for row in self._tables.workers().order_by("name"))

    def pause(self, assignment: str, *, by: str, reason: str) -> PauseRow:
        """Let nothing of the assignment begin to be graded. The course's record tells of it.

        Where it is paused already, that stays. Raises `ValueError` without a reason.
        """
        if not reason.strip():
            raise ValueError("a pause needs a reason")
        with self._tables.transaction():
            row, is_new = self._tables.pauses().get_or_create(
                assignment=assignment,
                defaults={"by": by, "at": datetime.now(UTC), "reason": reason},
            )
            if is_new:
                self._tables.act(by, "grading paused", assignment, "", reason)
            return row.as_row()

    def resume(self, assignment: str, *, by: str) -> bool:
        """Let the assignment be graded again; whether it was paused."""
        with self._tables.transaction():
            found, _ = self._tables.pauses().filter(assignment=assignment).delete()
            if found:
                self._tables.act(by, "grading resumed", assignment, "")
            return bool(found)

    def pauses(self) -> dict[str, PauseRow]:
        """The assignments that are not graded for now."""
        with self._tables.reading():
            return {row.assignment: row.as_row() for row in self._tables.pauses()}
