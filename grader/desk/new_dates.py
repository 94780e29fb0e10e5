"""What an extension does to the dates: what is due when, and what others may have read before."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime

from grader.course import Assignment, Course
from grader.course.calendar import due_text
from grader.course.student_dates import Dates
from grader.desk.beginning import time_allowed_text
from grader.gradebook.dates import Calendar
from grader.gradebook.evidence import gather_dates
from grader.store import ExtensionRow, Store

# The name that people know a student's or a group's extension by.
Name = Callable[[ExtensionRow], str]


def calendar_now(course: Course, store: Store) -> Calendar:
    """Everybody's dates, by the extensions that hold now."""
    return Calendar(course, gather_dates(store, course))


def dates_of(course: Course, calendar: Calendar, row: ExtensionRow) -> Dates | None:
    """The dates of whom an extension is for; None of an assignment that the course doesn't have."""
    assignment = course.assignments.get(row.assignment)
    if assignment is None:
        return None
    if row.student is not None:
        return calendar.dates(assignment, row.student)
    return calendar.dates_of(assignment, "", row.group)


def due_lines(
    course: Course, before: Calendar, after: Calendar, rows: Sequence[ExtensionRow], name: Name
) -> Iterator[str]:
    """For each student and group, once, what is due when, and whether it was so before."""
    told: set[tuple[str, str]] = set()
    for row in rows:
        dates = dates_of(course, after, row)
        key = (row.assignment, name(row))
        if dates is None or key in told:
            continue
        told.add(key)
        same = dates == dates_of(course, before, row)
        words = due_words(course, dates) + (", as before" if same else "")
        yield f"{row.assignment} of {name(row)}: {words}"


def due_words(course: Course, dates: Dates) -> str:
    """When something is due for a student or a group; of timed work, how long they have."""
    due = due_text(dates.due, course.zone)
    if dates.time_allowed is None:
        return f"due {due}"
    allowed = time_allowed_text(dates)
    if dates.started is None:
        return f"{allowed} from when they begin, which is to be {due}"
    return f"due {due}, with {allowed} since they began"


def runs_already(calendar: Calendar, assignment: Assignment, student: str) -> bool:
    """Whether the student has begun timed work, and its close doesn't cut their time short.

    Then a later close gives them no time.
    """
    dates = calendar.dates(assignment, student)
    if dates.started is None or dates.time_allowed is None:
        return False
    end = dates.started.astimezone(UTC) + dates.time_allowed
    return end <= dates.due.astimezone(UTC)


def out_already(
    course: Course, calendar: Calendar, names: Iterable[str], now: datetime
) -> Iterator[str]:
    """A line for what others may have read already, by the calendar's dates, of each assignment."""
    moment = now.astimezone(UTC)
    for name in dict.fromkeys(names):
        assignment = course.assignments[name]
        # What people grade has no hidden results: its feedback is there as soon as it is given.
        feedback = None if assignment.by_hand else calendar.feedback_from(assignment)
        solution = calendar.solution_from(assignment)
        for what, since in (("feedback", feedback), ("the solution", solution)):
            if since is not None and since.astimezone(UTC) <= moment:
                at = f"{since:%Y-%m-%d %H:%M %Z}"
                yield f"{what} of {name} has been out since {at}: others may have read it"
