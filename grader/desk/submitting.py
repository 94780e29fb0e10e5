"""Takes in a file from a student, or refuses it with the reason; a refusal uses up no attempt."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from grader.course import Assignment, Course
from grader.course.attempts import Allowance, allowance
from grader.course.calendar import Standing
from grader.course.settling import is_locked, preview
from grader.course.student_dates import Dates
from grader.desk.beginning import time_allowed_text
from grader.gradebook.dates import Calendar
from grader.gradebook.evidence import Evidence, gather_dates, gather_student
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
    *,
    staff: tuple[str, str] | None = None,
    evidence: Evidence | None = None,
) -> Submitted:
    """Take in a student's file, for all of their group; durable when this returns.

    `staff` is who says that it was received at another time, and why (see `Store.accept`);
    `evidence` is what `gather_dates` gave just now, where that is known already.
    Raises `Refused` with what the student can do about it, and `UnknownStudent`.
    """
    evidence = evidence or gather_dates(store, course)
    if student not in {row.identifier for row in evidence.students}:
        raise UnknownStudent(
            f"no student {student!r} is in the roster. Correct the name, or add a line to the "
            "roster."
        )
    problems = read_file(data, KINDS[assignment.submit])
    calendar = Calendar(course, evidence)
    accepted = take_in(
        course, store, calendar, assignment, student, data, file_name, now, staff=staff
    )
    taken = accepted.submission
    sheets = Sheets(course, gather_student(store, course, student), now, for_students=True)
    sent = [row.received_at for row in sheets.sent(student, assignment.name)]
    works = sheets.works_sending(student, assignment.name)
    return Submitted(
        accepted=accepted,
        receipt=receipt_of(taken),
        dates=sheets.calendar.dates(assignment, student),
        standing=preview(works, assignment.name, taken.received_at, course.zone),
        left=allowance(assignment.attempts, sent, now, course.zone),
        problems=problems,
        group=accepted.group,
    )


def take_in(
    course: Course,
    store: Store,
    calendar: Calendar,
    assignment: Assignment,
    student: str,
    data: bytes,
    file_name: str,
    received: datetime,
    *,
    anyway: bool = False,
    staff: tuple[str, str] | None = None,
) -> Accepted:
    """Keep a file as the assignment wants it: for people or the queue, for one or for a group.

    Raises `Refused` before the release, from the lock on, without the group that it takes and
    beyond the number of submissions; not if it shall be taken in `anyway`. The bytes that were
    handed in last are that submission again, and never refused.
    """
    dates = calendar.dates(assignment, student)
    expected = calendar.group_of(assignment, student)

    def allow(before: Sequence[SubmissionRow], group: GroupRow | None) -> None:
        # Of an earlier time it may be another group, which staff know.
        if staff is None and (group and group.id) != (expected and expected.id):
            raise Refused(f"the group of {student} changed just now.", hint="Hand in once more.")
        if not anyway:
            check_all(course, assignment, dates, group, student, before, received)

    return store.accept(
        student,
        assignment.name,
        data,
        file_name,
        received,
        by_hand=assignment.by_hand,
        group_set=assignment.group_set,
        keeps_older=course.late_policy_of(assignment).counts == "best"
        or is_locked(received, dates),
        allow=allow,
        staff=staff,
    )


def check_all(
    course: Course,
    assignment: Assignment,
    dates: Dates,
    group: GroupRow | None,
    student: str,
    before: Sequence[SubmissionRow],
    now: datetime,
) -> None:
    """Raises `Refused` for whatever is in the way of handing in, but for the file itself.

    `before` is what the student, or the group, has sent.
    """
    check_open(assignment, dates, now)
    check_started(assignment, dates, now)
    check_group(assignment, group, student)
    check_allowance(course, assignment, before, now)


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


def check_started(assignment: Assignment, dates: Dates, now: datetime) -> None:
    """Raises `Refused` for timed work that was not begun by then."""
    if dates.time_allowed is None:
        return
    if dates.started is None or now.astimezone(UTC) < dates.started.astimezone(UTC):
        raise Refused(
            f"{assignment.name} is timed, and was not begun.",
            hint=f"Begin it first: from then on there are {time_allowed_text(dates)} for it.",
        )


def check_group(assignment: Assignment, group: GroupRow | None, student: str) -> None:
    """Raises `Refused` for a group of a size that may not hand it in."""
    if assignment.group is None:
        return
    members = len(group.members) if group else 1
    if members < assignment.group.min:
        raise Refused(
            f"{assignment.name} is done in {assignment.group.text}, and "
            + (f"{group.name!r} has {members}." if group else f"{student} is in none."),
            hint="Form a group first, then hand in once for all of it.",
        )


def check_allowance(
    course: Course, assignment: Assignment, before: Sequence[SubmissionRow], now: datetime
) -> None:
    """Raises `Refused` when no submission is left, or none yet."""
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
