"""The course file beside what counts: the edit that waits, and what it would change."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render

from grader.course import CourseFileError
from grader.desk.changing import (
    Changes,
    changed_settings,
    changes,
    course_by,
    digest_of_text,
    let_count,
)
from grader.intake import Refused
from grader.store.record import AnotherInForce
from grader.web.instructor.frame import back_to, sentence, show
from grader.web.visits import INSTRUCTORS, Visit, page

# So many changed grades are shown.
MOST = 100


@page(INSTRUCTORS, "GET", "POST")
def waiting(visit: Visit) -> HttpResponse:
    """What an edit of the course file changes; a POST with a reason lets it count."""
    if visit.request.method != "POST":
        return _show(visit)
    given, text = visit.request.POST, visit.place.course_text
    try:
        if not given.get("reason", "").strip():
            raise Refused("say why; it is kept in the course's record")
        if given.get("digest") != digest_of_text(text):
            raise AnotherInForce("the course file was changed meanwhile")
        version = visit.current.version
        if given.get("version") != str(version.id if version else ""):
            raise AnotherInForce("another course file was put in force meanwhile")
        course = course_by(visit.place.course_file, text)
        settings = changed_settings(visit.place.course_file, version, course)
        reason = given["reason"].strip()
        let_count(visit.store, text, course, version, settings, reason=reason, by=visit.by)
    except Refused as error:
        return _show(visit, problem=sentence(str(error)), status=400)
    except CourseFileError:
        return _show(visit, problem="It has mistakes, and was not put in force.", status=400)
    except AnotherInForce as error:
        problem = f"{sentence(str(error))} Nothing was put in force: look at it once more."
        return _show(visit, problem=problem, status=409)
    messages.success(visit.request, f"{visit.place.course_file.name} is in force from now on.")
    return back_to("course-changes")


@page(INSTRUCTORS)
def waiting_grades(visit: Visit) -> HttpResponse:
    """Whose grades the edit changes; a part of that page, as it takes a while."""
    current = visit.current
    if current.edited is None:
        return HttpResponse(status=204)
    found = changes(
        visit.place.course_file, visit.store, current.version, current.edited, visit.now
    )
    return render(visit.request, "web/instructor/grades.html", shown_grades(found))


def shown_grades(found: Changes) -> dict[str, Any]:
    """Whose grades change, as their template takes it."""
    if found.grades is None:
        return {"grades": None, "lost": found.lost}
    return {
        "grades": found.grades[:MOST],
        "more": max(0, len(found.grades) - MOST),
        "students": len({one.student for one in found.grades}),
        "lost": found.lost,
    }


def _show(visit: Visit, *, problem: str = "", status: int = 200) -> HttpResponse:
    current, text = visit.current, visit.place.course_text
    complaints = ()
    settings = ()
    if current.edited is None:
        try:
            course_by(visit.place.course_file, text)
        except CourseFileError as error:
            complaints = error.complaints
    else:
        settings = changed_settings(visit.place.course_file, current.version, current.edited)
    values = {
        "version": current.version,
        "waits": current.waits,
        "is_same": current.version is not None and current.version.text == text,
        "complaints": complaints,
        "settings": settings,
        "digest": digest_of_text(text),
        "problem": problem,
        "reason": visit.request.POST.get("reason", ""),
    }
    return show(visit, "changes", "course-changes", values, status=status)
