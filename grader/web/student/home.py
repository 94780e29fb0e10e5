"""The first page: what is due, what was handed in, what handing in now is worth, what came back."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from grader.desk import AssignmentStanding, standing_of_student
from grader.desk.grouping import group_sets
from grader.gradebook.records import Pending
from grader.store import State
from grader.web.visits import EVERYBODY, Role, Visit, page


@dataclass(frozen=True)
class Line:
    """One assignment in the list; times in the visitor's zone.

    `result` is where its feedback is, and says so in words.
    """

    name: str
    title: str
    due: datetime
    left: str
    is_over: bool
    handed_in: datetime | None
    if_now: str
    group: str
    extended: bool
    submission: int | None
    final: float | None
    out_of: float
    result: str


@page(EVERYBODY)
def home(visit: Visit) -> HttpResponse:
    """A student's assignments; staff are sent to theirs."""
    if Role.STUDENT not in visit.visitor.roles:
        return HttpResponseRedirect("/staff/")
    student = visit.student.identifier
    found = standing_of_student(visit.course, visit.store, student, visit.now)
    by_due = sorted(found.assignments, key=lambda one: one.dates.due.astimezone(UTC))
    lines = [line_of(visit, one) for one in by_due if one.is_open]
    later = sorted(
        (one for one in found.assignments if not one.is_open),
        key=lambda one: one.dates.release.astimezone(UTC),
    )
    values = {
        "here": "home",
        "due": [line for line in lines if not line.is_over],
        "over": [line for line in reversed(lines) if line.is_over],
        "later": [
            (visit.course.assignments[one.assignment].title, one.dates.release) for one in later
        ],
        "grace_left": found.grace_left,
        "open_requests": sum(row.closed_at is None for row in visit.store.requests.of(student)),
        "has_groups": bool(group_sets(visit.course)),
    }
    return render(visit.request, "web/student/home.html", values)


def line_of(visit: Visit, one: AssignmentStanding) -> Line:
    """An assignment for the list."""
    assignment = visit.course.assignments[one.assignment]
    due = one.dates.due
    final = one.score.final if one.score else None
    return Line(
        name=one.assignment,
        title=assignment.title,
        due=due,
        left=time_left(due, visit.now),
        is_over=due.astimezone(UTC) <= visit.now,
        handed_in=one.newest.received_at if one.newest else None,
        if_now=one.if_now,
        group=one.group or "",
        extended=due.astimezone(UTC) > (one.dates.set_due or due).astimezone(UTC),
        submission=one.counts.id if one.counts else None,
        final=final,
        out_of=assignment.points,
        result=_result(one),
    )


def _result(one: AssignmentStanding) -> str:
    """What has come back of what counts, where there is no score yet."""
    if one.score is not None and one.score.pending is Pending.EXCUSED:
        return "you are excused"
    row = one.counts
    if row is None or (one.score is not None and one.score.final is not None):
        return ""
    if row.state is State.GRADED:
        return "run; points come later" if one.score is None else "not all of it is graded yet"
    states = {
        State.QUEUED: "waiting to be graded",
        State.RUNNING: "being graded",
        State.DELAYED: "delayed by a failure of ours",
        State.BY_HAND: "people grade it",
    }
    return states.get(row.state, "")


def time_left(due: datetime, now: datetime) -> str:
    """How long there is until a time, in its two largest units; nothing when it is over.

    >>> time_left(datetime(2027, 1, 3, 12, tzinfo=UTC), datetime(2027, 1, 1, 9, tzinfo=UTC))
    '2 days 3 h'
    """
    left = due.astimezone(UTC) - now.astimezone(UTC)
    if left <= timedelta():
        return ""
    hours, rest = divmod(left.seconds, 3600)
    minutes = rest // 60
    if left.days:
        return f"{left.days} day{'' if left.days == 1 else 's'} {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min" if minutes else "less than a minute"
