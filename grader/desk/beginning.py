"""Begins a timed assignment: from then on its time runs, unless staff take the beginning back."""

from datetime import UTC, datetime, timedelta

from grader.course import Assignment, Course
from grader.course.student_dates import Dates
from grader.gradebook.dates import Calendar
from grader.gradebook.evidence import gather_dates
from grader.intake import Refused
from grader.store import Store


def begin(
    course: Course, store: Store, assignment: Assignment, student: str, now: datetime, *, by: str
) -> Dates:
    """Begin, or see when that was; the student's dates, whose `due` is when the time is over.

    Raises `Refused` before the release, once it is too late to begin, and for what is not timed;
    `UnknownStudent`.
    """
    dates = _dates(course, store, assignment, student)
    if dates.time_allowed is None:
        raise Refused(
            f"{assignment.name} is not timed: there is nothing to begin.",
            hint=f"Hand it in before {dates.due:%Y-%m-%d %H:%M %Z}.",
        )
    if dates.started is None:
        moment = now.astimezone(UTC)
        if moment < dates.release.astimezone(UTC):
            raise Refused(
                f"{assignment.name} is not released yet.",
                hint=f"It opens at {dates.release:%Y-%m-%d %H:%M %Z}.",
            )
        if moment >= dates.due.astimezone(UTC):
            raise Refused(
                f"{assignment.name} could be begun until {dates.due:%Y-%m-%d %H:%M %Z}.",
                hint="Ask the teaching staff for an extension.",
            )
        store.starts.begin(assignment.name, student, now, by=by)
        dates = _dates(course, store, assignment, student)
    return dates


def take_back_beginning(
    course: Course, store: Store, assignment: Assignment, student: str, *, reason: str, by: str
) -> Dates:
    """Let it be as if the student had not begun; their dates, whose `due` is the last moment to.

    What they handed in stays. Raises `Refused` where they have not begun; `UnknownStudent`, and
    `ValueError` without a reason.
    """
    if store.starts.take_back(assignment.name, student, reason=reason, by=by) is None:
        raise Refused(
            f"{student} has not begun {assignment.name}.", hint="There is nothing to take back."
        )
    return _dates(course, store, assignment, student)


def time_allowed_text(dates: Dates) -> str:
    """How long the student has for a timed assignment, such as `1 h 30 min`."""
    minutes = (dates.time_allowed or timedelta()) // timedelta(minutes=1)
    hours, rest = divmod(minutes, 60)
    parts = [f"{hours} h"] if hours else []
    return " ".join([*parts, f"{rest} min"] if rest or not hours else parts)


def _dates(course: Course, store: Store, assignment: Assignment, student: str) -> Dates:
    return Calendar(course, gather_dates(store, course)).dates(assignment, student)
