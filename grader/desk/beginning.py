"""Begins a timed assignment: from then on its time runs, once and for good."""

from datetime import UTC, datetime, timedelta

from grader.course import Assignment, Course
from grader.course.student_dates import Dates
from grader.gradebook.dates import Calendar
from grader.gradebook.evidence import gather_dates
from grader.intake import Refused
from grader.store import Store


def begin(
    course: Course, store: Store, assignment: Assignment, student: str, now: datetime
) -> Dates:
    """Begin, or see when that was; the student's dates, whose `due` is when the time is over.

    Raises `Refused` before the release, once it is too late to begin, and for what is not timed;
    `UnknownStudent`.
    """
    dates = Calendar(course, gather_dates(store, course)).dates(assignment, student)
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
        store.starts.begin(assignment.name, student, now)
        dates = Calendar(course, gather_dates(store, course)).dates(assignment, student)
    return dates


def time_allowed_text(dates: Dates) -> str:
    """How long the student has for a timed assignment, such as `1 h 30 min`."""
    minutes = (dates.time_allowed or timedelta()) // timedelta(minutes=1)
    hours, rest = divmod(minutes, 60)
    parts = [f"{hours} h"] if hours else []
    return " ".join([*parts, f"{rest} min"] if rest or not hours else parts)
