"""What every page has around it: the course's name, who is there, where one can go."""

from typing import Any

from django.http import HttpRequest

from grader.course import CourseFileError
from grader.web.place import place
from grader.web.visits import visitor_of


def frame(request: HttpRequest) -> dict[str, Any]:
    """The values of the frame, for every template."""
    try:
        course = place().current().course
    except (CourseFileError, OSError):
        course = None
    user = getattr(request, "user", None)
    return {
        "course": course,
        "visitor": visitor_of(request) if user is not None else None,
        "is_rehearsal": place().is_rehearsal,
    }
