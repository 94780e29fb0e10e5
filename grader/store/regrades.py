"""Gradings that are proposed: what new checks would change, until somebody adopts or drops it."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from grader.store.records import ResultRow, State

if TYPE_CHECKING:
    from grader.store.models import Result
    from grader.store.tables import Tables


class Regrades:
    """Gradings of what is graded already, which count only once they are adopted."""

    def __init__(self, tables: "Tables") -> None:
        self._tables = tables

    def queue(
        self, assignment: str, *, only: Collection[str] | None = None, every: bool = False
    ) -> int:
        """Queue what is graded for a grading that is proposed only; how many.

        The newest of each student or group, or `every` submission, where the best counts.
        """
        with self._tables.transaction():
            rows = self._tables.submissions().filter(assignment=assignment)
            rows = (rows if every else self._tables.latest(assignment)).filter(state=State.GRADED)
            if only is not None:
                rows = rows.filter(student__identifier__in=list(only))
            chosen = self._tables.submissions().filter(pk__in=[row.pk for row in rows])
            chosen.update(regrade=True)
            return self._tables.requeue(chosen, "regrade proposed", forget=True)

    def results(self, assignment: str) -> tuple[ResultRow, ...]:
        """The newest proposal of each submission that has one."""
        with self._tables.reading():
            return tuple(row.as_row() for row in self._newest(assignment).values())

    def adopt(self, assignment: str, *, by: str, reason: str) -> int:
        """Let the proposals count; how many submissions. Older results stay on record."""
        with self._tables.transaction():
            newest = self._newest(assignment)
            chosen = [row.pk for row in newest.values()]
            self._tables.results().filter(pk__in=chosen).update(proposed=False)
            return self._settle(assignment, newest, by, "regrade adopted", reason)

    def drop(self, assignment: str, *, by: str, reason: str) -> int:
        """Forget the proposals; how many submissions had one."""
        with self._tables.transaction():
            newest = self._newest(assignment)
            return self._settle(assignment, newest, by, "regrade dropped", reason)

    def _newest(self, assignment: str) -> dict[int, "Result"]:
        rows = self._tables.results().filter(submission__assignment=assignment, proposed=True)
        return {row.submission.pk: row for row in rows.order_by("submission", "pk")}

    def _settle(
        self, assignment: str, newest: dict[int, "Result"], by: str, what: str, reason: str
    ) -> int:
        for row in newest.values():
            self._tables.note(row.submission, what, f"{row.earned:g} of {row.points:g}, by {by}")
        self._tables.results().filter(submission__assignment=assignment, proposed=True).delete()
        self._tables.act(by, what, assignment, f"{len(newest)} submissions", reason)
        return len(newest)
