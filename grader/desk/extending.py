"""Gives students and groups more time, with a reason that is kept: all that is asked, or none."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from grader.course import Assignment, Course
from grader.course.complaints import did_you_mean
from grader.course.dates import in_zone, parse_local_time
from grader.desk.csv_rows import read_rows
from grader.desk.new_dates import calendar_now, runs_already
from grader.gradebook.dates import Calendar
from grader.intake import Refused
from grader.store import ExtensionRow, Store, UnknownStudent

COLUMNS = ("assignment", "student", "until", "days", "reason")
MOST_DAYS = 366


@dataclass(frozen=True)
class Asked:
    """An extension as it was asked for, for a student, or for the group of that name.

    `where` is the place in a file.
    """

    assignment: str
    student: str
    until: str
    days: int
    reason: str
    where: str = ""
    time_factor: float = 1.0


def read_asked(name: str, data: bytes) -> Iterator[Asked]:
    """The extensions of a CSV file. Raises `Refused` with the line for what is none."""
    for where, cells in read_rows(name, data, COLUMNS):
        if cells["days"] and not (cells["days"].isascii() and cells["days"].isdecimal()):
            raise Refused(f"days is {cells['days']!r}, expected a number", place=where)
        days = int(cells["days"][:9] or 0)
        yield Asked(**{**cells, "days": days}, where=where)


def grant_all(
    course: Course,
    store: Store,
    asked: Sequence[Asked],
    groups: Sequence[Asked] = (),
    *,
    by: str,
    calendar: Calendar | None = None,
) -> list[ExtensionRow]:
    """Grant them to students and groups: all, or after a mistake in one of them none.

    `calendar` are everybody's dates before that, where they are known. Raises `Refused` for what
    can't be granted, with its place in a file, and `UnknownStudent`.
    """
    before = calendar or calendar_now(course, store)
    students = {row.identifier for row in store.roster.students()}
    for ask in asked:
        check(course, ask)
        check_student(students, ask)
        check_running(course, before, ask)
    numbers = [group_number(course, store, ask) for ask in groups]
    for ask in groups:
        check(course, ask)
    grants = [as_grant(course, ask, by, student=ask.student) for ask in asked]
    grants += [
        as_grant(course, ask, by, group=number) for ask, number in zip(groups, numbers, strict=True)
    ]
    return store.extensions.grant_all(grants)


def check(course: Course, ask: Asked) -> None:
    """Raises `Refused` for what can't be granted to anybody."""
    assignment = assignment_of(course, ask)
    if not ask.reason.strip():
        raise Refused("say why; it is kept in the course's record", place=ask.where)
    if ask.time_factor > 1 and assignment.time_allowed is None:
        raise Refused(
            f"{ask.assignment} is not timed: a time factor changes nothing", place=ask.where
        )
    if not ask.until and not ask.days and ask.time_factor == 1:
        raise Refused("say until a time, or how many days", place=ask.where)
    if ask.days > MOST_DAYS:
        raise Refused(f"{ask.days} days are more than {MOST_DAYS}", place=ask.where)
    if ask.until and moment_of(course, ask) <= assignment.due_utc:
        due = f"{assignment.due:%Y-%m-%d %H:%M}"
        raise Refused(f"{ask.until} is not after the due time, {due}", place=ask.where)


def check_student(students: Collection[str], ask: Asked) -> None:
    """Raises `UnknownStudent`, or with its place in a file `Refused`, for nobody on the roster."""
    try:
        check_students(students, [ask.student])
    except UnknownStudent as error:
        if not ask.where:
            raise
        raise Refused(str(error), place=ask.where) from error


def check_students(students: Collection[str], asked: Iterable[str]) -> None:
    """Raises `UnknownStudent`, with a near name, for the first who isn't one of the students."""
    for one in asked:
        if one not in students:
            hint = did_you_mean(one, students)
            raise UnknownStudent(
                f"no student {one!r} is in the roster"
                + (f"; {hint}" if hint else ". Correct the name, or add a line to the roster.")
            )


def check_running(course: Course, calendar: Calendar, ask: Asked) -> None:
    """Raises `Refused` for a later close of timed work whose time runs already."""
    assignment = assignment_of(course, ask)
    if ask.time_factor > 1 or not runs_already(calendar, assignment, ask.student):
        return
    raise Refused(
        f"{ask.student} has begun {ask.assignment}: their time runs from then, and a later close "
        "changes nothing; a time factor lengthens it",
        place=ask.where,
    )


def assignment_of(course: Course, ask: Asked) -> Assignment:
    """The assignment that is meant. Raises `Refused` with near names."""
    known = course.assignments
    if ask.assignment not in known:
        hint = did_you_mean(ask.assignment, known) or f"course.yaml has {', '.join(known)}"
        raise Refused(f"there is no assignment {ask.assignment!r}; {hint}", place=ask.where)
    return known[ask.assignment]


def moment_of(course: Course, ask: Asked) -> datetime:
    """The time until which it is. Raises `Refused` for what is no time."""
    try:
        return in_zone(parse_local_time(ask.until), course.zone)
    except ValueError as error:
        raise Refused(f"until is {ask.until!r}, {error}", place=ask.where) from error


def as_grant(
    course: Course,
    ask: Asked,
    by: str,
    *,
    student: str | None = None,
    group: int | None = None,
) -> dict[str, Any]:
    """One extension, as the store takes it."""
    return {
        "assignment": ask.assignment,
        "student": student,
        "group": group,
        "until": moment_of(course, ask).astimezone(UTC) if ask.until else None,
        "until_text": f"{ask.until} {course.zone}" if ask.until else "",
        "days": ask.days,
        "time_factor": ask.time_factor,
        "reason": ask.reason,
        "by": by,
    }


def group_number(course: Course, store: Store, ask: Asked) -> int:
    """The group of that name among those that do the assignment. Raises `Refused`."""
    group_set = assignment_of(course, ask).group_set
    groups = {row.name: row.id for row in store.groups.all(group_set or "")}
    if ask.student not in groups:
        hint = did_you_mean(ask.student, groups) or f"there are: {_some(groups)}"
        raise Refused(
            f"there is no group {ask.student!r} for {ask.assignment}; {hint}", place=ask.where
        )
    return groups[ask.student]


def names_in(course: Course, store: Store) -> Callable[[ExtensionRow], str]:
    """What people call whom an extension is for."""
    sets = {one.group_set for one in course.assignments.values() if one.group_set}
    names = {group.id: group.name for each in sets for group in store.groups.all(each)}
    return lambda row: row.student or names.get(row.group or 0, f"group {row.group}")


def asked_for(
    ask: Asked, students: Sequence[str], groups: Sequence[str]
) -> tuple[list[Asked], list[Asked]]:
    """The same extension for each of these students, and for each of these groups."""
    return (
        [replace(ask, student=one) for one in students],
        [replace(ask, student=one) for one in groups],
    )


def _some(names: dict[str, int]) -> str:
    """Names for a sentence, of which there may be hundreds."""
    shown = ", ".join(list(names)[:20]) or "none"
    return f"{shown} and {len(names) - 20} more" if len(names) > 20 else shown
