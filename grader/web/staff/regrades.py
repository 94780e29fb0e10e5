"""What grading again would change, and letting it count or not; as `course regrade` does."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from grader.course import Assignment
from grader.desk.regrading import Change, changes_proposed
from grader.report.wording import counted, signed_text
from grader.web.finding import find_assignment
from grader.web.staff.given import asked, given_reason
from grader.web.staff.paging import part_of
from grader.web.staff.reach import called, hides_names, require_everybody
from grader.web.visits import STAFF, Visit, page

PAGE = 100


@page(STAFF, "GET", "POST")
def regrades(visit: Visit, name: str) -> HttpResponse:
    """The proposals of an assignment, those that change most first; adopt or drop them."""
    require_everybody(visit)
    assignment = find_assignment(visit, name)
    if visit.request.method == "POST":
        return settle(visit, name)
    store = visit.store
    proposed = store.regrades.results(name)
    now = {
        one.submission.id: one.earned or 0.0
        for one in store.browsing.listed([row.submission_id for row in proposed])
    }
    moves = {row.submission_id: row.earned - now[row.submission_id] for row in proposed}
    ordered = sorted(proposed, key=lambda row: (-abs(moves[row.submission_id]), row.student))
    part = part_of(ordered, asked(visit), size=PAGE)
    values = {
        "here": "grading",
        "assignment": assignment,
        "part": part,
        "changes": [
            (one, signed_text(one.after - one.before), _whose(visit, assignment, one))
            for one in changes_proposed(store, part.entries)
        ],
        "up": sum(move > 0 for move in moves.values()),
        "down": sum(move < 0 for move in moves.values()),
        "newest": max((row.id for row in proposed), default=0),
        "waiting": store.regrades.waiting(name),
    }
    return render(visit.request, "web/staff/regrades.html", values)


def _whose(visit: Visit, assignment: Assignment, change: Change) -> str:
    if not hides_names(visit, assignment):
        return change.student
    return called(visit, visit.store.submission(change.submission), change.student)


def settle(visit: Visit, name: str) -> HttpResponse:
    """Adopt what the visitor has seen, or drop all of it."""
    given = visit.request.POST
    reason = given_reason(visit)
    what, newest = given.get("do", ""), given.get("newest", "")
    there = HttpResponseRedirect(reverse("staff-regrades", args=[name]))
    if not reason:
        messages.error(visit.request, "Say why: the course's record keeps it.")
        return there
    if what == "adopt" and newest.isdecimal():
        visit.place.rely(visit.by)
        # What was shown, not what the grader has found since.
        rows = visit.store.regrades.results(name)
        seen = {row.id for row in rows if row.id <= int(newest)}
        number = visit.store.regrades.adopt(name, by=visit.by, reason=reason, seen=seen)
        messages.success(visit.request, f"{counted(number, 'grading')} adopted: they count now.")
    elif what == "drop":
        number = visit.store.regrades.drop(name, by=visit.by, reason=reason)
        messages.success(
            visit.request, f"{counted(number, 'proposal')} dropped: grades stay as they were."
        )
    else:
        messages.error(visit.request, "Say whether to adopt or to drop what is proposed.")
    return there
