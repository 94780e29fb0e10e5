"""One submission: its receipt, how far it has come, and what came of it."""

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from grader.course import Assignment
from grader.course.calendar import standing_text
from grader.desk.asking import LONGEST, ask_again
from grader.gradebook.records import QuestionState
from grader.intake import KINDS, Refused, read_notebook
from grader.outcomes import GraderError
from grader.report.feedback import feedback_view
from grader.report.own import OwnWork
from grader.report.records import RowState
from grader.report.withholding import as_shown
from grader.report.wording import time_text
from grader.store import State, Store, SubmissionRow, receipt_of
from grader.store.blobs import Blobs
from grader.web.finding import find_own_submission, find_submission
from grader.web.guarding import STRANGERS_POLICY
from grader.web.staff.reach import hides_names
from grader.web.student.assignment import STATES
from grader.web.visits import EVERYBODY, STUDENTS, Role, Visit, page

_CELL = re.compile(r"cell (\d+)")
_TESTS = "tests"
_SAID: dict[State, str] = {
    State.GRADED: "Your submission was run and tested.",
    State.DELAYED: "Something of ours failed while we graded this: our failure, not yours. It is "
    "safe, keeps the time at which we received it, and will be graded again.",
    State.SUPERSEDED: "A newer submission came before this one was graded, so it was not. It is "
    "kept.",
    State.BY_HAND: "We have your file. What has been graded of it is below.",
}


@dataclass(frozen=True)
class Status:
    """How far a submission has come; `mark` tells this status from the one before.

    `done` of `cells` cells have been run. A page asks for it `every` so many seconds.
    """

    kind: str
    title: str
    text: str
    is_live: bool
    done: int = 0
    cells: int = 0
    every: int = 2

    @property
    def mark(self) -> str:
        """A short name of all that it says."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:16]


@page(EVERYBODY)
def submission_page(visit: Visit, number: int) -> HttpResponse:
    """A submission as its student sees it; staff have a page of their own for it."""
    row = find_submission(visit, number)
    if Role.STUDENT in visit.visitor.roles:
        try:
            return show_submission(visit, find_own_submission(visit, number))
        except Http404:
            pass  # found as staff, then
    return HttpResponseRedirect(f"/staff/submissions/{row.id}/")


@page(STUDENTS)
def submission_live(visit: Visit, number: int) -> HttpResponse:
    """How far it has come, for a page that asks again and again; with feedback at the end."""
    row = find_own_submission(visit, number)
    status = status_of(visit, row)
    if status.is_live and visit.request.GET.get("seen") == status.mark:
        return HttpResponse(status=204)
    values: dict[str, Any] = {"status": status, "submission": row}
    if not status.is_live:
        values |= {"is_swapped": True, **feedback_values(visit, row)}
    return render(visit.request, "web/student/submission_live.html", values)


@page(STUDENTS)
def receipt(visit: Visit, number: int) -> HttpResponse:
    """The receipt as `course receipt verify` reads it."""
    row = find_own_submission(visit, number)
    answer = HttpResponse(receipt_of(row).as_json(), content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="receipt-{row.id}.json"'
    return answer


@page(EVERYBODY)
def submitted_file(visit: Visit, number: int) -> FileResponse:
    """The file as it was received, to be kept and never to be opened in the page."""
    row = find_submission(visit, number)
    answer = FileResponse(
        BytesIO(visit.store.read_notebook_bytes(row)),
        as_attachment=True,
        filename=shown_file_name(visit, row),
        content_type="application/octet-stream",
    )
    answer["Content-Security-Policy"] = STRANGERS_POLICY
    return answer


def shown_file_name(visit: Visit, row: SubmissionRow) -> str:
    """What the file is called for the visitor: as its student called it, or without their name."""
    name = row.file_name.replace("/", "_").replace("\\", "_")
    assignment = visit.course.assignments[row.assignment]
    if not name or (visit.visitor.is_staff and hides_names(visit, assignment)):
        return f"{row.assignment}-{row.id}{KINDS[assignment.submit].ending}"
    return name


@page(STUDENTS, "POST")
def ask(visit: Visit, number: int) -> HttpResponse:
    """Ask that a question be looked at again."""
    row = find_own_submission(visit, number)
    question = visit.request.POST.get("question", "")
    text = visit.request.POST.get("text", "")
    assignment = visit.course.assignments[row.assignment]
    try:
        if question not in may_ask(own_work(visit, assignment), row):
            raise Refused(
                "you can ask about a question once its result is shown, of the submission that "
                "counts."
            )
        student = visit.student.identifier
        asked = ask_again(visit.course, visit.store, assignment, student, question, text, visit.now)
    except Refused as refused:
        typed = {"question": question, "text": text, "problem": refused}
        return show_submission(visit, row, typed=typed, status=422)
    messages.success(visit.request, "Your request is with the teaching staff.")
    return HttpResponseRedirect(f"/requests/{asked.id}/")


def show_submission(
    visit: Visit, row: SubmissionRow, *, typed: dict[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    """The page. `typed` is a request that could not be taken."""
    values = {
        "here": "home",
        "submission": row,
        "assignment": visit.course.assignments[row.assignment],
        "status": status_of(visit, row),
        "received": time_text(row.received_at, visit.zone),
        "group": _group_name(visit, row),
        **feedback_values(visit, row, typed),
    }
    return render(visit.request, "web/student/submission.html", values, status=status)


def status_of(visit: Visit, row: SubmissionRow) -> Status:
    """How far a submission has come, in words for its student."""
    kind, title = STATES[row.state]
    title = title[0].upper() + title[1:]
    if row.state is State.QUEUED:
        ahead = visit.store.queue.ahead_of(row.id) or 0
        text = _queue_text(visit, row, ahead)
        return Status(kind, title, text, is_live=True, every=_seconds_to_wait(ahead))
    if row.state is not State.RUNNING:
        return Status(kind, title, _SAID[row.state], is_live=False)
    step = visit.store.live.steps([row.id]).get(row.id, "")
    found = _CELL.fullmatch(step)
    if found is None:
        is_early = step_for_student(step) != _TESTS
        text = "It is about to run." if is_early else "The tests are running."
        return Status(kind, title, text, is_live=True)
    cells = cells_of(visit.store, row)
    at = int(found[1])
    text = f"Cell {at} of {cells} is running." if cells else f"Cell {at} is running."
    return Status(kind, title, text, is_live=True, done=at - 1, cells=cells)


def step_for_student(step: str) -> str:
    """What a student may know of a step: a check's name is hidden.

    >>> [step_for_student(one) for one in ("", "starting", "cell 3", "q1 of large inputs")]
    ['', 'starting', 'cell 3', 'tests']
    """
    return step if step in ("", "starting") or _CELL.fullmatch(step) else _TESTS


def _seconds_to_wait(ahead: int) -> int:
    """How soon a page asks again. Hundreds may wait after a due time, and grading needs the CPU."""
    return 2 if ahead < 5 else 5 if ahead < 20 else 15


def _queue_text(visit: Visit, row: SubmissionRow, ahead: int) -> str:
    if row.assignment in visit.store.live.pauses():
        return "The teaching staff have paused grading for now; yours keeps its place."
    if not ahead:
        return "It is the next one."
    return f"{ahead:,} {'is' if ahead == 1 else 'are'} graded before it."


def cells_of(store: Store, row: SubmissionRow) -> int:
    """How many cells a notebook has; 0 where that can't be told."""
    try:
        return _count_cells(store.blobs, row.sha256)
    except (GraderError, Refused):
        return 0


@lru_cache(maxsize=256)
def _count_cells(blobs: Blobs, sha256: str) -> int:
    return len(read_notebook(blobs.read(sha256)).cells)


def own_work(visit: Visit, assignment: Assignment) -> OwnWork:
    """The student's own work, as they may know it now."""
    student = visit.student.identifier
    return OwnWork(visit.store, visit.course, assignment, student, visit.now)


def may_ask(own: OwnWork, row: SubmissionRow) -> list[str]:
    """The questions whose result is shown, of the submission that counts."""
    if own.counts is None or own.counts.id != row.id:
        return []
    report = own.report(row.id)
    shown = (QuestionState.GRADED, QuestionState.OVERRIDDEN)
    questions = as_shown(report, report.rows[0]).score.questions
    return [one.question for one in questions if one.state in shown]


def feedback_values(
    visit: Visit, row: SubmissionRow, typed: dict[str, Any] | None = None
) -> dict[str, Any]:
    """What came of it, as far as its student may know; nothing while there is nothing."""
    own = own_work(visit, visit.course.assignments[row.assignment])
    report = own.report(row.id)
    found = report.rows[0]
    requests = visit.store.requests.of(visit.student.identifier)
    about = [one for one in requests if one.submission_id == row.id]
    is_there = found.state in (RowState.GRADED, RowState.BY_HAND)
    asked = {one.question: one for one in about if one.closed_at is None}
    questions = may_ask(own, row)
    return {
        "feedback": feedback_view(report, found) if is_there else None,
        "late": standing_text(found.standing) if found.standing else "",
        "due": found.due,
        "counts": own.counts,
        "may_ask": [one for one in questions if one not in asked],
        "asked": asked,
        "requests": about,
        "typed": typed,
        "longest": LONGEST,
    }


def _group_name(visit: Visit, row: SubmissionRow) -> str:
    if row.group is None:
        return ""
    of = visit.course.assignments[row.assignment].group_set or ""
    return next((one.name for one in visit.store.groups.all(of) if one.id == row.group), "")
