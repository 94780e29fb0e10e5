"""What "release it now" and "show feedback now" write into `course.yaml`, or why they can't."""

from datetime import UTC, datetime

from grader.course import Assignment, Course
from grader.course.complaints import Parts
from grader.course.editing import written_time
from grader.course.student_dates import last_due
from grader.gradebook.dates import Calendar
from grader.intake import Refused

# The times of an assignment that a page may set, in the order in which they come.
FIELDS = ("release", "due", "lock", "feedback", "solution")
NOW = "now"


def place_of(assignment: str, field: str) -> Parts:
    """Where the time is in course.yaml."""
    return ("assignments", assignment, field)


def value_of(
    course: Course,
    calendar: Calendar,
    assignment: Assignment,
    field: str,
    text: str,
    now: datetime,
) -> str:
    """What to write for a time as it was typed or chosen; `now` is this minute.

    Raises `Refused` where that would change nothing, or wouldn't be what was meant.
    """
    typed = " ".join(text.split())
    if not typed:
        raise Refused("say which time.", hint="Such as `2027-01-14 18:00` or `ps1.due + 2 days`.")
    if typed != NOW:
        is_picked = typed[:1].isdigit() and typed[10:11] == "T"
        return typed.replace("T", " ", 1) if is_picked else typed
    if field == "release" and assignment.release_utc <= now:
        raise Refused(f"{assignment.name} has been open since {_shown(assignment.release)}.")
    if field == "feedback":
        _check_feedback(course, calendar, assignment, now)
    # Of the minute that has begun, so that it is over at once.
    return written_time(now.replace(second=0, microsecond=0), course.zone)


def _check_feedback(
    course: Course, calendar: Calendar, assignment: Assignment, now: datetime
) -> None:
    if assignment.by_hand:
        raise Refused(
            f"{assignment.name} is graded by hand: its feedback is there as soon as it is given."
        )
    since = calendar.feedback_from(assignment)
    if since.astimezone(UTC) <= now:
        raise Refused(f"feedback of {assignment.name} has been shown since {_shown(since)}.")
    if assignment.due_utc > now:
        return
    last = last_due(assignment, course.zone, calendar.extended(assignment))
    if last.astimezone(UTC) > now:
        raise Refused(
            f"feedback of {assignment.name} waits for the last who may hand it in, until "
            f"{_shown(last)}.",
            hint="Who reads it could tell them. Withdraw the extension, or wait.",
        )


def _shown(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M %Z}"
