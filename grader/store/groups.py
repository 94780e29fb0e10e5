"""Who works with whom. A student is in one group of a set at a time; nothing is forgotten."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from grader.store.records import GroupRow, UnknownGroup

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
            now = datetime.now(UTC)
            group = self._tables.groups().create(group_set=group_set, name=name, made_at=now)
            for student in wanted:
                self._add(group, student, largest)
            self._tables.act(by, "group formed", f"{group_set} {name}", ", ".join(wanted))
            return self._row(group)

    def form_all(
        self, group_set: str, groups: Mapping[str, Iterable[str]], *, largest: int, by: str
    ) -> tuple[GroupRow, ...]:
        """Make several groups, all of them or none."""
        with self._tables.transaction():
            return tuple(
                self.form(group_set, name, members, largest=largest, by=by)
                for name, members in groups.items()
            )

    def join(self, group_id: int, student: str, *, largest: int, by: str) -> GroupRow:
        """Add a student. Raises `CannotGroup`, and `UnknownGroup`."""
        with self._tables.transaction():
            group = self._locked(group_id)
            self._add(group, student, largest)
            self._tables.act(by, "group joined", f"{group.group_set} {group.name}", student)
            return self._row(group)

    def leave(self, group_id: int, student: str, *, by: str) -> GroupRow:
        """Let a student leave; what the group handed in stays the group's."""
        with self._tables.transaction():
            group = self._locked(group_id)
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

    def _members_of(self, group_set: str) -> Iterable[tuple[int, str]]:
        here = self._tables.memberships().filter(group_set=group_set, left_at=None)
        return here.order_by("student__identifier").values_list("group", "student__identifier")

    def _add(self, group: "Group", student: str, largest: int) -> None:
        person = self._tables.locked_student(student)
        now = self._tables.memberships().filter(group_set=group.group_set, left_at=None)
        other = now.filter(student=person).first()
        if other is not None:
            raise CannotGroup(f"{student} is in the group {other.group.name!r} already")
        if now.filter(group=group).count() >= largest:
            raise CannotGroup(f"the group {group.name!r} is full: it may have {largest} members")
        self._tables.memberships().create(
            group=group, student=person, group_set=group.group_set, joined_at=datetime.now(UTC)
        )

    def _locked(self, group_id: int) -> "Group":
        group = self._tables.groups().select_for_update().filter(pk=group_id).first()
        if group is None:
            raise UnknownGroup(f"there is no group {group_id}")
        return group

    def _row(self, group: "Group") -> GroupRow:
        members = [name for number, name in self._members_of(group.group_set) if number == group.pk]
        return group.as_row(tuple(members))
