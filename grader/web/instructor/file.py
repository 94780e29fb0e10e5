"""The course file in a page: looked at before it is saved, and saved only over what was read."""

import difflib
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse

from grader.course import Course, CourseFileError
from grader.course.complaints import Complaint
from grader.course.roster import load_roster
from grader.desk.changing import (
    Changes,
    FileChanged,
    changes,
    course_by,
    digest_of_text,
    in_form_of,
    save,
)
from grader.intake import Refused
from grader.web.instructor.changes import shown_grades
from grader.web.instructor.frame import back_to, require_real, sentence, show
from grader.web.visits import INSTRUCTORS, Visit, page

# Of a difference between two texts no more lines are shown.
MOST_LINES = 400


@dataclass(frozen=True)
class Looked:
    """What a text would be: the course, or its mistakes, and what it changes."""

    complaints: tuple[Complaint, ...] = ()
    found: Changes | None = None
    difference: tuple[tuple[str, str], ...] = ()


@page(INSTRUCTORS, "GET", "POST")
def file(visit: Visit) -> HttpResponse:
    """The text of the course file; a POST checks another, or saves it."""
    there = visit.place.course_text
    if visit.request.method != "POST":
        version = visit.current.version
        is_back = visit.request.GET.get("from") == "force" and version is not None
        text = version.text if is_back and version else there
        return _show(visit, text, digest_of_text(there), Looked())
    given = visit.request.POST
    text, digest = in_form_of(given.get("text", ""), there), given.get("digest", "")
    if digest != digest_of_text(there):
        return _show_both(visit, text, there)
    try:
        course = course_by(visit.place.course_file, text)
    except CourseFileError as error:
        return _show(visit, text, digest, Looked(error.complaints), status=400)
    if given.get("do") != "save":
        return _show(visit, text, digest, looked_at(visit, there, text, course))
    try:
        require_real(visit)
        require_roster(visit, course)
        save(visit.store, visit.place.course_file, text, instead_of=there)
    except Refused as error:
        looked = looked_at(visit, there, text, course)
        return _show(visit, text, digest, looked, problem=sentence(str(error)), status=400)
    except FileChanged as error:
        return _show_both(visit, text, error.text)
    visit.store.record.note(
        by=visit.by,
        what="course file edited",
        subject=visit.place.course_file.name,
        detail=digest_of_text(text),
    )
    messages.success(
        visit.request,
        f"{visit.place.course_file.name} is saved. What of it grades and dates follow from counts "
        "once it is put in force here.",
    )
    return back_to("course-changes")


def require_roster(visit: Visit, course: Course) -> None:
    """Raises `Refused` for another roster that isn't in the course's folder, or has mistakes.

    With those neither grading nor releasing would begin. What can't be read of it is quoted, and
    not every file of the machine is to be read by whoever edits the course in a browser.
    """
    if course.roster == (visit.current.edited or visit.course).roster:
        return
    if not course.roster.resolve().is_relative_to(course.folder.resolve()):
        raise Refused(
            "`roster` leads out of the course's folder.", hint="Edit that on the machine itself."
        )
    try:
        load_roster(course.roster)
    except CourseFileError as error:
        first = error.complaints[0]
        raise Refused(
            f"{course.roster.name} can't be the roster: line {first.line}, {first}"
        ) from error


def looked_at(visit: Visit, there: str, text: str, course: Course) -> Looked:
    """What a text without mistakes would change."""
    version = visit.current.version
    found = changes(visit.place.course_file, visit.store, version, course, visit.now)
    return Looked(found=found, difference=difference(there, text))


def difference(before: str, after: str) -> tuple[tuple[str, str], ...]:
    """The lines that differ, each with what it is: `del`, `ins`, `at` or "" for what is around."""
    kinds = {"-": "del", "+": "ins", "@": "at"}
    lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=2))
    return tuple((kinds.get(line[0], ""), line) for line in lines[2 : 2 + MOST_LINES])


def _show_both(visit: Visit, text: str, there: str) -> HttpResponse:
    """Somebody else has saved meanwhile: both texts, and the way to go on."""
    more = {"other": there, "between": difference(there, text)}
    return _show(visit, text, digest_of_text(there), Looked(), more=more, status=409)


def _show(
    visit: Visit,
    text: str,
    digest: str,
    looked: Looked,
    *,
    problem: str = "",
    more: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    line = visit.request.GET.get("line", "")
    values = {
        "text": text,
        "digest": digest,
        "looked": looked,
        "problem": problem,
        "line": line if line.isdecimal() and len(line) < 7 else "",
        "version": visit.current.version,
        "is_waiting": visit.current.waits,
        **(shown_grades(looked.found) if looked.found else {}),
        **(more or {}),
    }
    return show(visit, "file", "course-changes", values, status=status)
