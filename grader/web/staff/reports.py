"""The reports for staff: an assignment's, with its plots, and the term's; as `course report` makes.

A report is a page that stands alone, with its own style and policy. It is served as such, and
shown in a frame of a page of ours.
"""

import re
from collections.abc import Callable
from dataclasses import replace

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from grader.report import AssignmentReport, gather_assignment
from grader.report.document import report_json
from grader.report.pages import index_page
from grader.report.pdf import NoPdf, pdf_of
from grader.report.records import GrantedExtension
from grader.report.tables import checks_csv, difficulty_csv, scores_csv
from grader.report.term import TermReport, gather_term
from grader.report.term.pages import gradebook_page, term_page
from grader.report.term.tables import assignments_csv, gradebook_csv, missing_csv, term_json
from grader.report.wording import page_name
from grader.web.finding import find_assignment
from grader.web.staff.made import made
from grader.web.staff.reach import hides_names, require_names, students_seen
from grader.web.visits import STAFF, Visit, page

# Links lead out of the frame, which has no origin and so no cookies of ours.
REPORT_SANDBOX = "allow-top-navigation-by-user-activation allow-downloads"
REPORT_POLICY = (
    f"sandbox {REPORT_SANDBOX}; default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
# Of our own templates: in what strangers wrote quotes are escaped.
_LINK = re.compile(r'<a href="(?!#)')

# Of 200 students it takes a quarter of a minute, and some 600 MB.
MOST_IN_PDF = 300
_TYPES = {
    "html": "text/html; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "pdf": "application/pdf",
}

OF_ASSIGNMENT: dict[str, Callable[[AssignmentReport], str]] = {
    "index.html": index_page,
    "scores.csv": scores_csv,
    "checks.csv": checks_csv,
    "difficulty.csv": difficulty_csv,
    "report.json": report_json,
}
OF_TERM: dict[str, Callable[[TermReport], str]] = {
    "index.html": term_page,
    "gradebook.html": gradebook_page,
    "gradebook.csv": gradebook_csv,
    "assignments.csv": assignments_csv,
    "missing.csv": missing_csv,
    "report.json": term_json,
}


@page(STAFF)
def reports(visit: Visit) -> HttpResponse:
    """Which reports there are."""
    released = (one for one in visit.course.assignments.values() if one.release_utc <= visit.now)
    assignments = [one for one in released if not hides_names(visit, one)]
    values = {"here": "reports", "tab": "reports", "assignments": assignments}
    return render(visit.request, "web/staff/reports.html", values)


@page(STAFF)
def assignment_report(visit: Visit, name: str) -> HttpResponse:
    """An assignment's report in a frame, with its files."""
    assignment = find_assignment(visit, name)
    require_names(visit, assignment)
    values = {
        "here": "reports",
        "tab": "reports",
        "title": assignment.title,
        "frame": reverse("staff-report-page", args=[name]),
        "files": [
            (file, reverse("staff-report-file", args=[name, file]))
            for file in (*list(OF_ASSIGNMENT)[1:], "index.pdf")
        ],
        "sandbox": REPORT_SANDBOX,
    }
    return render(visit.request, "web/staff/report.html", values)


@page(STAFF)
def assignment_page(visit: Visit, name: str) -> HttpResponse:
    """The report itself."""
    return assignment_file_of(visit, name, "index.html")


@page(STAFF)
def assignment_file(visit: Visit, name: str, file: str) -> HttpResponse:
    """A file beside the report: tables, data, PDF."""
    return assignment_file_of(visit, name, file)


def assignment_file_of(visit: Visit, name: str, file: str) -> HttpResponse:
    """One file of an assignment's report, made anew where anything has changed."""
    assignment = find_assignment(visit, name)
    require_names(visit, assignment)

    def gathered() -> AssignmentReport:
        report = gather_assignment(visit.store, visit.course, assignment, now=visit.now)
        return of_students_seen(visit, report)

    def make(what: str) -> bytes:
        write = OF_ASSIGNMENT[what]
        return made(visit, ("report", name, what), lambda: _bytes(write(gathered())))

    return _answer(visit, ("report", name, file), file, OF_ASSIGNMENT, make, f"{name}-")


@page(STAFF)
def feedback(visit: Visit, name: str, file: str) -> HttpResponse:
    """Where a report links to a student's page: the student's page here."""
    find_assignment(visit, name)
    for row in students_seen(visit):
        if page_name(row.identifier) == file:
            return HttpResponseRedirect(reverse("staff-student", args=[row.identifier]))
    raise Http404("there is no such student")


@page(STAFF)
def term_report(visit: Visit) -> HttpResponse:
    """The term's report in a frame, with its files."""
    values = {
        "here": "reports",
        "tab": "reports",
        "title": "The term",
        "frame": reverse("staff-term-file", args=["index.html"]),
        "files": [
            (file, reverse("staff-term-file", args=[file]))
            for file in (*list(OF_TERM)[1:], "index.pdf", "gradebook.pdf")
        ],
        "sandbox": REPORT_SANDBOX,
    }
    return render(visit.request, "web/staff/report.html", values)


@page(STAFF)
def term_file(visit: Visit, file: str) -> HttpResponse:
    """One file of the term's report."""

    def gathered() -> TermReport:
        report = gather_term(visit.store, visit.course, now=visit.now)
        seen = {row.identifier for row in students_seen(visit)}
        return replace(report, students=tuple(s for s in report.students if s.student in seen))

    def make(what: str) -> bytes:
        write = OF_TERM[what]
        return made(visit, ("term", what), lambda: _bytes(write(gathered())))

    return _answer(visit, ("term", file), file, OF_TERM, make, "term-")


def of_students_seen(visit: Visit, report: AssignmentReport) -> AssignmentReport:
    """The report of the students whom the visitor may see, and nothing of others."""
    if visit.visitor.sections is None:
        return report
    seen = {row.identifier for row in students_seen(visit)}

    def restricted(one: GrantedExtension) -> GrantedExtension:
        return replace(one, students=tuple(name for name in one.students if name in seen))

    extensions = map(restricted, report.extensions)
    return replace(
        report,
        rows=tuple(row for row in report.rows if row.student in seen),
        extensions=tuple(one for one in extensions if one.students),
        requests=tuple(one for one in report.requests if one.student in seen),
    )


def _answer(
    visit: Visit,
    key: tuple[str, ...],
    file: str,
    known: dict[str, Callable[..., str]],
    make: Callable[[str], bytes],
    before: str,
) -> HttpResponse:
    """A file of a report; a page to be read here, all else to be kept."""
    stem, _, kind = file.rpartition(".")
    if kind == "pdf" and f"{stem}.html" in known:
        try:
            content = _pdf(visit, key, lambda: make(f"{stem}.html").decode())
        except NoPdf as error:
            messages.error(visit.request, f"There is no PDF: {error}.")
            return HttpResponseRedirect(visit.request.path.removesuffix(file))
    elif file in known:
        content = make(file)
    else:
        raise Http404("a report has no such file")
    answer = HttpResponse(content, content_type=_TYPES[kind])
    if kind == "html":
        answer["Content-Security-Policy"] = REPORT_POLICY
    else:
        answer["Content-Disposition"] = f'attachment; filename="{before}{file}"'
    return answer


def _pdf(visit: Visit, key: tuple[str, ...], html: Callable[[], str]) -> bytes:
    """The page as PDF. Raises `NoPdf` where none can be made, or not while somebody waits."""
    students = len(students_seen(visit))
    if students > MOST_IN_PDF:
        command = f"course report {key[1]}" if key[0] == "report" else "course report"
        raise NoPdf(
            f"of {students:,} students it takes minutes, so it is made by the command, where the "
            f"data folder is: `{command} --pdf`"
        )
    return made(visit, key, lambda: pdf_of(html()))


def _bytes(text: str) -> bytes:
    # A name may hold half a surrogate pair, which UTF-8 has no bytes for.
    linked = _LINK.sub('<a target="_top" href="', text) if text.startswith("<!doctype") else text
    return linked.encode("utf-8", "replace")
