"""What students ask by API: where they stand, handing in, what came of it."""

from io import BytesIO
from typing import Annotated, Any

from django.http import FileResponse, Http404
from ninja import Field, File, Router
from ninja.files import UploadedFile

from grader.desk import standing_of_student, submit
from grader.desk.telling import ToldReceipt, ToldStudent, told_receipt, told_standing, told_student
from grader.gradebook import questions_of
from grader.report.feedback import FeedbackView, feedback_view
from grader.report.own import OwnWork
from grader.store import State, SubmissionRow
from grader.web.api.bearer import A_STUDENT, ANYBODY, Asked
from grader.web.api.problems import Failed, Problem
from grader.web.api.shapes import (
    ALWAYS,
    MAY_BE_ABSENT,
    ToldAssignment,
    ToldMe,
    ToldQuestion,
    ToldState,
    ToldSubmission,
    plain_fields,
)
from grader.web.finding import find_assignment, find_submission
from grader.web.staff.reach import people_seen
from grader.web.student.handing_in import file_name, read_upload, too_often
from grader.web.student.submission import shown_file_name, step_for_student
from grader.web.visits import Visit

router = Router(tags=["students"])
Number = Annotated[int, Field(ge=1, le=2**53)]

_BYTES: dict[str, Any] = {
    "responses": {
        200: {
            "description": "The bytes as they were received",
            "content": {"application/octet-stream": {"schema": {"type": "string"}}},
        }
    }
}


@router.get("/me", auth=ANYBODY, response={**ALWAYS, 200: ToldMe})
def me(request: Asked) -> ToldMe:
    """Whose token this is."""
    visit = request.auth
    who = visit.visitor
    return ToldMe(
        login=who.by,
        name=who.name,
        student=who.student.identifier if who.student else None,
        section=who.student.section if who.student else None,
        roles=tuple(sorted(who.roles)),
        sections=tuple(sorted(who.sections)) if who.is_staff and who.sections is not None else None,
        course=visit.course.code,
        zone=visit.zone.key,
    )


@router.get("/assignments", auth=A_STUDENT, response={**ALWAYS, 200: ToldStudent})
def assignments(request: Asked) -> ToldStudent:
    """Where one stands in each assignment."""
    return told_student(_standing(request.auth), request.auth.course.zone)


@router.get("/assignments/{name}", auth=A_STUDENT, response={**MAY_BE_ABSENT, 200: ToldAssignment})
def assignment(request: Asked, name: str) -> ToldAssignment:
    """One assignment that is released, and where one stands in it."""
    visit = request.auth
    found = find_assignment(visit, name)
    (one,) = (one for one in _standing(visit).assignments if one.assignment == name)
    return ToldAssignment(
        title=found.title,
        submit=found.submit,
        points=found.points,
        questions=tuple(ToldQuestion(q.name, q.title, q.points) for q in questions_of(found)),
        standing=told_standing(one, visit.course.zone),
    )


@router.post(
    "/assignments/{name}/submissions",
    auth=A_STUDENT,
    response={**MAY_BE_ABSENT, 200: ToldReceipt, 429: Problem},
)
def hand_in(request: Asked, name: str, file: File[UploadedFile]) -> ToldReceipt:
    """Hand a file in, for all of one's group; the receipt. It is kept when this answers."""
    visit = request.auth
    found = find_assignment(visit, name)
    if slow := too_often(visit):
        raise Failed(429, "That was too often", slow.reason, slow.hint)
    data = read_upload(file, found)
    visit.place.rely(visit.by)
    taken = submit(
        visit.course,
        visit.store,
        found,
        visit.student.identifier,
        data,
        file_name(file),
        visit.now,
    )
    return told_receipt(taken, visit.course.zone)


@router.get(
    "/assignments/{name}/feedback",
    auth=A_STUDENT,
    response={**MAY_BE_ABSENT, 200: FeedbackView},
)
def feedback(request: Asked, name: str) -> FeedbackView:
    """What one may read now of what counts, as `course feedback` says it."""
    return _feedback(request.auth, name)


@router.get("/submissions", auth=A_STUDENT, response={**ALWAYS, 200: list[ToldSubmission]})
def submissions(request: Asked, assignment: str | None = None) -> list[ToldSubmission]:
    """What one, or one's group, handed in, the newest first; of one assignment or of all."""
    visit = request.auth
    return [
        ToldSubmission(**plain_fields(visit, row, ()))
        for row in reversed(visit.store.work_of(visit.student.identifier))
        if assignment in (None, row.assignment) and _is_theirs(visit, row)
    ]


@router.get("/submissions/{number}", auth=ANYBODY, response={**MAY_BE_ABSENT, 200: ToldState})
def submission(request: Asked, number: Number) -> ToldState:
    """How far a submission has come."""
    visit = request.auth
    row = find_submission(visit, number)
    step = visit.store.live.steps([number]).get(number, "")
    return ToldState(
        **plain_fields(visit, row, people_seen(visit) if visit.visitor.is_staff else ()),
        ahead=visit.store.queue.ahead_of(number),
        step=(step if visit.visitor.is_staff else step_for_student(step)) or None,
    )


@router.get(
    "/submissions/{number}/feedback",
    auth=A_STUDENT,
    response={**MAY_BE_ABSENT, 200: FeedbackView},
)
def submission_feedback(request: Asked, number: Number) -> FeedbackView:
    """What one may read now of one submission, as if it counted."""
    row = find_submission(request.auth, number)
    return _feedback(request.auth, row.assignment, number)


@router.get(
    "/submissions/{number}/file",
    auth=ANYBODY,
    response=MAY_BE_ABSENT,
    openapi_extra=_BYTES,
)
def submission_file(request: Asked, number: Number) -> FileResponse:
    """The file as it was received."""
    row = find_submission(request.auth, number)
    data = request.auth.store.read_notebook_bytes(row)
    return FileResponse(
        BytesIO(data),
        as_attachment=True,
        filename=shown_file_name(request.auth, row),
        content_type="application/octet-stream",
    )


def _standing(visit: Visit) -> Any:
    return standing_of_student(visit.course, visit.store, visit.student.identifier, visit.now)


def _is_theirs(visit: Visit, row: SubmissionRow) -> bool:
    if row.state is State.WITHDRAWN or row.assignment not in visit.course.assignments:
        return False
    return visit.student.identifier in row.credited


def _feedback(visit: Visit, name: str, number: int | None = None) -> FeedbackView:
    found = find_assignment(visit, name)
    work = OwnWork(visit.store, visit.course, found, visit.student.identifier, visit.now)
    try:
        report = work.report(number)
    except KeyError as error:
        raise Http404("it is not theirs") from error
    return feedback_view(report, report.rows[0])
