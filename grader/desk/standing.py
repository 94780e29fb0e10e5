"""Where a student stands: what is due, what was handed in, what handing in now is worth."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from grader.course import Assignment, Course
from grader.course.attempts import Allowance, allowance
from grader.course.settling import grace_left, preview_text
from grader.course.student_dates import Dates
from grader.desk.beginning import time_allowed_text
from grader.desk.submitting import check_all
from grader.gradebook.evidence import Evidence, gather_student
from grader.gradebook.records import Pending, Score
from grader.gradebook.term import Grade, Sheets
from grader.intake import Refused
from grader.store import GroupRow, Store, SubmissionRow


@dataclass(frozen=True)
class AssignmentStanding:
    """One assignment as its student sees it. `if_now` says what a submission now would be worth.

    `newest` is what they, or the group that they are in now, handed in last; `counts` is what
    counts for them, as they may know it, and `score` what it is worth; None while something of
    that is hidden. `refusal` says why nothing would be taken now.
    """

    assignment: str
    dates: Dates
    is_open: bool
    newest: SubmissionRow | None
    allowed: Allowance
    if_now: str
    group: str | None
    counts: SubmissionRow | None = None
    score: Score | None = None
    refusal: Refused | None = None


@dataclass(frozen=True)
class StudentStanding:
    """A student's assignments in the course's order, and the grace days left, if there are any."""

    student: str
    assignments: tuple[AssignmentStanding, ...]
    grace_left: int | None


def standing_of_student(
    course: Course, store: Store, student: str, now: datetime, *, evidence: Evidence | None = None
) -> StudentStanding:
    """What a student may know of where they stand. The same rules as for their grades.

    `evidence` is what `gather_student` gave, where that is known already.
    """
    known = evidence or gather_student(store, course, student)
    sheets = Sheets(course, known, now, for_students=True)
    grades = sheets.term(student).grades
    found = [
        replace(
            _standing(sheets, one, student, now),
            counts=_counts(grades[name]),
            score=_shown_score(sheets, one, grades[name], now),
        )
        for name, one in course.assignments.items()
    ]
    return StudentStanding(student, tuple(found), grace_left(sheets.works(student), course.zone))


def _standing(
    sheets: Sheets, assignment: Assignment, student: str, now: datetime
) -> AssignmentStanding:
    zone = sheets.course.zone
    dates = sheets.calendar.dates(assignment, student)
    group = sheets.calendar.group_of(assignment, student)
    theirs = sheets.sent(student, assignment.name)
    works = sheets.works_sending(student, assignment.name)
    is_open = dates.release.astimezone(UTC) <= now.astimezone(UTC)
    opens = f"opens at {dates.release:%Y-%m-%d %H:%M %Z}"
    return AssignmentStanding(
        assignment=assignment.name,
        dates=dates,
        is_open=is_open,
        newest=theirs[-1] if theirs else None,
        allowed=allowance(assignment.attempts, [row.received_at for row in theirs], now, zone),
        if_now=_if_now(dates, now) or preview_text(works, assignment.name, now, zone)
        if is_open
        else opens,
        group=group.name if group else None,
        refusal=_refusal(sheets.course, assignment, dates, group, student, theirs, now),
    )


def _refusal(
    course: Course,
    assignment: Assignment,
    dates: Dates,
    group: GroupRow | None,
    student: str,
    sent: list[SubmissionRow],
    now: datetime,
) -> Refused | None:
    try:
        check_all(course, assignment, dates, group, student, sent, now)
    except Refused as refused:
        return refused
    return None


def _shown_score(
    sheets: Sheets, assignment: Assignment, grade: Grade, now: datetime
) -> Score | None:
    shown_from = sheets.calendar.feedback_from(assignment).astimezone(UTC)
    is_shown = assignment.by_hand or shown_from <= now.astimezone(UTC)
    return grade.score if is_shown else None


def _counts(grade: Grade) -> SubmissionRow | None:
    return None if grade.score.pending is Pending.EXCUSED else grade.submission


def _if_now(dates: Dates, now: datetime) -> str:
    """What a student who has yet to begin timed work should know, while they may."""
    if dates.time_allowed is None or dates.started is not None:
        return ""
    if now.astimezone(UTC) >= dates.due.astimezone(UTC):
        return f"it could be begun until {dates.due:%Y-%m-%d %H:%M %Z}"
    until = f"begin before {dates.due:%Y-%m-%d %H:%M %Z}"
    return f"timed: {time_allowed_text(dates)} from when you begin; {until}"
