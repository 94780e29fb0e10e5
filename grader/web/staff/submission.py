"""One submission: whose, what counts of it, what grading found, and what staff can do with it."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from grader.course.calendar import standing_text
from grader.desk.papers import nameless
from grader.desk.withdrawing import concerned, grades_for, lines_on_what_counts
from grader.gradebook.evidence import gather_dates, gather_students
from grader.gradebook.term import Grade, Sheets
from grader.report.wording import points_text
from grader.store import CannotWithdraw, State, StudentRow, SubmissionRow
from grader.web.finding import find_others_submission, find_submission
from grader.web.staff.choosing import Chosen, read_choice
from grader.web.staff.findings import findings
from grader.web.staff.given import asked, given_reason
from grader.web.staff.reach import hides_names, people_seen, sees_everybody
from grader.web.visits import STAFF, Visit, page

_MAY_WAIT = (State.DELAYED, State.SUPERSEDED)


@dataclass(frozen=True)
class Whose:
    """One student whose work it is: how late it is for them, their score, whether it counts."""

    student: StudentRow
    counts: bool
    late: str
    score: str
    instead: int | None


@page(STAFF)
def submission(visit: Visit, number: int) -> HttpResponse:
    """All that is known of a submission. The filter that it was found by is in the address."""
    row = find_submission(visit, number)
    store = visit.store
    chosen = Chosen(visit, read_choice(visit, asked(visit)))
    before, after, place = chosen.around(row)
    assignment = visit.course.assignments[row.assignment]
    is_hidden = hides_names(visit, assignment)
    paper = f"Paper {nameless(store.secret(), row)}" if is_hidden else ""
    (listed,) = store.browsing.listed([number])
    values = {
        "here": "submissions",
        "row": row,
        "assignment": assignment,
        "choice": chosen.choice,
        "before": before,
        "after": after,
        "place": place,
        "found": len(chosen.numbers),
        "whose": list(whose(visit, row)) if not paper else [],
        "hides_names": paper,
        # Of a PDF there is one under a name that tells nobody whose it is.
        "download": f"/submissions/{number}/"
        + ("pdf?download=1" if paper and assignment.by_hand else "file"),
        "questions": assignment.questions,
        "findings": findings(store.results(number)),
        # A line of it may name the student, as of a request.
        "history": store.history(number) if not paper else (),
        "marks": newest_marks(visit, row),
        "has_proposal": listed.has_proposal and sees_everybody(visit),
        "is_own": visit.visitor.is_party_to(row),
        "again": _how_again(visit, row),
        "is_withdrawn": row.state is State.WITHDRAWN,
        "is_running": row.state is State.RUNNING,
        "step": store.live.steps([number]).get(number, ""),
    }
    return render(visit.request, "web/staff/submission.html", values)


def _how_again(visit: Visit, row: SubmissionRow) -> str:
    """How it can be graded again: what is graded for a proposal, else by the queue, or not."""
    if row.state is State.GRADED:
        return "propose"
    return "queue" if row.state in _MAY_WAIT and not is_by_hand(visit, row) else ""


def is_by_hand(visit: Visit, row: SubmissionRow) -> bool:
    """Whether people grade all of it, so that nothing is run."""
    return visit.course.assignments[row.assignment].by_hand


def whose(visit: Visit, row: SubmissionRow) -> Iterator[Whose]:
    """Everybody whose work it is, or may be, of those whom the visitor may see."""
    people = people_seen(visit)
    dates = gather_dates(visit.store, visit.course)
    students = [name for name in concerned(row, dates) if name in people]
    evidence = gather_students(visit.store, visit.course, students, dates=dates)
    sheets = Sheets(visit.course, evidence, visit.now)
    for name in students:
        grade = sheets.term(name).grades[row.assignment]
        yield _whose(people[name], row, grade, _late(sheets, name, row))
    for name in row.credited:  # who left the course has no grade any more
        if name in people and name not in students:
            yield Whose(people[name], False, "", "not in the course any more", None)


def _late(sheets: Sheets, student: str, row: SubmissionRow) -> str:
    """How late it is for the student, whichever counts; "" where it can't count for them."""
    if row.id not in {one.id for one in sheets.shares(student, row.assignment)}:
        return ""
    standing = sheets.grade_as_if(student, row.assignment, row.id).standing
    return standing_text(standing) if standing else ""


def _whose(student: StudentRow, row: SubmissionRow, grade: Grade, late: str) -> Whose:
    score, counted = grade.score, grade.submission
    text = str(score.pending or "")
    if score.final is not None:
        text = f"{points_text(score.final)} of {points_text(score.points)}"
        text += ", set by hand" if score.override else ""
    counts = counted is not None and counted.id == row.id
    instead = counted.id if counted and not counts else None
    return Whose(student, counts, late, text, instead)


def newest_marks(visit: Visit, row: SubmissionRow) -> list[tuple[str, str, str, str]]:
    """The points given by hand, the newest of each question: (question, points, by, comment)."""
    newest = {one.question: one for one in visit.store.marks.of(row.assignment, only=[row.id])}
    return [
        (
            one.question,
            ", ".join(f"{item} {share:g}" for item, share in (one.marks or {}).items() if share)
            + (f" {one.points:+g}" if one.marks is not None and one.points else "")
            if one.marks is not None
            else f"{one.points:g}",
            one.by,
            one.comment,
        )
        for one in newest.values()
    ]


@page(STAFF, "POST")
def grade_again(visit: Visit, number: int) -> HttpResponse:
    """Queue it: what is graded for a proposal, what is not for its first grading."""
    row = find_others_submission(visit, number)
    visit.place.rely(visit.by)
    how = _how_again(visit, row)
    if how == "propose" and visit.store.regrades.queue([number]):
        told = "It will be graded again; what that finds is proposed, and counts once adopted."
        messages.success(visit.request, told)
    elif how == "queue":
        visit.store.queue_submission(number, f"asked for by {visit.by}")
        messages.success(visit.request, "It is queued.")
    else:
        messages.error(visit.request, f"It is {row.state}: there is nothing to grade again.")
    return _back(visit, number)


@page(STAFF, "POST")
def withdraw(visit: Visit, number: int) -> HttpResponse:
    """Take it back with a reason, or give it back; what counts then is told."""
    row = find_others_submission(visit, number)
    given = visit.request.POST
    undo = given.get("do") == "reinstate"
    change = visit.store.withdrawals.reinstate if undo else visit.store.withdrawals.withdraw
    try:
        row = change(number, reason=given_reason(visit), by=visit.by)
    except CannotWithdraw as error:
        messages.error(visit.request, f"{str(error)[:1].upper()}{str(error)[1:]}.")
        return _back(visit, number)
    grades = grades_for(visit.course, visit.store, row, visit.now)
    seen = {name: grade for name, grade in grades.items() if name in people_seen(visit)}
    if hides_names(visit, visit.course.assignments[row.assignment]):
        seen = {}
    lines = "; ".join(lines_on_what_counts(visit.store, row, seen))
    what = f"given back; it is {row.state} now" if undo else "withdrawn"
    messages.success(
        visit.request, f"Submission {number} is {what}." + (f" {lines}." if lines else "")
    )
    return _back(visit, number)


def _back(visit: Visit, number: int) -> HttpResponse:
    choice = read_choice(visit, asked(visit))
    query = f"?{choice.query}" if choice.query else ""
    return HttpResponseRedirect(reverse("staff-submission", args=[number]) + query)
