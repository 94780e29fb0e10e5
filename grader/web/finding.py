"""Looks things up for a visitor. What isn't theirs to see is not found: it answers 404, not 403."""

from django.http import Http404

from grader.course import Assignment
from grader.gradebook import QuestionInfo, questions_of
from grader.gradebook.dates import Calendar
from grader.gradebook.evidence import Evidence, gather_dates, gather_student
from grader.gradebook.term import Sheets
from grader.store import (
    RequestRow,
    State,
    StudentRow,
    SubmissionRow,
    UnknownRequest,
    UnknownSubmission,
)
from grader.web.visits import OwnWork, Role, Visit


def find_assignment(visit: Visit, name: str) -> Assignment:
    """An assignment; a student's only once it is released to them. Raises `Http404`."""
    if not visit.visitor.is_staff:
        return find_own_assignment(visit, name, gather_dates(visit.store, visit.course))
    assignment = visit.course.assignments.get(name)
    if assignment is None:
        raise Http404("there is no such assignment")
    return assignment


def find_own_assignment(visit: Visit, name: str, evidence: Evidence) -> Assignment:
    """An assignment that is released to the student who asks. Raises `Http404`.

    `evidence` is what is known of dates, which the page needs anyway.
    """
    assignment = visit.course.assignments.get(name)
    if assignment is None:
        raise Http404("there is no such assignment")
    dates = Calendar(visit.course, evidence).dates(assignment, visit.student.identifier)
    if dates.release.timestamp() > visit.now.timestamp():
        raise Http404("it is not released")
    return assignment


def find_own_request(visit: Visit, number: int) -> RequestRow:
    """A regrade request of the student who asks. Raises `Http404`."""
    for row in visit.store.requests.of(visit.student.identifier):
        if row.id == number:
            return row
    raise Http404("it is not theirs")


def find_student(visit: Visit, identifier: str) -> StudentRow:
    """A student whose work the visitor may see as staff. Raises `Http404`."""
    found = visit.store.roster.find(identifier)
    if found is None or not visit.visitor.may_see(found):
        raise Http404("there is no such student")
    return found


def find_submission(visit: Visit, number: int) -> SubmissionRow:
    """A submission that the visitor may see: their own, their group's, or as staff.

    Raises `Http404`.
    """
    row = _submission(visit, number)
    if visit.visitor.is_staff:
        people = [visit.store.roster.find(name) for name in (row.student, *row.credited)]
        if any(person is not None and visit.visitor.may_see(person) for person in people):
            return row
    if not _has_share(visit, row):
        raise Http404("it is not theirs")
    return row


def find_others_submission(visit: Visit, number: int) -> SubmissionRow:
    """A submission that the visitor may decide about. Raises `Http404`, or `OwnWork`."""
    row = find_submission(visit, number)
    if visit.visitor.is_party_to(row):
        raise OwnWork("others must decide about it")
    return row


def find_own_submission(visit: Visit, number: int) -> SubmissionRow:
    """A submission that the student who asks has a share in. Raises `Http404`."""
    row = _submission(visit, number)
    if not _has_share(visit, row):
        raise Http404("it is not theirs")
    return row


def _submission(visit: Visit, number: int) -> SubmissionRow:
    try:
        row = visit.store.submission(number)
    except UnknownSubmission as error:
        raise Http404(str(error)) from error
    if row.assignment not in visit.course.assignments:
        raise Http404("its assignment is not in the course any more")
    return row


def _has_share(visit: Visit, row: SubmissionRow) -> bool:
    """Whether it is work of the student who asks, who may have joined the group later."""
    student = visit.visitor.student
    if student is None or Role.STUDENT not in visit.visitor.roles or row.state is State.WITHDRAWN:
        return False
    if student.identifier in row.credited:
        return True
    if row.group is None:
        return False
    evidence = gather_student(visit.store, visit.course, student.identifier)
    sheets = Sheets(visit.course, evidence, visit.now)
    shares = sheets.shares(student.identifier, row.assignment)
    return any(one.id == row.id for one in shares)


def find_request(visit: Visit, number: int) -> RequestRow:
    """A regrade request that the visitor may see: their own, or as staff. Raises `Http404`."""
    try:
        row = visit.store.requests.one(number)
    except UnknownRequest as error:
        raise Http404(str(error)) from error
    if visit.visitor.is_staff:
        find_student(visit, row.student)
    elif row.student != visit.student.identifier:
        raise Http404("it is not theirs")
    return row


def find_question(visit: Visit, name: str, question: str) -> tuple[Assignment, QuestionInfo]:
    """A question of an assignment. Raises `Http404`."""
    assignment = find_assignment(visit, name)
    found = next((one for one in questions_of(assignment) if one.name == question), None)
    if found is None:
        raise Http404("there is no such question")
    return assignment, found


def find_paper(
    visit: Visit, name: str, question: str, number: int
) -> tuple[Assignment, QuestionInfo, SubmissionRow]:
    """A submission that the visitor may mark, and its question. Raises `Http404`."""
    assignment, found = find_question(visit, name, question)
    row = find_others_submission(visit, number)
    if row.assignment != name or row.state is State.WITHDRAWN:
        raise Http404("it is of another assignment, or was withdrawn")
    return assignment, found, row
