"""Who works with whom: the sets of groups that a course has, and how groups come about."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from grader.course import Course, GroupSize
from grader.desk.csv_rows import read_rows
from grader.intake import Refused
from grader.store import GroupRow, Store, UnknownGroup

COLUMNS = ("group", "student")


@dataclass(frozen=True)
class GroupSet:
    """Groups of one set, how large they may be, and the assignments that they do."""

    name: str
    size: GroupSize
    assignments: tuple[str, ...]


def group_sets(course: Course) -> dict[str, GroupSet]:
    """The sets of a course, in its order."""
    found: dict[str, GroupSet] = {}
    for name, assignment in course.assignments.items():
        if assignment.group is None or assignment.group_set is None:
            continue
        known = found.get(assignment.group_set)
        doing = (*known.assignments, name) if known else (name,)
        found[assignment.group_set] = GroupSet(assignment.group_set, assignment.group, doing)
    return found


def read_groups(name: str, data: bytes) -> dict[str, list[str]]:
    """The members of each group of a CSV file. Raises `Refused` with the line."""
    members: dict[str, list[str]] = defaultdict(list)
    for where, row in read_rows(name, data, COLUMNS):
        if not row["group"] or not row["student"]:
            raise Refused("expected a group and a student", place=where)
        members[row["group"]].append(row["student"])
    return dict(members)


def find_group(store: Store, group_set: str, name: str) -> GroupRow:
    """The group of that name. Raises `UnknownGroup`."""
    for group in store.groups.all(group_set):
        if group.name == name:
            return group
    raise UnknownGroup(f"there is no group {name!r} in {group_set}")


def size_note(group: GroupRow, size: GroupSize) -> str:
    """What there is to say of a group that may not hand in yet; nothing of others."""
    return f"too few to hand in: {size.text}" if len(group.members) < size.min else ""


def alone(students: Iterable[str], groups: Iterable[GroupRow]) -> list[str]:
    """Who of these students is in none of the groups."""
    grouped = {student for group in groups for student in group.members}
    return [name for name in students if name not in grouped]
