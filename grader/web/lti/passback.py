"""The page that sends an assignment's scores: first it shows who would get what, then it sends."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse

from grader.course import Assignment
from grader.gradebook.dates import Calendar
from grader.gradebook.evidence import gather_dates
from grader.outcomes import GraderError
from grader.store import Store
from grader.web.finding import find_assignment
from grader.web.lti.pages import show
from grader.web.lti.planning import Plan, Waiting, plan_of
from grader.web.lti.sending import CannotSend, Outcome, alone, send
from grader.web.staff.paging import part_of
from grader.web.visits import INSTRUCTORS, Visit, page

PAGE = 100
# A browser waits so long for one answer; what is left then is sent by the next press.
SECONDS = 20.0
_FAILURES_TOLD = 30


@page(INSTRUCTORS, "GET", "POST")
def scores(visit: Visit, name: str) -> HttpResponse:
    """Who would get which score; a POST sends what was shown, and no more."""
    assignment = find_assignment(visit, name)
    if visit.request.method == "POST":
        _send(visit, assignment)
        return HttpResponseRedirect(reverse("course-lti-scores", args=[name]))
    return _show(visit, assignment)


def _show(visit: Visit, assignment: Assignment) -> HttpResponse:
    plan = plan_of(visit.course, visit.store, assignment, visit.now)
    calendar = Calendar(visit.course, gather_dates(visit.store, visit.course))
    shown_from = calendar.feedback_from(assignment)
    values = {
        "assignment": assignment,
        "plan": plan,
        "shown": part_of(plan.lines, visit.request.GET, size=PAGE),
        "new": sum(line.before is None for line in plan.lines),
        "changed": sum(line.before is not None for line in plan.lines),
        "shown_from": shown_from if shown_from > visit.now else None,
        "stale": [one for one in plan.waiting if one.before is not None],
        "waiting": _by_reason(plan),
        "is_rehearsal": visit.place.is_rehearsal,
    }
    return show(visit, "scores", values)


def _by_reason(plan: Plan) -> dict[str, list[Waiting]]:
    found: dict[str, list[Waiting]] = {}
    for one in plan.waiting:
        found.setdefault(str(one.why), []).append(one)
    return found


def _send(visit: Visit, assignment: Assignment) -> None:
    request = visit.request
    try:
        with alone(visit.place.data):
            plan = plan_of(visit.course, visit.store, assignment, visit.now)
            if request.POST.get("fingerprint") != plan.fingerprint:
                messages.error(
                    request, "Nothing was sent: something has changed since. Look at it again."
                )
                return
            visit.place.rely(visit.by)
            outcome = send(
                plan,
                by=visit.by,
                clock=lambda: visit.place.now,
                is_rehearsal=visit.place.is_rehearsal,
                seconds=SECONDS,
            )
    except (CannotSend, GraderError) as why:
        messages.error(request, f"Nothing was sent: {why}")
        return
    note(visit.store, assignment.name, outcome, by=visit.by)
    _tell(visit, outcome)


def note(store: Store, assignment: str, outcome: Outcome, *, by: str) -> None:
    """Keep in the course's record what was sent."""
    store.record.note(by=by, what="scores sent", subject=assignment, detail=summary(outcome))


def summary(outcome: Outcome) -> str:
    """How many scores were taken and not, in a few words."""
    told = [f"{len(outcome.sent)} sent"]
    if outcome.failed:
        told.append(f"{len(outcome.failed)} not taken")
    if outcome.left:
        told.append(f"{len(outcome.left)} not tried")
    return ", ".join(told)


def _tell(visit: Visit, outcome: Outcome) -> None:
    request = visit.request
    messages.success(request, f"Scores: {summary(outcome)}.")
    for platform, why in outcome.stopped.items():
        messages.error(request, f"{platform} is asked no further now: {why}.")
    for line, why in outcome.failed[:_FAILURES_TOLD]:
        who = f"{line.student.name} ({line.student.identifier})"
        platform = line.link.deployment.platform.name
        messages.error(request, f"{who}: {platform} did not take it: {why}.")
    if (more := len(outcome.failed) - _FAILURES_TOLD) > 0:
        messages.error(request, f"And {more} more were not taken.")
    if outcome.left and not outcome.stopped:
        messages.info(request, f"{len(outcome.left)} are left. Send again for the next ones.")
