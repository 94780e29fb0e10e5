"""What staff changed, and the course files that grades were computed by."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from grader.store.records import ActionRow, CourseVersionRow

if TYPE_CHECKING:
    from grader.store.tables import Tables


class Record:
    """The course's record: who changed what, when and why."""

    def __init__(self, tables: "Tables") -> None:
        self._tables = tables

    def note(self, *, by: str, what: str, subject: str, detail: str, reason: str = "") -> None:
        """Write down a change that lies outside of the database, such as one of the roster."""
        with self._tables.transaction():
            self._tables.act(by, what, subject, detail, reason)

    def actions(self) -> tuple[ActionRow, ...]:
        """All changes, oldest first."""
        with self._tables.reading():
            return tuple(row.as_row() for row in self._tables.actions().order_by("pk"))

    def put_in_force(self, text: str, digest: str, *, reason: str, by: str) -> CourseVersionRow:
        """Let a course file count from now on."""
        with self._tables.transaction():
            row = self._tables.versions().create(
                digest=digest, text=text, reason=reason, by=by, at=datetime.now(UTC)
            )
            self._tables.act(by, "course file in force", "course.yaml", digest, reason)
            return row.as_row()

    def version_in_force(self) -> CourseVersionRow | None:
        """The course file that counts, or None before the first."""
        with self._tables.reading():
            row = self._tables.versions().order_by("-pk").first()
            return row.as_row() if row else None
