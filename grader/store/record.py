"""What staff changed, and the course files that grades were computed by."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from grader.store.records import ActionRow, CourseVersionRow

if TYPE_CHECKING:
    from grader.store.models import CourseVersion
    from grader.store.tables import Tables


class AnotherInForce(Exception):
    """Somebody else put a course file in force meanwhile; nothing was changed."""


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

    def find(
        self,
        *,
        by: str = "",
        what: str = "",
        about: str = "",
        skip: int = 0,
        most: int | None = None,
    ) -> tuple[tuple[ActionRow, ...], int]:
        """Changes by somebody, of a kind, about what holds these letters; newest first.

        An empty text stands for all. Gives `most` of them after those to `skip`, and how many there
        are in all.
        """
        with self._tables.reading():
            rows = self._tables.actions().order_by("-pk")
            rows = rows.filter(by=by) if by else rows
            rows = rows.filter(what=what) if what else rows
            rows = rows.filter(subject__icontains=about) if about else rows
            end = None if most is None else skip + most
            return tuple(row.as_row() for row in rows[skip:end]), rows.count()

    def newest(self, what: str) -> dict[str, ActionRow]:
        """The newest change of a kind, by what it was about."""
        with self._tables.reading():
            rows = self._tables.actions().filter(what=what).order_by("pk")
            return {row.subject: row.as_row() for row in rows}

    def choices(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Who made changes, and the kinds of changes that were made."""
        with self._tables.reading():
            rows = self._tables.actions().order_by()
            people, kinds = (
                rows.values_list(column, flat=True).distinct() for column in ("by", "what")
            )
            return tuple(sorted(people)), tuple(sorted(kinds))

    def put_in_force(self, text: str, digest: str, *, reason: str, by: str) -> CourseVersionRow:
        """Let the first course file count from now on; where one counts already, that one."""
        with self._tables.transaction():
            found = self._newest() or self._newest_alone()
            return (found or self._put(text, digest, reason, by)).as_row()

    def apply(
        self,
        text: str,
        digest: str,
        settings: Iterable[tuple[str, str]] = (),
        *,
        instead_of: int | None,
        reason: str,
        by: str,
    ) -> CourseVersionRow:
        """Let a course file count from now on, and note each setting that it changes; or nothing.

        `settings` are their places, and what they were and are beside the version `instead_of`
        (None: beside none). Raises `AnotherInForce` if that isn't the one in force any more.
        """
        with self._tables.transaction():
            newest = self._newest_alone()
            if (newest.pk if newest else None) != instead_of:
                raise AnotherInForce("another course file was put in force meanwhile")
            row = self._put(text, digest, reason, by)
            for place, detail in settings:
                self._tables.act(by, "setting changed", place, detail, reason)
            return row.as_row()

    def version_in_force(self) -> CourseVersionRow | None:
        """The course file that counts, or None before the first."""
        with self._tables.reading():
            row = self._newest()
            return row.as_row() if row else None

    def _newest(self) -> "CourseVersion | None":
        return self._tables.versions().order_by("-pk").first()

    def _newest_alone(self) -> "CourseVersion | None":
        """That one; whoever puts another in force waits for the end of our transaction.

        SQLite has one writer at a time anyway. On PostgreSQL a first row, which isn't there, can't
        be locked: the table is, and may be read meanwhile.
        """
        from django.db import connections

        connection = connections[self._tables.alias]
        if connection.vendor == "postgresql":
            table = self._tables.versions().model._meta.db_table
            with connection.cursor() as cursor:
                cursor.execute(f'LOCK TABLE "{table}" IN SHARE ROW EXCLUSIVE MODE')
        return self._newest()

    def _put(self, text: str, digest: str, reason: str, by: str) -> "CourseVersion":
        """Within a transaction."""
        self._tables.act(by, "course file in force", "course.yaml", digest, reason)
        return self._tables.versions().create(
            digest=digest, text=text, reason=reason, by=by, at=datetime.now(UTC)
        )
