"""Gradings that are proposed: what new checks would change, until somebody adopts or drops it.

Nothing is forgotten: what was dropped stays on record, and counts for nothing.
"""

from collections.abc import Collection
from typing import TYPE_CHECKING

from grader.store.records import ResultRow, State

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from grader.store.models import Result, Submission
    from grader.store.tables import Tables


class Regrades:
    """Gradings of what is graded already, which count only once they are adopted."""

    def __init__(self, tables: "Tables") -> None:
        self._tables = tables

    def queue(self, submissions: Collection[int]) -> int:
        """Queue those of these that are graded for a grading that is proposed only; how many."""
        with self._tables.transaction():
            graded = self._tables.submissions().filter(pk__in=list(submissions), state=State.GRADED)
            chosen = self._tables.submissions().filter(pk__in=[row.pk for row in graded])
            chosen.update(regrade=True)
            return self._tables.requeue(chosen, "regrade proposed", forget=True)

    def waiting(self, assignment: str) -> int:
        """How many are still to be graded for a proposal."""
        with self._tables.reading():
            return self._waiting(assignment).count()

    def results(self, assignment: str) -> tuple[ResultRow, ...]:
        """The newest proposal of each submission that has one."""
        with self._tables.reading():
            return tuple(row.as_row() for row in self._newest(assignment).values())

    def adopt(
        self, assignment: str, *, by: str, reason: str, seen: Collection[int] | None = None
    ) -> int:
        """Let the proposals count; how many submissions. Older results stay on record.

        With `seen`, the numbers of results, only those: what came meanwhile waits to be seen.
        """
        with self._tables.transaction():
            newest = self._newest(assignment)
            if seen is not None:
                newest = {number: row for number, row in newest.items() if row.pk in seen}
            for number, row in newest.items():
                self._tell(row, "regrade adopted", by)
                older = self._proposals(assignment).filter(submission=number, pk__lt=row.pk)
                older.update(dropped=True)
            chosen = [row.pk for row in newest.values()]
            self._tables.results().filter(pk__in=chosen).update(proposed=False)
            return self._act(assignment, len(newest), "regrade adopted", reason, by)

    def drop(self, assignment: str, *, by: str, reason: str) -> int:
        """Let the proposals count for nothing, also those still to come; how many submissions."""
        with self._tables.transaction():
            newest = self._newest(assignment)
            for row in newest.values():
                self._tell(row, "proposal dropped", by)
            self._proposals(assignment).update(dropped=True)
            waiting = list(self._waiting(assignment).select_for_update(of=("self",)))
            for row in waiting:
                row.regrade = False
                # Who grades it now finds the lease gone, and drops what was found.
                self._tables.move(row, State.GRADED, "regrade dropped", f"by {by}")
            dropped = newest.keys() | {row.pk for row in waiting}
            return self._act(assignment, len(dropped), "regrade dropped", reason, by)

    def _proposals(self, assignment: str) -> "QuerySet[Result]":
        rows = self._tables.results().filter(submission__assignment=assignment)
        return rows.filter(proposed=True, dropped=False)

    def _newest(self, assignment: str) -> dict[int, "Result"]:
        rows = self._proposals(assignment).order_by("submission", "pk")
        return {row.submission.pk: row for row in rows}

    def _waiting(self, assignment: str) -> "QuerySet[Submission]":
        return self._tables.submissions().filter(assignment=assignment, regrade=True)

    def _tell(self, row: "Result", what: str, by: str) -> None:
        self._tables.note(row.submission, what, f"{row.earned:g} of {row.points:g}, by {by}")

    def _act(self, assignment: str, number: int, what: str, reason: str, by: str) -> int:
        self._tables.act(by, what, assignment, f"{number} submissions", reason)
        return number
