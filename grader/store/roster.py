"""Who is in the course. Nobody is ever deleted: who left is kept, with their work."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING

from grader.store.records import RosterChange, StudentRow

if TYPE_CHECKING:
    from grader.store.tables import Tables


class Roster:
    """The students of a course."""

    def __init__(self, tables: "Tables") -> None:
        self._tables = tables

    def update(
        self, roster: Iterable[StudentRow], *, by: str = "the roster's file"
    ) -> RosterChange:
        """Make the roster's students the active ones. Who left stays, as inactive.

        Changes after the first roster are kept in the course's record.

        Raises `ValueError` for a repeated identifier.
        """
        rows = list(roster)
        wanted = {row.identifier: row for row in rows}
        if len(wanted) != len(rows):
            raise ValueError("the roster has the same student identifier twice")
        with self._tables.transaction():
            known = {student.identifier: student for student in self._tables.students()}
            added = [name for name in wanted if name not in known]
            changed = [n for n in wanted if n in known and known[n].as_row() != wanted[n]]
            left = [n for n, student in known.items() if student.active and n not in wanted]
            for name in added + changed:
                values = asdict(wanted[name])
                self._tables.students().update_or_create(values, identifier=name)
            self._tables.students().filter(identifier__in=left).update(active=False)
            told = {"added": added, "changed": changed, "left": left}
            words = [f"{what}: {', '.join(names)}" for what, names in told.items() if names]
            if known and words:
                self._tables.act(by, "roster changed", "students", "; ".join(words))
        return RosterChange(tuple(added), tuple(changed), tuple(left))

    def find(self, identifier: str) -> StudentRow | None:
        """The student of that identifier, also one who left; None for nobody."""
        with self._tables.reading():
            found = self._tables.students().filter(identifier=identifier).first()
            return found.as_row() if found else None

    def students(self, *, active: bool = True) -> tuple[StudentRow, ...]:
        """All students of the course by identifier; with `active` False those who left it."""
        with self._tables.reading():
            rows = self._tables.students().filter(active=active).order_by("identifier")
            columns = ("identifier", "name", "email", "section", "canvas_id", "active")
            return tuple(StudentRow(*values) for values in rows.values_list(*columns))
