"""What `course check` found last: how much room each hidden check leaves, and what is wrong."""

from dataclasses import dataclass

from django.http import HttpResponse

from grader.course import Assignment
from grader.desk.checking import Found, found_of, is_of_now
from grader.web.finding import find_assignment
from grader.web.instructor.frame import show
from grader.web.visits import INSTRUCTORS, Visit, page


@dataclass(frozen=True)
class Line:
    """An assignment, and what was found of it; `is_now` says that it is still as it was then."""

    assignment: Assignment
    found: Found | None
    is_now: bool


@page(INSTRUCTORS)
def checks(visit: Visit) -> HttpResponse:
    """All assignments that the grader grades."""
    lines = [line_of(visit, one) for one in visit.course.assignments.values() if not one.by_hand]
    return show(visit, "checks", "course-checks", {"lines": lines})


@page(INSTRUCTORS)
def checked(visit: Visit, name: str) -> HttpResponse:
    """What was found of one assignment, check by check."""
    return show(
        visit, "checked", "course-checks", {"line": line_of(visit, find_assignment(visit, name))}
    )


def line_of(visit: Visit, assignment: Assignment) -> Line:
    """What was found of an assignment."""
    found = found_of(visit.place.data, assignment)
    return Line(assignment, found, found is not None and is_of_now(found, assignment))
