"""Where a student stands: what is due, what was handed in, what handing in now is worth."""

from dataclasses import dataclass
from datetime import UTC, datetime

from grader.course import Course
from grader.course.attempts import Allowance, allowance
from grader.course.settling import grace_left, preview_text
from grader.course.student_dates import Dates
from grader.gradebook.evidence import gather_student
from grader.gradebook.term import Sheets
from grader.store import Store, SubmissionRow


@dataclass(frozen=True)
class AssignmentStanding:
    """One assignment as its student sees it. `if_now` says what a submission now would be worth.

    `newest` is what they, or their group, handed in last.
    """

    assignment: str
    dates: Dates
    is_open: bool
    newest: SubmissionRow | None
    allowed: Allowance
    if_now: str
    group: str | None


@dataclass(frozen=True)
class StudentStanding:
    """A student's assignments in the course's order, and the grace days left, if there are any."""

    student: str
    assignments: tuple[AssignmentStanding, ...]
    grace_left: int | None


def standing_of_student(
    course: Course, store: Store, student: str, now: datetime
) -> StudentStanding:
    """What a student may know of where they stand. The same rules as for their grades."""
    evidence = gather_student(store, course, student)
    sheets = Sheets(course, evidence)
    works = sheets.works(student)
    found: list[AssignmentStanding] = []
    for work in works:
        assignment = course.assignments[work.assignment]
        group = sheets.calendar.group_of(assignment, student)
        theirs = [
            row
            for row in evidence.handed[work.assignment].submissions
            if row.group == (group.id if group else None)
        ]
        is_open = work.dates.release.astimezone(UTC) <= now.astimezone(UTC)
        opens = f"{work.dates.release:%Y-%m-%d %H:%M %Z}"
        found.append(
            AssignmentStanding(
                assignment=work.assignment,
                dates=work.dates,
                is_open=is_open,
                newest=theirs[-1] if theirs else None,
                allowed=allowance(
                    assignment.attempts, [row.received_at for row in theirs], now, course.zone
                ),
                if_now=preview_text(works, work.assignment, now, course.zone)
                if is_open
                else f"opens at {opens}",
                group=group.name if group else None,
            )
        )
    return StudentStanding(student, tuple(found), grace_left(works, course.zone))
