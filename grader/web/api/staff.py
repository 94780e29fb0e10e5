"""What staff ask by API: submissions, scores, and whether an assignment is graded now."""

from typing import Annotated

from ninja import Field, Router

from grader.course import Assignment
from grader.desk.exporting import scores_data
from grader.gradebook.evidence import gather_evidence
from grader.gradebook.term import grade_term
from grader.store import PauseRow, State
from grader.store.browsing import Order, Wanted
from grader.store.texts import storable
from grader.web.api.bearer import STAFF_ONLY, Asked
from grader.web.api.problems import Failed
from grader.web.api.shapes import (
    ALWAYS,
    MAY_BE_ABSENT,
    Reason,
    ToldGraded,
    ToldPage,
    ToldPause,
    ToldQueued,
    ToldScores,
    plain_fields,
)
from grader.web.finding import find_assignment
from grader.web.staff.reach import people_seen, require_everybody, sees_everybody
from grader.web.visits import Visit

router = Router(tags=["staff"], auth=STAFF_ONLY)

MOST_ROWS = 500


@router.get("/assignments/{name}/submissions", response={**MAY_BE_ABSENT, 200: ToldPage})
def submissions_of(
    request: Asked,
    name: str,
    state: State | None = None,
    newest: bool = False,
    offset: Annotated[int, Field(ge=0, le=10**9)] = 0,
    limit: Annotated[int, Field(ge=1, le=MOST_ROWS)] = 100,
) -> ToldPage:
    """Submissions of an assignment, the oldest first; with `newest` one of each student or group.

    A TA of sections sees those of their students; of an anonymous assignment TAs see no names.
    """
    visit = request.auth
    find_assignment(visit, name)
    people = frozenset(people_seen(visit))
    wanted = Wanted(
        (name,),
        students=None if sees_everybody(visit) else people,
        states=None if state is None else (state,),
        newest=newest,
        order=Order.OLDEST,
    )
    numbers = visit.store.browsing.find(wanted)
    rows = tuple(
        ToldGraded(
            **plain_fields(visit, one.submission, people),
            earned=one.earned,
            points=one.points,
            note=one.submission.note,
        )
        for one in visit.store.browsing.listed(numbers[offset : offset + limit])
    )
    return ToldPage(len(numbers), rows)


@router.get("/gradebook", response={**ALWAYS, 200: dict[str, ToldScores]})
def gradebook(request: Asked) -> dict[str, dict[str, object]]:
    """Everybody's final scores and totals by student, as `course gradebook --json` prints them."""
    visit = request.auth
    terms = grade_term(visit.course, gather_evidence(visit.store, visit.course), visit.now)
    seen = people_seen(visit)
    return {student: scores_data(term) for student, term in terms.items() if student in seen}


@router.post("/assignments/{name}/pause", response={**MAY_BE_ABSENT, 200: ToldPause})
def pause(request: Asked, name: str, body: Reason) -> ToldPause:
    """Let nothing more of an assignment begin to be graded. What is paused already stays so."""
    visit = request.auth
    found = _graded_here(visit, name)
    row = visit.store.live.pause(found.name, by=visit.by, reason=storable(body.reason.strip()))
    return _told(visit, found, row)


@router.post("/assignments/{name}/resume", response={**MAY_BE_ABSENT, 200: ToldPause})
def resume(request: Asked, name: str) -> ToldPause:
    """Let an assignment be graded again; one that isn't paused stays so."""
    visit = request.auth
    found = _graded_here(visit, name)
    visit.store.live.resume(found.name, by=visit.by)
    return _told(visit, found, visit.store.live.pauses().get(found.name))


@router.post("/assignments/{name}/retry", response={**MAY_BE_ABSENT, 200: ToldQueued})
def retry(request: Asked, name: str) -> ToldQueued:
    """Give what is delayed three new attempts; how many wait now in all."""
    visit = request.auth
    found = _graded_here(visit, name)
    return ToldQueued(found.name, visit.store.queue_unfinished(found.name))


def _graded_here(visit: Visit, name: str) -> Assignment:
    """An assignment whose grading the visitor may run. Raises `Http404`, `PermissionDenied`."""
    require_everybody(visit)
    found = find_assignment(visit, name)
    if found.by_hand:
        raise Failed(
            422, "It was refused", f"{name} is graded by people: nothing is run.", "Mark it."
        )
    return found


def _told(visit: Visit, assignment: Assignment, row: PauseRow | None) -> ToldPause:
    if row is None:
        return ToldPause(assignment.name, paused=False)
    at = row.at.astimezone(visit.course.zone).isoformat()
    return ToldPause(assignment.name, paused=True, by=row.by, at=at, reason=row.reason)
