"""Takes in a file from a student, or refuses it with the reason; a refusal uses up no attempt."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from grader.course import Assignment, Course
from grader.course.attempts import Allowance, allowance
from grader.course.calendar import Standing
from grader.course.settling import is_locked, preview
from grader.course.student_dates import Dates
from grader.gradebook.dates import Calendar
from grader.gradebook.evidence import gather_dates, gather_student
from grader.gradebook.term import Sheets
from grader.intake import KINDS, Refused, read_file
from grader.store import (
    Accepted,
    GroupRow,
    Receipt,
    Store,
    SubmissionRow,
    UnknownStudent,
    receipt_of,
)


@dataclass(frozen=True)
class Submitted:
    """What was taken in: the receipt, what it is worth by the calendar, and what is left.

    `problems` are sentences for the student about a file that was taken all the same. `standing`
    is what counts now that this was handed in; `dates` are the student's own.
    """

    accepted: Accepted
    receipt: Receipt
    dates: Dates
    standing: Standing
    left: Allowance
    problems: tuple[str, ...]
    group: GroupRow | None


def submit(
    course: Course,
    store: Store,
    assignment: Assignment,
    student: str,
    data: bytes,
    file_name: str,
    now: datetime,
) -> Submitted:
    """Take in a student's file, for all of their group; durable when this returns.

    Raises `Refused` with what the student can do about it, and `UnknownStudent`.
    """
    evidence = gather_dates(store, course)
    if student not in {row.identifier for row in evidence.students}:
        raise UnknownStudent(
            f"no student {student!r} is in the roster. Correct the name, or add a line to the "
            "roster."
        )
    calendar = Calendar(course, evidence)
    dates = calendar.dates(assignment, student)
    check_open(assignment, dates, now)
    group = _group(assignment, calendar, student)
    problems = read_file(data, KINDS[assignment.submit])

    def allow(before: Sequence[SubmissionRow]) -> None:
        _check_allowance(course, assignment, before, now)

    accepted = take_in(course, store, assignment, student, data, file_name, now, group, allow)
    taken = accepted.submission
    evidence = gather_student(store, course, student, dates=evidence)
    sent = [
        row.received_at
        for row in evidence.handed[assignment.name].submissions
        if row.group == taken.group
    ]
    works = Sheets(course, evidence).works(student)
    return Submitted(
        accepted=accepted,
        receipt=receipt_of(taken),
        dates=dates,
        standing=preview(works, assignment.name, taken.received_at, course.zone),
        left=allowance(assignment.attempts, sent, now, course.zone),
        problems=problems,
        group=group,
    )


def take_in(
    course: Course,
    store: Store,
    assignment: Assignment,
    student: str,
    data: bytes,
    file_name: str,
    received: datetime,
    group: GroupRow | None,
    allow: Callable[[Sequence[SubmissionRow]], None] = lambda _: None,
) -> Accepted:
    """Keep a file as the assignment wants it: for people or the queue, for one or for a group.

    Asks nothing but `allow` (see `Store.accept`).
    """
    return store.accept(
        student,
        assignment.name,
        data,
        file_name,
        received,
        by_hand=assignment.by_hand,
        group=group.id if group else None,
        grades_all=course.late_policy_of(assignment).counts == "best",
        allow=allow,
    )


def check_open(assignment: Assignment, dates: Dates, now: datetime) -> None:
    """Raises `Refused` before the release and from the lock on."""
    moment = now.astimezone(UTC)
    if moment < dates.release.astimezone(UTC):
        raise Refused(
            f"{assignment.name} is not released yet.",
            hint=f"It opens at {dates.release:%Y-%m-%d %H:%M %Z}.",
        )
    if dates.lock is not None and is_locked(now, dates):
        raise Refused(
            f"{assignment.name} is closed: nothing is taken since {dates.lock:%Y-%m-%d %H:%M %Z}.",
            hint="Ask the teaching staff for an extension.",
        )


def _group(assignment: Assignment, calendar: Calendar, student: str) -> GroupRow | None:
    """The group that the work is of; raises `Refused` for one that may not hand it in."""
    if assignment.group is None:
        return None
    group = calendar.group_of(assignment, student)
    members = len(group.members) if group else 1
    if members < assignment.group.min:
        raise Refused(
            f"{assignment.name} is done in {assignment.group.text}, and "
            + (f"{group.name!r} has {members}." if group else f"{student} is in none."),
            hint="Form a group first, then hand in once for all of it.",
        )
    return group


def _check_allowance(
    course: Course, assignment: Assignment, before: Sequence[SubmissionRow], now: datetime
) -> None:
    taken = [row.received_at for row in before]
    found = allowance(assignment.attempts, taken, now, course.zone)
    if found.is_open:
        return
    if found.opens is None:
        raise Refused(
            f"all {assignment.attempts.limit} submissions of {assignment.name} are used up.",
            hint="Those that were taken count; nothing was lost.",
        )
    raise Refused(
        f"there is no submission of {assignment.name} left for now.",
        hint=f"The next one is taken from {found.opens:%Y-%m-%d %H:%M:%S %Z} on.",
    )
