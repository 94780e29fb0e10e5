"""Regrade requests: what students ask about their grades, and what staff answer."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from grader.gradebook import QuestionScore, questions_of
from grader.gradebook.evidence import gather_student
from grader.gradebook.term import Grade, Sheets
from grader.outcomes import CheckResult, Outcome
from grader.report.cleaning import clean_block
from grader.report.sentences import OUTCOMES
from grader.report.wording import spoken_name
from grader.store import RequestRow, StudentRow
from grader.web.finding import find_request, find_student
from grader.web.staff.paging import part_of
from grader.web.staff.reach import called, hides_names, people_seen
from grader.web.visits import STAFF, OwnWork, Visit, page

ON_A_PAGE = 50
LONGEST_ANSWER = 20_000


@dataclass(frozen=True)
class Finding:
    """What a check found, for staff: also what students are not told."""

    title: str
    label: str
    passed: bool
    earned: float
    points: float
    message: str
    mistake: str


@page(STAFF)
def requests(visit: Visit) -> HttpResponse:
    """The requests of students whom the visitor may see: open ones first, by age."""
    people = people_seen(visit)
    chosen = visit.request.GET.get("assignment", "")
    rows = [row for row in visit.store.requests.all() if row.student in people]
    names = {row.assignment for row in rows}
    rows = [row for row in rows if chosen in ("", row.assignment)]
    waiting = [row for row in rows if row.closed_at is None]
    closed = [row for row in reversed(rows) if row.closed_at is not None]
    query = f"assignment={chosen}" if chosen in names else ""
    given = {"page": visit.request.GET.get("page", "")}
    part = part_of([*waiting, *closed], given, size=ON_A_PAGE, query=query)
    values = {
        "here": "requests",
        "part": part,
        "lines": [(row, *_asks(visit, row, people[row.student])) for row in part.entries],
        "now": visit.now,
        "waiting": len(waiting),
        "assignments": [one for name, one in visit.course.assignments.items() if name in names],
        "chosen": chosen,
    }
    return render(visit.request, "web/staff/requests.html", values)


def _asks(visit: Visit, row: RequestRow, student: StudentRow) -> tuple[str, str]:
    """Who asks: a name, and the identifier, or what the paper is called where names are hidden."""
    assignment = visit.course.assignments.get(row.assignment)
    if assignment is not None and hides_names(visit, assignment):
        return called(visit, visit.store.submission(row.submission_id), ""), ""
    return student.name or student.identifier, student.identifier


@page(STAFF, "GET", "POST")
def request(visit: Visit, number: int) -> HttpResponse:
    """One request with all that an answer needs; what is sent is the answer."""
    row = find_request(visit, number)
    about = visit.store.submission(row.submission_id)
    is_own = visit.visitor.is_party_to(about)
    if visit.request.method == "POST":
        if is_own:
            raise OwnWork("others must answer")
        return _answer(visit, row)
    asks, identifier = _asks(visit, row, find_student(visit, row.student))
    values: dict[str, Any] = {
        "here": "requests",
        "row": row,
        "is_own": is_own,
        "now": visit.now,
        "asks": asks,
        "identifier": identifier,
        "student": asks if identifier else "The student",
        "thread": [(one, one.by == row.student) for one in row.replies],
    }
    if row.assignment in visit.course.assignments:
        values |= _standing(visit, row)
    return render(visit.request, "web/staff/request.html", values)


def _answer(visit: Visit, row: RequestRow) -> HttpResponse:
    """Answer it, and close it if that was asked for."""
    here = HttpResponseRedirect(f"/staff/requests/{row.id}/")
    text = visit.request.POST.get("text", "").replace("\r\n", "\n").replace("\0", "\ufffd").strip()
    if not text or len(text) > LONGEST_ANSWER:
        what = "say something to the student" if not text else "the answer is too long"
        messages.error(visit.request, f"Not sent: {what}; {LONGEST_ANSWER:,} characters at most.")
        return here
    closes = visit.request.POST.get("do") == "close"
    visit.store.requests.reply(row.id, text, by=visit.by, close=closes)
    told = "answered and closed" if closes else "answered"
    messages.success(visit.request, f"Request {row.id} is {told}.")
    return HttpResponseRedirect("/staff/requests/") if closes else here


def _standing(visit: Visit, row: RequestRow) -> dict[str, Any]:
    """What the question is worth now, and why."""
    assignment = visit.course.assignments[row.assignment]
    evidence = gather_student(visit.store, visit.course, row.student)
    grade = Sheets(visit.course, evidence, visit.now).term(row.student).grades[row.assignment]
    infos = {info.name: info for info in questions_of(assignment)}
    marks = [
        mark
        for mark in evidence.handed[row.assignment].manual
        if (mark.submission_id, mark.question) == (row.submission_id, row.question)
    ]
    result = next(visit.store.results_of([row.submission_id]), None)
    checks = result.graded.checks if result else ()
    return {
        "assignment": assignment,
        "info": infos.get(row.question),
        "grade": grade,
        "score": _score(grade, row.question),
        "counts": grade.submission,
        "mark": marks[-1] if marks else None,
        "findings": [_finding(one) for one in checks if one.question == row.question],
    }


def _score(grade: Grade, question: str) -> QuestionScore | None:
    return next((one for one in grade.score.questions if one.question == question), None)


def _finding(result: CheckResult) -> Finding:
    return Finding(
        title=result.title,
        label=OUTCOMES[result.outcome].label,
        passed=result.outcome is Outcome.PASSED,
        earned=result.earned,
        points=result.points,
        message=clean_block(result.message, 12),
        mistake=spoken_name(result.mutant) if result.mutant else "",
    )
