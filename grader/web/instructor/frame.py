"""What every page of the instructor has around it: the course's parts, and what waits."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from grader.intake import Refused
from grader.web.visits import Visit

# The parts by the names of their addresses.
PARTS = {
    "course": "Term",
    "course-changes": "Course file",
    "course-roster": "Roster",
    "course-groups": "Groups",
    "course-extensions": "Extensions",
    "course-checks": "Checks",
    "course-people": "Accounts",
    "course-lti": "LMS",
    "course-record": "Record",
    "course-backup": "Backup",
}
# A file beside course.yaml that marks a copy of a course, in which nothing is real.
COPY = "rehearsal"
# What a sentence begins with that doesn't begin with a name.
_BEGINNINGS = frozenset(
    "a all an another choose days expected feedback it no nothing say somebody that the there "
    "until who".split()
)


def show(
    visit: Visit, template: str, part: str, values: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """A page of that part of the course."""
    more = {
        "here": "course",
        "part": part,
        "parts": PARTS,
        "edit_waits": visit.current.waits,
        "file_name": visit.place.course_file.name,
    }
    path = f"web/instructor/{template}.html"
    return render(visit.request, path, {**more, **values}, status=status)


def back_to(name: str, *args: object) -> HttpResponse:
    """To a page, after a change."""
    return HttpResponseRedirect(reverse(name, args=args))


def refuse(visit: Visit, error: Exception) -> None:
    """Say on the next page why nothing was changed."""
    messages.error(visit.request, sentence(str(error)))


def require_real(visit: Visit) -> None:
    """Raises `Refused` where a rehearsal would change the course's own files.

    Its data folder is a copy, but course.yaml and the roster beside it are those of the course.
    """
    course_file = visit.place.course_file
    if visit.place.is_rehearsal and not (course_file.parent / COPY).exists():
        raise Refused(
            f"This is a rehearsal, and {course_file.name} is the course's own file: nothing is "
            "written to it.",
            hint=f"To rehearse edits, serve a copy of the course's folder with an empty file "
            f"`{COPY}` in it.",
        )


def sentence(text: str) -> str:
    """A message as a sentence of its own; one that begins with a name stays as it is.

    >>> sentence("there is no group 'A'"), sentence("ada is in the group 'A' already")
    ("There is no group 'A'.", "ada is in the group 'A' already.")
    """
    first = text.partition(" ")[0]
    said = first.capitalize() + text[len(first) :] if first in _BEGINNINGS else text
    return said if said.endswith((".", "!", "?")) else f"{said}."
