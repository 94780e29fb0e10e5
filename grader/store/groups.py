"""Who works with whom. A student is in one group of a set at a time; nothing is forgotten.

Who has left the course is not told among a group's members, and is again when they come back.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from grader.store.records import GroupRow

if TYPE_CHECKING:
    from grader.store.models import Group
    from grader.store.tables import Tables


class CannotGroup(ValueError):
    """A group can't be made or changed that way; the message says why."""


class Groups:
    """The groups of a course, by set."""

    def __init__(self, tables: "Tables") -> None:
        self._tables = tables

    def form(
        self, group_set: str, name: str, members: Iterable[str], *, largest: int, by: str
    ) -> GroupRow:
        """Make a group of these students, or raise `CannotGroup` and make none."""
        wanted = list(members)
        with self._tables.transaction():
            if self._tables.groups().filter(group_set=group_set, name=name).exists():
                raise CannotGroup(f"there is a group {name!r} in {group_set} already")
            if not name or len(name) > 128 or not name.isprintable():
                raise CannotGroup(f"{name[:40]!r} is no name for a group: one line, at most 128")
            self._lock(wanted)
            now = datetime.now(UTC)
            group = self._tables.groups().create(group_set=group_set, name=name, made_at=now)
            for student in wanted:
                self._add(group, student, largest)
            self._tables.act(by, "group formed", f"{group_set} {name}", ", ".join(wanted))
            return self._row(group)

    def form_all(
        self, group_set: str, groups: Mapping[str, Collection[str]], *, largest: int, by: str
    ) -> tuple[GroupRow, ...]:
        """Make several groups, all of them or none."""
        with self._tables.transaction():
            self._lock(student for members in groups.values() for student in members)
            return tuple(
                self.form(group_set, name, members, largest=largest, by=by)
                for name, members in groups.items()
            )

    def join(self, group_id: int, student: str, *, largest: int, by: str) -> GroupRow:
        """Add a student. Raises `CannotGroup`, and `UnknownGroup`."""
        with self._tables.transaction():
            self._tables.locked_student(student)
            group = self._tables.locked_group(group_id)
            self._add(group, student, largest)
            self._tables.act(by, "group joined", f"{group.group_set} {group.name}", student)
            return self._row(group)

    def leave(self, group_id: int, student: str, *, by: str) -> GroupRow:
        """Let a student leave. What the group handed in while they were in it stays theirs too."""
        with self._tables.transaction():
            self._tables.locked_student(student)
            group = self._tables.locked_group(group_id)
            here = self._tables.memberships().filter(group=group, left_at=None)
            if not here.filter(student__identifier=student).update(left_at=datetime.now(UTC)):
                raise CannotGroup(f"{student} is not in the group {group.name!r}")
            self._tables.act(by, "group left", f"{group.group_set} {group.name}", student)
            return self._row(group)

    def all(self, group_set: str) -> tuple[GroupRow, ...]:
        """The groups of a set, by name. A group that all have left has no members."""
        with self._tables.reading():
            groups = self._tables.groups().filter(group_set=group_set).order_by("name")
            members: dict[int, list[str]] = {group.pk: [] for group in groups}
            for number, student in self._members_of(group_set):
                members[number].append(student)
            return tuple(group.as_row(tuple(members[group.pk])) for group in groups)

    def of(self, group_set: str, student: str) -> GroupRow | None:
        """The group that a student is in now."""
        return next((group for group in self.all(group_set) if student in group.members), None)

    def work(self, assignment: str) -> dict[int, frozenset[str]]:
        """By group whose the work is that it handed in: also theirs who have left it since."""
        with self._tables.reading():
            rows = self._tables.standing_submissions().exclude(group=None)
            rows = rows.filter(assignment=assignment).order_by()
            found: dict[int, frozenset[str]] = {}
            for group, members in rows.values_list("group", "members"):
                found[group] = found.get(group, frozenset()) | frozenset(members)
            return found

    def _members_of(self, group_set: str) -> Iterable[tuple[int, str]]:
        here = self._tables.memberships().filter(group_set=group_set, left_at=None)
        here = here.filter(student__active=True).order_by("student__identifier")
        return here.values_list("group", "student__identifier")

    def _add(self, group: "Group", student: str, largest: int) -> None:
        person = self._tables.locked_student(student)
        now = self._tables.memberships().filter(group_set=group.group_set, left_at=None)
        other = now.filter(student=person).first()
        if other is not None:
            raise CannotGroup(f"{student} is in the group {other.group.name!r} already")
        # Who has left the course takes no place.
        if now.filter(group=group, student__active=True).count() >= largest:
            raise CannotGroup(f"the group {group.name!r} is full: it may have {largest} members")
        self._tables.memberships().create(
            group=group, student=person, group_set=group.group_set, joined_at=datetime.now(UTC)
        )

    def _lock(self, students: Iterable[str]) -> None:
        """Lock the students in one order, so that nobody waits for each other."""
        for student in sorted(students):
            self._tables.locked_student(student)

    def _row(self, group: "Group") -> GroupRow:
        return group.as_row(self._tables.members(group))
