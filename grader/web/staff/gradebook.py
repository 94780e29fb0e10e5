"""Everybody's scores to take along: CSV, JSON, and the filled file of Canvas or Quercus."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from grader.course import CourseFileError
from grader.desk.exporting import TOTAL, CannotFill, fill_lms_file, gradebook_csv, scores_data
from grader.gradebook.evidence import gather_evidence
from grader.gradebook.exports import CanvasColumn, CanvasGradebook, read_canvas
from grader.gradebook.term import StudentTerm, grade_term
from grader.report.cleaning import clean_line
from grader.web.staff.reach import sees_everybody, students_seen
from grader.web.visits import STAFF, Visit, page

# It goes along in the form between choosing columns and filling: as base64, in fields of 4 MiB.
MOST_BYTES = 2_900_000
_SHOWN = 200


@dataclass(frozen=True)
class Wish:
    """An assignment, or the total, and the column of the LMS's file that seems to be its own."""

    name: str
    title: str
    guess: str


@page(STAFF)
def gradebook(visit: Visit) -> HttpResponse:
    """What can be taken along."""
    return render(visit.request, "web/staff/gradebook.html", _values(visit))


def _values(visit: Visit) -> dict[str, object]:
    return {
        "here": "reports",
        "tab": "gradebook",
        "sees_everybody": sees_everybody(visit),
        "waits": visit.current.waits,
        "most": f"{MOST_BYTES / 1e6:g} MB",
    }


@page(STAFF)
def gradebook_file(visit: Visit, kind: str) -> HttpResponse:
    """Everybody's scores, as CSV or as JSON."""
    if kind not in ("csv", "json"):
        raise Http404("scores are there as CSV and as JSON")
    terms = terms_seen(visit)
    if kind == "csv":
        text = gradebook_csv(visit.course, students_seen(visit), terms)
        answer = HttpResponse(text.encode("utf-8-sig"), content_type="text/csv; charset=utf-8")
    else:
        told = {student: scores_data(term) for student, term in terms.items()}
        answer = HttpResponse(json.dumps(told, indent=1) + "\n", content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="gradebook.{kind}"'
    return answer


def terms_seen(visit: Visit) -> dict[str, StudentTerm]:
    """The grades of the students whom the visitor may see."""
    evidence = gather_evidence(visit.store, visit.course)
    names = [row.identifier for row in students_seen(visit)]
    return grade_term(visit.course, evidence, visit.now, only=names)


@page(STAFF, "GET", "POST")
def lms(visit: Visit) -> HttpResponse:
    """Choose the columns of an LMS's file, then see it filled and take it along.

    Nothing is kept here: the file goes back and forth in the form.
    """
    if visit.request.method != "POST":
        return HttpResponseRedirect("/staff/gradebook/")
    try:
        data = _file_of(visit)
        found = read_canvas(data)
        columns = _columns_of(visit)
        if not columns:
            return _choose(visit, data, found)
        return _filled(visit, data, columns)
    except CannotFill as error:
        messages.error(visit.request, f"Nothing was filled: {error}.")
    except CourseFileError as error:
        for complaint in error.complaints[:10]:
            place = f"row {complaint.line}, column {complaint.column}"
            messages.error(visit.request, f"The file, {place}: {complaint}.")
    return HttpResponseRedirect("/staff/gradebook/")


def _file_of(visit: Visit) -> bytes:
    """The bytes that were uploaded, or go along in the form. Raises `CannotFill`."""
    given = visit.request.FILES.get("file")
    if isinstance(given, UploadedFile):
        if (given.size or 0) > MOST_BYTES:
            raise CannotFill(
                f"the file has {given.size:,} bytes, and at most {MOST_BYTES:,} are taken here; "
                "`course gradebook --canvas FILE` fills larger ones"
            )
        data = given.read()
    else:
        try:
            data = base64.b64decode(visit.request.POST.get("data", ""), validate=True)
        except (ValueError, binascii.Error):
            data = b""
    if not data:
        raise CannotFill("choose the file that Canvas or Quercus exported")
    return data


def _columns_of(visit: Visit) -> dict[str, str]:
    """Which column was chosen for what; empty before it is asked."""
    given = visit.request.POST
    names = (*visit.course.assignments, TOTAL)
    return {name: text for name in names if (text := given.get(f"column {name}", ""))}


def _choose(visit: Visit, data: bytes, found: CanvasGradebook) -> HttpResponse:
    titles = {name: one.title for name, one in visit.course.assignments.items()}
    titles[TOTAL] = "The total, in percent"
    if "chosen" in visit.request.POST:
        messages.error(visit.request, "Choose a column for at least one assignment.")
    values = {
        "data": base64.b64encode(data).decode(),
        "columns": [
            (column.canvas_id, clean_line(column.header, 120))
            for column in found.columns
            if not column.read_only
        ],
        "wishes": [
            Wish(name, title, _guess(name, title, found.columns)) for name, title in titles.items()
        ],
        "students": len(found.students),
        **_values(visit),
    }
    return render(visit.request, "web/staff/gradebook_columns.html", values)


def _guess(name: str, title: str, columns: tuple[CanvasColumn, ...]) -> str:
    """The id of the only column that is called so; people look at it before it is filled."""
    wanted = {name.casefold(), title.casefold()}
    found = [c.canvas_id for c in columns if c.title.casefold() in wanted and not c.read_only]
    return found[0] if len(found) == 1 else ""


def _filled(visit: Visit, data: bytes, columns: Mapping[str, str]) -> HttpResponse:
    visit.place.rely(visit.by)
    filled = fill_lms_file(visit.course, terms_seen(visit), data, columns)
    with_number = [one for one in filled.unscored if one.has_number]
    others = {one.name for one in filled.unscored if not one.has_number}
    values = {
        "filled": filled,
        "changes": filled.changes[:_SHOWN],
        "more_changes": max(0, len(filled.changes) - _SHOWN),
        "kept": filled.kept[:_SHOWN],
        "with_number": with_number[:_SHOWN] if sees_everybody(visit) else [],
        "without_score": sorted(others)[:_SHOWN] if sees_everybody(visit) else [],
        "content": base64.b64encode(filled.data).decode(),
        **_values(visit),
    }
    return render(visit.request, "web/staff/gradebook_filled.html", values)
