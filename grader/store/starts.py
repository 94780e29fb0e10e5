"""When students began timed assignments: once each, unless staff take it back."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from grader.store.records import StartRow

if TYPE_CHECKING:
    from grader.store.tables import Tables


class Starts:
    """The beginnings of a course's timed assignments. The course's record tells of each."""

    def __init__(self, tables: "Tables") -> None:
        self._tables = tables

    def begin(self, assignment: str, student: str, at: datetime, *, by: str) -> StartRow:
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
            self._act(by, "timed work begun", row.as_row())
            return row.as_row()

    def take_back(self, assignment: str, student: str, *, reason: str, by: str) -> StartRow | None:
        """Let it be as if the student had not begun; what is taken back, None where nothing is.

        Raises `UnknownStudent`, and `ValueError` without a reason.
        """
        if not reason.strip():
            raise ValueError("it needs a reason, which is kept in the course's record")
        with self._tables.transaction():
            person = self._tables.locked_student(student)
            row = self._tables.starts().filter(student=person, assignment=assignment).first()
            if row is None:
                return None
            found = row.as_row()
            row.delete(using=self._tables.alias)
            self._act(by, "timed work not begun", found, reason)
            return found

    def all(self) -> tuple[StartRow, ...]:
        """All of them, oldest first."""
        with self._tables.reading():
            return tuple(row.as_row() for row in self._tables.starts().order_by("pk"))

    def _act(self, by: str, what: str, row: StartRow, reason: str = "") -> None:
        subject = f"{row.assignment} {row.student}"
        self._tables.act(by, what, subject, f"at {row.at.astimezone(UTC).isoformat()}", reason)
