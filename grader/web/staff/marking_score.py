"""A student's final score for an assignment, set by hand whatever was computed."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from grader.course import Assignment
from grader.desk.marking import CannotMark, set_score
from grader.gradebook.evidence import gather_student
from grader.gradebook.term import Sheets
from grader.store import OverrideRow, StudentRow
from grader.web.finding import find_assignment, find_student
from grader.web.visits import INSTRUCTORS, Visit, page


@page(INSTRUCTORS, "GET", "POST")
def score(visit: Visit, name: str, student: str) -> HttpResponse:
    """Set it, excuse the student, or take either back; with a reason, which is kept."""
    assignment, person = find_assignment(visit, name), find_student(visit, student)
    if visit.request.method == "POST":
        try:
            row = _set(visit, assignment, person)
        except CannotMark as error:
            messages.error(visit.request, f"Not saved: {error}.")
        else:
            messages.success(visit.request, f"{name} of {student}: {_told(assignment, row)}.")
        return HttpResponseRedirect(visit.request.path)
    evidence = gather_student(visit.store, visit.course, student)
    mine = [row for row in evidence.overrides if row.assignment == name]
    values = {
        "here": "marking",
        "assignment": assignment,
        "student": person,
        "grade": Sheets(visit.course, evidence, visit.now).term(student).grades[name],
        "earlier": [(_told(assignment, row), row) for row in reversed(mine)],
        "holds": bool(mine) and (mine[-1].excused or mine[-1].points is not None),
    }
    return render(visit.request, "web/staff/marking_score.html", values)


def _set(visit: Visit, assignment: Assignment, student: StudentRow) -> OverrideRow:
    """Raises `CannotMark`."""
    sent = visit.request.POST
    what = sent.get("do", "")
    points = _points(sent.get("points", "")) if what == "points" else None
    if what not in ("points", "excuse", "take back"):
        raise CannotMark("say whether to set points, to excuse, or to take an earlier one back")
    visit.place.rely(visit.by)
    return set_score(
        visit.store,
        assignment,
        student.identifier,
        points,
        excused=what == "excuse",
        above=bool(sent.get("above")),
        reason=sent.get("reason", "").replace("\0", "\ufffd"),
        by=visit.by,
        option="“more than the assignment has”",
    )


def _points(text: str) -> float:
    try:
        return float(text.strip())
    except ValueError:
        raise CannotMark(f"{text[:40]!r} is no number of points, such as 80.5") from None


def _told(assignment: Assignment, row: OverrideRow) -> str:
    """What was set, in words."""
    if row.excused:
        return "excused"
    if row.points is None:
        return "computed again"
    return f"{row.points:g} of {assignment.points:g}"
