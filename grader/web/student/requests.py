"""A student's regrade requests, and the answers to them."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from grader.desk.asking import LONGEST, answer_again
from grader.intake import Refused
from grader.store import RequestRow
from grader.web.finding import find_own_request
from grader.web.models import Account
from grader.web.visits import STUDENTS, Visit, page


@dataclass(frozen=True)
class Said:
    """One thing that was said, by whom, and whether that was the student."""

    by: str
    text: str
    at: datetime
    is_own: bool


@page(STUDENTS)
def own_requests(visit: Visit) -> HttpResponse:
    """All of them, the open ones first and the newest first."""
    rows = visit.store.requests.of(visit.student.identifier)
    newest = sorted(rows, key=lambda row: (row.closed_at is None, last_at(row)), reverse=True)
    values = {
        "here": "my requests",
        "requests": [(row, *titles_of(visit, row), last_at(row)) for row in newest],
    }
    return render(visit.request, "web/student/requests.html", values)


@page(STUDENTS, "GET", "POST")
def own_request(visit: Visit, number: int) -> HttpResponse:
    """One of them; a POST adds something to it."""
    row = find_own_request(visit, number)
    if visit.request.method != "POST":
        return _show(visit, row)
    text = visit.request.POST.get("text", "")
    try:
        answer_again(visit.store, row, text, by=visit.by)
    except Refused as refused:
        return _show(visit, row, typed=text, problem=str(refused), status=422)
    messages.success(visit.request, "Added to your request.")
    return HttpResponseRedirect(f"/requests/{number}/")


def _show(
    visit: Visit, row: RequestRow, *, typed: str = "", problem: str = "", status: int = 200
) -> HttpResponse:
    accounts = Account.objects.filter(login__in={reply.by for reply in row.replies})
    names = {account.login: account.get_full_name() for account in accounts}
    said = [Said(visit.visitor.name, row.text, row.at, is_own=True)]
    said += [
        Said(names.get(one.by, one.by), one.text, one.at, is_own=one.by == visit.by)
        for one in row.replies
    ]
    title, of = titles_of(visit, row)
    values = {
        "here": "my requests",
        "request_row": row,
        "title": title,
        "of": of,
        "said": said,
        "typed": typed,
        "problem": problem,
        "longest": LONGEST,
    }
    return render(visit.request, "web/student/request.html", values, status=status)


def titles_of(visit: Visit, row: RequestRow) -> tuple[str, str]:
    """What a request is about: the question, and the assignment."""
    assignment = visit.course.assignments.get(row.assignment)
    if assignment is None:
        return row.question, row.assignment
    titles = {question.name: question.title for question in assignment.questions}
    return f"{row.question} {titles.get(row.question, '')}".strip(), assignment.title


def last_at(row: RequestRow) -> datetime:
    """When something was said last."""
    return row.replies[-1].at if row.replies else row.at
