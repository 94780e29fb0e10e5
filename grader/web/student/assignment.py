"""An assignment's page: its dates, what handing in now is worth, the files, what was handed in."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from django.contrib import messages
from django.http import FileResponse, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render

from grader.course import Assignment
from grader.course.calendar import standing_text
from grader.course.policy_text import policy_text
from grader.desk import AssignmentStanding, begin, standing_of_student, time_allowed_text
from grader.desk.grouping import size_note
from grader.gradebook.dates import Calendar
from grader.gradebook.evidence import Evidence, gather_dates, gather_student
from grader.intake import KINDS, FileLimits, Refused
from grader.report.own import OwnWork, Past
from grader.store import GroupRow, State
from grader.web.finding import find_own_assignment
from grader.web.place import released_file
from grader.web.student.home import time_left
from grader.web.visits import STUDENTS, Visit, page

# Whoever has handed in more often finds what is older by the numbers.
_LISTED = 50

STATES: dict[State, tuple[str, str]] = {
    State.QUEUED: ("waiting", "waiting"),
    State.RUNNING: ("running", "being graded"),
    State.GRADED: ("graded", "graded"),
    State.DELAYED: ("delayed", "delayed, by a failure of ours"),
    State.SUPERSEDED: ("superseded", "not graded: a newer one came"),
    State.BY_HAND: ("done", "people grade it"),
}


@dataclass(frozen=True)
class PastView:
    """One line of what was handed in. `by` is there for a group's."""

    number: int
    received: datetime
    by: str
    late: str
    kind: str
    state: str
    final: float | None
    counts: bool


@dataclass(frozen=True)
class ExtensionView:
    """More time, in words. The reason is there where it is the student's own and no group's."""

    text: str
    reason: str


@page(STUDENTS)
def assignment_page(visit: Visit, name: str) -> HttpResponse:
    """All of an assignment."""
    return show_assignment(visit, name)


@page(STUDENTS)
def assignment_now(visit: Visit, name: str) -> HttpResponse:
    """The part of the page that changes with the time."""
    evidence = gather_student(visit.store, visit.course, visit.student.identifier)
    assignment = find_own_assignment(visit, name, evidence)
    values = now_values(visit, assignment, standing_of(visit, name, evidence))
    return render(visit.request, "web/student/assignment_now.html", values)


@page(STUDENTS, "POST")
def begin_timed(visit: Visit, name: str) -> HttpResponse:
    """Begin timed work: from now on its time runs."""
    assignment = find_own_assignment(visit, name, gather_dates(visit.store, visit.course))
    if not visit.request.POST.get("ready"):
        messages.error(visit.request, "Tick that you are ready: the time can't be stopped.")
        return HttpResponseRedirect(f"/assignments/{name}/")
    student = visit.student.identifier
    try:
        visit.place.rely(visit.by)
        begin(visit.course, visit.store, assignment, student, visit.now, by=visit.by)
    except Refused as refused:
        messages.error(visit.request, str(refused))
    else:
        messages.success(visit.request, "You have begun. The files are below.")
    return HttpResponseRedirect(f"/assignments/{name}/")


@page(STUDENTS)
def starter(visit: Visit, name: str) -> HttpResponseBase:
    """The released bundle; of timed work once it is begun."""
    evidence = gather_dates(visit.store, visit.course)
    assignment = find_own_assignment(visit, name, evidence)
    dates = Calendar(visit.course, evidence).dates(assignment, visit.student.identifier)
    if dates.time_allowed is not None and dates.started is None:
        messages.error(visit.request, "Begin first: you get the files then.")
        return HttpResponseRedirect(f"/assignments/{name}/")
    return _file(visit, assignment, "")


@page(STUDENTS)
def solution(visit: Visit, name: str) -> HttpResponseBase:
    """The solution, once it is out."""
    evidence = gather_dates(visit.store, visit.course)
    assignment = find_own_assignment(visit, name, evidence)
    opens = Calendar(visit.course, evidence).solution_from(assignment)
    if opens is None or opens.astimezone(UTC) > visit.now:
        messages.error(visit.request, "The solution is not out.")
        return HttpResponseRedirect(f"/assignments/{name}/")
    return _file(visit, assignment, "solution")


def _file(visit: Visit, assignment: Assignment, kind: str) -> HttpResponseBase:
    path = released_file(visit.place.data, assignment.name, kind)
    try:
        opened = path.open("rb")
    except OSError:
        messages.error(
            visit.request,
            "That file has not been put here yet. It is not your fault: the teaching staff make it "
            "when they release it.",
        )
        return HttpResponseRedirect(f"/assignments/{assignment.name}/")
    return FileResponse(opened, as_attachment=True, filename=path.name)


def show_assignment(
    visit: Visit, name: str, *, problem: Refused | None = None, status: int = 200
) -> HttpResponse:
    """The page, with what was wrong with a file that was just sent."""
    student = visit.student.identifier
    evidence = gather_student(visit.store, visit.course, student)
    assignment = find_own_assignment(visit, name, evidence)
    one = standing_of(visit, name, evidence)
    own = OwnWork(visit.store, visit.course, assignment, student, visit.now, evidence=evidence)
    calendar = Calendar(visit.course, evidence)
    group = calendar.group_of(assignment, student)
    kind = KINDS[assignment.submit]
    past = list(islice(own.past(), _LISTED + 1))
    names = {row.identifier: row.name or row.identifier for row in evidence.students}
    values = {
        "here": "home",
        "kind": kind,
        "largest": FileLimits().largest(kind),
        "problem": problem,
        "policy": policy_text(visit.course.late_policy_of(assignment)),
        "extensions": list(extension_views(visit, assignment, evidence, group)),
        "feedback_from": None if assignment.by_hand else calendar.feedback_from(assignment),
        "solution_from": calendar.solution_from(assignment),
        "group": group,
        "members": [names.get(member, member) for member in group.members] if group else [],
        "size_note": size_note(group, assignment.group) if group and assignment.group else "",
        "past": [past_view(one, names) for one in past[:_LISTED]],
        "past_is_cut": len(past) > _LISTED,
        "hidden_until": own.hidden_until,
        "requests": [row for row in visit.store.requests.of(student) if row.assignment == name],
        **now_values(visit, assignment, one),
        **file_values(visit, assignment, one, calendar),
    }
    return render(visit.request, "web/student/assignment.html", values, status=status)


def now_values(visit: Visit, assignment: Assignment, one: AssignmentStanding) -> dict[str, Any]:
    """What changes with the time."""
    return {
        "assignment": assignment,
        "dates": one.dates,
        "left": time_left(one.dates.due, visit.now),
        "seconds": int((one.dates.due.astimezone(UTC) - visit.now).total_seconds()),
        "if_now": _as_sentence(one.if_now),
        "allowed": one.allowed,
        "limits": _limits_text(assignment),
        "refusal": one.refusal,
        "is_extended": one.dates.due.astimezone(UTC)
        > (one.dates.set_due or one.dates.due).astimezone(UTC),
        "time_allowed": time_allowed_text(one.dates) if one.dates.time_allowed else "",
        "may_begin": one.dates.time_allowed is not None
        and one.dates.started is None
        and visit.now < one.dates.due.astimezone(UTC),
    }


def file_values(
    visit: Visit, assignment: Assignment, one: AssignmentStanding, calendar: Calendar
) -> dict[str, Any]:
    """Which files there are to download."""
    opens = calendar.solution_from(assignment)
    is_out = opens is not None and opens.astimezone(UTC) <= visit.now
    data, name = visit.place.data, assignment.name
    waits = one.dates.time_allowed is not None and one.dates.started is None
    return {
        "starter": "waits" if waits else released_file(data, name).is_file() and "there",
        "solution": is_out and released_file(data, name, "solution").is_file(),
    }


def standing_of(visit: Visit, name: str, evidence: Evidence) -> AssignmentStanding:
    """Where the student stands with an assignment."""
    found = standing_of_student(
        visit.course, visit.store, visit.student.identifier, visit.now, evidence=evidence
    )
    return next(one for one in found.assignments if one.assignment == name)


def extension_views(
    visit: Visit, assignment: Assignment, evidence: Evidence, group: GroupRow | None
) -> Iterator[ExtensionView]:
    """The extensions that hold for the student."""
    student = visit.student.identifier
    for row in evidence.extensions:
        is_own = row.student == student
        is_groups = group is not None and row.group == group.id
        if row.assignment != assignment.name or not (is_own or is_groups):
            continue
        parts = [f"until {row.until_text}"] if row.until else []
        parts += [f"{row.days} day{'' if row.days == 1 else 's'} more"] if row.days else []
        parts += [f"{row.time_factor:g} times the time"] if row.time_factor != 1 else []
        text = ", ".join(parts) + ("" if is_own else ", for your group")
        yield ExtensionView(text, row.reason if is_own else "")


def past_view(one: Past, names: dict[str, str]) -> PastView:
    """A submission for the list."""
    row = one.submission
    kind, state = STATES[row.state]
    return PastView(
        number=row.id,
        received=row.received_at,
        by=names.get(row.student, row.student) if row.group is not None else "",
        late=standing_text(one.standing),
        kind=kind,
        state=state,
        final=one.final,
        counts=one.counts,
    )


def _as_sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) or not text else ".")


def _limits_text(assignment: Assignment) -> str:
    """How often one may hand in, in words; nothing where there is no limit."""
    attempts = assignment.attempts
    parts = [f"{attempts.limit} in all"] if attempts.limit is not None else []
    parts += [f"{attempts.per_day} a day"] if attempts.per_day is not None else []
    minutes = attempts.wait.total_seconds() / 60
    parts += [f"one every {minutes:g} min"] if minutes else []
    return ", ".join(parts)
