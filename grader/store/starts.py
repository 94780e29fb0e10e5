"""When students began timed assignments: once each, and for good."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from grader.store.records import StartRow

if TYPE_CHECKING:
    from grader.store.tables import Tables


class Starts:
    """The beginnings of a course's timed assignments."""

    def __init__(self, tables: "Tables") -> None:
        self._tables = tables

    def begin(self, assignment: str, student: str, at: datetime) -> StartRow:
        """Note that a student begins, or when they did. Raises `UnknownStudent`.

        Raises `ValueError` for a time without a zone.
        """
        if at.tzinfo is None:
            raise ValueError("a beginning needs a time with a zone")
        with self._tables.transaction():
            person = self._tables.locked_student(student)
            earlier = self._tables.starts().filter(student=person, assignment=assignment).first()
            if earlier is not None:
                return earlier.as_row()
            row = self._tables.starts().create(
                student=person, assignment=assignment, at=at.astimezone(UTC)
            )
            return row.as_row()

    def all(self) -> tuple[StartRow, ...]:
        """All of them, oldest first."""
        with self._tables.reading():
            return tuple(row.as_row() for row in self._tables.starts().order_by("pk"))
