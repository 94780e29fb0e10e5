"""The course's calendar as it is for everybody, or for one student."""

from grader.course import Course
from grader.course.agenda import Entry, agenda
from grader.gradebook.dates import Calendar
from grader.gradebook.evidence import Evidence


def agenda_for(course: Course, evidence: Evidence, student: str | None = None) -> tuple[Entry, ...]:
    """The calendar in order of time; a student's has their section, group and extensions in it.

    `evidence` is what `gather_dates` gives.
    """
    calendar = Calendar(course, evidence)
    extended = {name: tuple(calendar.extended(one)) for name, one in course.assignments.items()}
    if student is None:
        return agenda(course, extended=extended)
    own = {name: calendar.dates(one, student) for name, one in course.assignments.items()}
    return agenda(course, own=own, extended=extended)
