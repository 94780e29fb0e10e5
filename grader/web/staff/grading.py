"""Grading as it goes: what waits, what runs, who grades; pausing it, trying and grading again.

Grading is done by a process of its own (`course grade --watch`), which takes what is queued and not
paused. These pages only change what it finds there.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from grader.course import Assignment
from grader.desk.regrading import submissions_that_count
from grader.report.cleaning import clean_line
from grader.report.wording import counted
from grader.store import BatchRow, PauseRow, State, WorkerRow
from grader.web.finding import find_assignment
from grader.web.staff.given import given_reason
from grader.web.staff.reach import (
    called,
    people_seen,
    require_everybody,
    seen_of,
    sees_everybody,
)
from grader.web.visits import STAFF, Visit, page

# Who grades says so more often; who has not for so long may have ended.
HEARD_OF = timedelta(seconds=30)
_WAITING = (State.QUEUED, State.RUNNING)


@dataclass(frozen=True)
class Line:
    """One assignment: how many submissions are in which state, and how far a run of it is.

    `done` and `of` are the run's, None where none is at work.
    """

    assignment: Assignment
    counts: Counter[State]
    pause: PauseRow | None
    done: int | None
    of: int | None
    proposed: int

    @property
    def queued(self) -> int:
        return self.counts[State.QUEUED]

    @property
    def running(self) -> int:
        return self.counts[State.RUNNING]

    @property
    def graded(self) -> int:
        return self.counts[State.GRADED]

    @property
    def delayed(self) -> int:
        return self.counts[State.DELAYED]

    @property
    def by_hand(self) -> int:
        return self.counts[State.BY_HAND]


@dataclass(frozen=True)
class Running:
    """A submission that is being graded, and what it is doing."""

    number: int
    who: str
    assignment: str
    step: str


@dataclass(frozen=True)
class WorkerLine:
    """A process that grades; `silent` if it was not heard of for some time."""

    row: WorkerRow
    silent: bool


@page(STAFF)
def grading(visit: Visit) -> HttpResponse:
    """The queue and who works on it, with what can be done about it."""
    graded = [one for one in visit.course.assignments.values() if not one.by_hand]
    values = {"here": "grading", "graded_by_us": graded, **live_values(visit)}
    return render(visit.request, "web/staff/grading.html", values)


@page(STAFF)
def live(visit: Visit) -> HttpResponse:
    """The part of that page which changes by itself."""
    return render(visit.request, "web/staff/grading_live.html", live_values(visit))


def live_values(visit: Visit) -> dict[str, object]:
    """What goes on now. Of running submissions a visitor sees whose they may see."""
    store, people = visit.store, people_seen(visit)
    is_all = sees_everybody(visit)
    everything = store.browsing.counts()
    counts = everything if is_all else store.browsing.counts(people)
    pauses, batches = store.live.pauses(), store.browsing.batches_at_work()
    proposals = store.browsing.proposals() if is_all else {}
    # The clock of the machine, also in a rehearsal: processes are alive by that.
    workers = [_worker_line(row, datetime.now(UTC)) for row in store.live.workers()]
    running = store.browsing.running()
    steps = store.live.steps([row.id for row in running])
    seen = [(row, seen_of(row, people)) for row in running]
    waiting = sum(counts[State.QUEUED] for name, counts in everything.items() if name not in pauses)
    is_heard = any(not worker.silent for worker in workers)
    if not is_all or not (is_heard or running):
        batches = {}  # of all sections, or of a run that was killed
    return {
        "lines": [
            _line(one, counts, pauses, batches, proposals)
            for one in visit.course.assignments.values()
            if counts.get(one.name) or one.name in pauses or one.release_utc <= visit.now
        ],
        "running": [
            Running(
                row.id,
                called(visit, row, clean_line(", ".join(who), 80)),
                row.assignment,
                steps.get(row.id, ""),
            )
            for row, who in seen
            if who
        ],
        "running_elsewhere": sum(not who for _, who in seen),
        "workers": workers,
        "nobody": waiting if waiting and not is_heard else 0,
        "sees_everybody": is_all,
    }


def _line(
    assignment: Assignment,
    counts: dict[str, Counter[State]],
    pauses: dict[str, PauseRow],
    batches: dict[str, BatchRow],
    proposals: dict[str, int],
) -> Line:
    found = counts.get(assignment.name, Counter[State]())
    batch = batches.get(assignment.name)
    waiting = sum(found[state] for state in _WAITING)
    done = batch.counts["graded"] if batch and waiting else None
    of = None if done is None else done + waiting
    proposed = proposals.get(assignment.name, 0)
    return Line(assignment, found, pauses.get(assignment.name), done, of, proposed)


def _worker_line(row: WorkerRow, now: datetime) -> WorkerLine:
    return WorkerLine(row, now - row.seen_at > HEARD_OF)


@page(STAFF, "POST")
def act(visit: Visit) -> HttpResponse:
    """Do what the form says with the grading of an assignment, and tell what was done."""
    require_everybody(visit)
    given = visit.request.POST
    do = ACTIONS.get(given.get("do", ""))
    if do is None or not given.get("assignment"):
        messages.error(visit.request, "Choose an assignment and what to do with its grading.")
        return HttpResponseRedirect("/staff/")
    assignment = find_assignment(visit, given["assignment"])
    if assignment.by_hand:
        messages.error(visit.request, f"{assignment.title} is graded by people: nothing is run.")
    else:
        do(visit, assignment)
    return HttpResponseRedirect("/staff/")


def pause(visit: Visit, assignment: Assignment) -> None:
    """Let nothing more of it begin to be graded."""
    try:
        row = visit.store.live.pause(assignment.name, by=visit.by, reason=given_reason(visit))
    except ValueError:
        messages.error(
            visit.request,
            "Say why it pauses: others see it here, and the course's record keeps it.",
        )
        return
    told = f"{assignment.title} pauses: {row.reason} ({row.by})."
    messages.success(visit.request, f"{told} What runs already is finished.")


def resume(visit: Visit, assignment: Assignment) -> None:
    """Let it be graded again."""
    if visit.store.live.resume(assignment.name, by=visit.by):
        messages.success(visit.request, f"{assignment.title} is graded again.")
    else:
        messages.info(visit.request, f"{assignment.title} was not paused.")


def retry(visit: Visit, assignment: Assignment) -> None:
    """Give what is delayed three new attempts."""
    delayed = visit.store.status(assignment.name)[State.DELAYED]
    visit.store.queue_unfinished(assignment.name)
    told = f"{counted(delayed, 'delayed submission')} of {assignment.title}"
    if delayed:
        messages.success(visit.request, f"{told} will be tried again.")
    else:
        messages.info(visit.request, f"Nothing of {assignment.title} is delayed.")


def grade_again(visit: Visit, assignment: Assignment) -> None:
    """Queue all that counts, or may, for gradings that are proposed only."""
    visit.place.rely(visit.by)
    chosen = submissions_that_count(visit.course, visit.store, assignment.name, visit.now)
    number = visit.store.regrades.queue(chosen)
    if number:
        messages.success(
            visit.request,
            f"{counted(number, 'submission')} of {assignment.title} will be graded again. What "
            "that changes is proposed, and counts once it is adopted.",
        )
    else:
        messages.info(visit.request, f"Nothing of {assignment.title} is graded yet.")


ACTIONS: dict[str, Callable[[Visit, Assignment], None]] = {
    "pause": pause,
    "resume": resume,
    "retry": retry,
    "again": grade_again,
}
