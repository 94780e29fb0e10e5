"""The students whom a visitor may see, with their scores in short."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render

from grader.gradebook.evidence import gather_students
from grader.gradebook.term import grade_term
from grader.report.term import term_of
from grader.report.term.view import gradebook_view
from grader.store import StudentRow
from grader.web.staff.given import asked
from grader.web.staff.paging import part_of
from grader.web.staff.reach import students_seen
from grader.web.visits import STAFF, Visit, page

PAGE = 100


@dataclass(frozen=True)
class Line:
    """One student: a cell an assignment as (text, tone), and the total."""

    student: StudentRow
    cells: tuple[tuple[str, str], ...]
    percent: str
    so_far: str


@page(STAFF)
def students(visit: Visit) -> HttpResponse:
    """The students, a page at a time; by name, identifier or section."""
    given = asked(visit)
    text, section = given.get("text", "").strip()[:128], given.get("section", "")[:64]
    seen, folded = students_seen(visit), text.casefold()
    found = [
        row
        for row in seen
        if section in ("", row.section)
        and folded in f"{row.identifier}\n{row.name}\n{row.email}".casefold()
    ]
    query = visit.request.GET.copy()
    query.pop("page", None)
    part = part_of(found, given, size=PAGE, query=query.urlencode())
    values = {
        "here": "students",
        "text": text,
        "section": section,
        "sections": sorted({row.section for row in seen} - {""}),
        "part": part,
        **scores_of(visit, part.entries),
    }
    return render(visit.request, "web/staff/students.html", values)


def scores_of(visit: Visit, shown: Sequence[StudentRow]) -> dict[str, object]:
    """The scores of these students in what is released, as the gradebook's page has them."""
    names = [row.identifier for row in shown]
    evidence = gather_students(visit.store, visit.course, names)
    terms = grade_term(visit.course, evidence, visit.now, only=names)
    view = gradebook_view(term_of(visit.course, shown, terms, now=visit.now))
    places = [
        place
        for place, one in enumerate(visit.course.assignments.values())
        if one.release_utc <= visit.now
    ]
    lines = [
        Line(student, tuple(cells[place] for place in places), sums[0], sums[1])
        for student, (_, cells, sums) in zip(shown, view.rows, strict=True)
    ]
    return {"lines": lines, "columns": [view.assignments[place] for place in places]}
