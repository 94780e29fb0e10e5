"""More time for students and groups. Granted and withdrawn with a reason, never changed."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from grader.store.records import ExtensionRow, UnknownExtension, UnknownGroup

if TYPE_CHECKING:
    from grader.store.tables import Tables


class Extensions:
    """The extensions of a course."""

    def __init__(self, tables: "Tables") -> None:
        self._tables = tables

    def grant(
        self,
        assignment: str,
        *,
        student: str | None = None,
        group: int | None = None,
        until: datetime | None = None,
        until_text: str = "",
        days: int = 0,
        time_factor: float = 1.0,
        reason: str,
        by: str,
    ) -> ExtensionRow:
        """Give a student or a group more time: until a time, by days, or both.

        `time_factor` lengthens the time of a timed assignment. Raises `UnknownStudent`,
        `UnknownGroup`, and `ValueError` for one without a reason, for nobody or for both, or of
        no time.
        """
        if (student is None) == (group is None):
            raise ValueError("an extension is for a student or for a group")
        if not reason.strip():
            raise ValueError("an extension needs a reason; it is kept in the course's record")
        if not 1 <= time_factor <= 10:
            raise ValueError(f"a time factor is from 1 to 10, not {time_factor:g}")
        is_none = days == 0 and until is None and time_factor == 1
        if days < 0 or is_none or (until and until.tzinfo is None):
            raise ValueError("an extension needs a time with its zone, or a number of days above 0")
        with self._tables.transaction():
            if group is not None and not self._tables.groups().filter(pk=group).exists():
                raise UnknownGroup(f"there is no group {group}")
            row = self._tables.extensions().create(
                student=self._tables.locked_student(student) if student else None,
                group_id=group,
                assignment=assignment,
                until=until.astimezone(UTC) if until else None,
                until_text=until_text,
                days=days,
                time_factor=time_factor,
                reason=reason,
                by=by,
                at=datetime.now(UTC),
            )
            until_words = [f"until {until_text or until}"] if until else []
            words = until_words + ([f"{days} days"] if days else [])
            words += [f"{time_factor:g} times the time"] if time_factor > 1 else []
            subject = f"{assignment} {student or f'group {group}'}"
            self._tables.act(by, "extension granted", subject, ", ".join(words), reason)
            return row.as_row()

    def grant_all(self, grants: Iterable[Mapping[str, Any]]) -> list[ExtensionRow]:
        """Several, each as `grant` takes it: all of them or none."""
        with self._tables.transaction():
            return [self.grant(**one) for one in grants]

    def withdraw(self, extension_id: int, *, reason: str, by: str) -> ExtensionRow:
        """Take one back; it stays on record. Raises `UnknownExtension`."""
        with self._tables.transaction():
            rows = self._tables.extensions().select_for_update(of=("self",))
            row = rows.filter(pk=extension_id, withdrawn_at=None).first()
            if row is None:
                raise UnknownExtension(f"there is no extension {extension_id} to withdraw")
            row.withdrawn_at = datetime.now(UTC)
            row.save(using=self._tables.alias)
            who = (
                row.student.identifier
                if row.student
                else f"group {row.group.pk if row.group else 0}"
            )
            subject = f"{row.assignment} {who}"
            self._tables.act(by, "extension withdrawn", subject, f"number {row.pk}", reason)
            return row.as_row()

    def all(self, *, withdrawn: bool = False) -> tuple[ExtensionRow, ...]:
        """Those that hold, oldest first; with `withdrawn`, all that ever were granted."""
        with self._tables.reading():
            rows = self._tables.extensions().order_by("pk")
            rows = rows if withdrawn else rows.filter(withdrawn_at=None)
            return tuple(row.as_row() for row in rows)
