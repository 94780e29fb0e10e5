"""Whether anything has changed: a stamp of all that a course's grades and reports follow from."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from grader.store.tables import Tables

Stamp = tuple[int, ...]


class Changes:
    """Tells whether what was made of the store earlier is still what it would be now."""

    def __init__(self, tables: "Tables") -> None:
        self._tables = tables

    def stamp(self) -> Stamp:
        """Numbers that are others once anything was received, graded, granted, marked or asked.

        Every change leaves a line in a submission's history or in the course's record, or is a row
        of its own; only the first roster is none of these.
        """
        tables = self._tables
        kept: tuple[QuerySet[Any], ...] = (
            tables.events(), tables.actions(), tables.results(), tables.requests(),
            tables.replies(), tables.students(),
        )  # fmt: skip
        with tables.reading():
            return tuple(self._last(rows) for rows in kept)

    def _last(self, rows: "QuerySet[Any]") -> int:
        newest = rows.order_by("-pk").values_list("pk", flat=True).first()
        return newest or 0
