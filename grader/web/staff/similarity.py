"""The reports of similar notebooks that `course similarity` wrote, for staff of the course."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.http import Http404, HttpResponse
from django.shortcuts import render

from grader.web.finding import find_assignment
from grader.web.staff.reach import (
    hides_names,
    require_everybody,
    require_names,
    sees_everybody,
)
from grader.web.staff.reports import REPORT_POLICY
from grader.web.visits import STAFF, Visit, page

# As the report's own pages are called.
_PAGE = re.compile(r"[a-z0-9][a-z0-9~_-]{0,120}\.html")


@dataclass(frozen=True)
class Line:
    """An assignment whose notebooks can be compared, and when they were, if they were."""

    name: str
    title: str
    made: datetime | None


@page(STAFF)
def similarity(visit: Visit) -> HttpResponse:
    """Which reports there are, and how one is made."""
    lines = [
        Line(name, one.title, _made(visit, name) if sees_everybody(visit) else None)
        for name, one in visit.course.assignments.items()
        if not one.by_hand and one.release_utc <= visit.now and not hides_names(visit, one)
    ]
    values = {
        "here": "reports",
        "tab": "similarity",
        "lines": lines,
        "sees_everybody": sees_everybody(visit),
    }
    return render(visit.request, "web/staff/similarity.html", values)


@page(STAFF)
def similarity_page(visit: Visit, name: str, file: str) -> HttpResponse:
    """One page of a report, as it was written; it shows work of students of all sections."""
    require_everybody(visit)
    require_names(visit, find_assignment(visit, name))
    if not _PAGE.fullmatch(file):
        raise Http404("a report has no such page")
    try:
        content = (_folder(visit, name) / file).read_bytes()
    except OSError as error:
        raise Http404("there is no such page") from error
    answer = HttpResponse(content, content_type="text/html; charset=utf-8")
    answer["Content-Security-Policy"] = REPORT_POLICY
    return answer


def _folder(visit: Visit, name: str) -> Path:
    """Where `course similarity` writes an assignment's; the name is one of the course's."""
    return visit.place.data / "similarity" / name


def _made(visit: Visit, name: str) -> datetime | None:
    try:
        written = (_folder(visit, name) / "index.html").stat().st_mtime
    except OSError:
        return None
    return datetime.fromtimestamp(written, UTC)
