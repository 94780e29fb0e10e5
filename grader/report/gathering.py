"""A report's record from what the store knows of an assignment."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from grader.course import Assignment, Course
from grader.gradebook import questions_of
from grader.gradebook.evidence import Evidence, Handed, gather_for
from grader.gradebook.term import Grade, Sheets
from grader.report.records import (
    AssignmentReport,
    GrantedExtension,
    OpenRequest,
    ReportRow,
    RowState,
)
from grader.store import RequestRow, ResultRow, State, Store, StudentRow, SubmissionRow

# Said to everybody, whoever's grace days it is that may change.
PRELIMINARY = (
    "Grace days are counted without results that are still hidden, so lateness may change until "
    "those are shown."
)


def gather_assignment(
    store: Store, course: Course, assignment: Assignment, *, now: datetime, shows_all: bool = True
) -> AssignmentReport:
    """What the store knows of an assignment at a time, as a report's record.

    Unless it `shows_all`, students see hidden results only when the course says so.
    """
    evidence = gather_for(store, course, assignment)
    sheets = Sheets(course, evidence, now)
    grades = _grades(sheets, evidence, assignment)
    shown_from = sheets.calendar.feedback_from(assignment)
    # Two times of one zone would be compared by their clocks alone.
    hidden = not shows_all and now.timestamp() < shown_from.timestamp()
    for_students: dict[str, Grade] = {}
    note = ""
    if not shows_all:  # also of what is shown: grace days would tell of another's hidden results
        blind = Sheets(course, evidence, now, for_students=True)
        for_students = _grades(blind, evidence, assignment)
        note = PRELIMINARY if blind.are_grace_days_preliminary else ""
    every = (*grades.values(), *for_students.values())
    counted = {grade.submission.id for grade in every if grade.submission}
    results = {row.submission_id: row for row in store.results_of(counted)}
    handed = evidence.handed[assignment.name]
    return replace(
        without_rows(course, assignment, now, shown_from if hidden else None),
        extensions=_extensions(evidence, assignment),
        requests=tuple(map(_request, open_requests(store.requests.all(), assignment.name))),
        rows=_rows(evidence, grades, results, handed),
        shown_rows=tuple(
            replace(row, note=f"{row.note} {note}".strip())
            for row in _rows(evidence, for_students, results, handed)
        ),
    )


def without_rows(
    course: Course, assignment: Assignment, now: datetime, hidden_until: datetime | None
) -> AssignmentReport:
    """A report in which nobody is yet; what people grade has nothing hidden."""
    return AssignmentReport(
        course_code=course.code,
        course_title=course.title,
        assignment=assignment.name,
        title=assignment.title,
        tests=assignment.tests,
        submit=assignment.submit,
        due=assignment.due,
        generated_at=now.replace(microsecond=0),
        questions=questions_of(assignment),
        rows=(),
        hidden_until=None if assignment.by_hand else hidden_until,
    )


def _grades(sheets: Sheets, evidence: Evidence, assignment: Assignment) -> dict[str, Grade]:
    students = [row.identifier for row in evidence.students]
    return {student: sheets.term(student).grades[assignment.name] for student in students}


def _rows(
    evidence: Evidence,
    grades: Mapping[str, Grade],
    results: Mapping[int, ResultRow],
    handed: Handed,
) -> tuple[ReportRow, ...]:
    withdrawn = withdrawn_from(handed)
    return tuple(
        row_of(student, grades[student.identifier], results, handed, withdrawn)
        for student in evidence.students
        if student.identifier in grades
    )


def open_requests(requests: Iterable[RequestRow], assignment: str) -> list[RequestRow]:
    """The regrade requests of an assignment that nobody has closed."""
    return [row for row in requests if row.assignment == assignment and row.closed_at is None]


def _request(row: RequestRow) -> OpenRequest:
    return OpenRequest(row.id, row.student, row.question, row.text, row.at, len(row.replies))


def _extensions(evidence: Evidence, assignment: Assignment) -> tuple[GrantedExtension, ...]:
    """The extensions that hold, of a group with who is in it now."""
    groups = evidence.groups.get(assignment.group_set or "", ())
    names = {group.id: group.name for group in groups}
    members = {group.id: group.members for group in groups}
    return tuple(
        GrantedExtension(
            students=(row.student,) if row.student else members.get(row.group or 0, ()),
            group=names.get(row.group or 0, ""),
            until=row.until,
            days=row.days,
            reason=row.reason,
            by=row.by,
            at=row.at,
        )
        for row in evidence.extensions
        if row.assignment == assignment.name
    )


def withdrawn_from(handed: Handed) -> set[str]:
    """Those of whom something was handed in, all of which staff took back."""
    gone, standing = set[str](), set[str]()
    for row in handed.submissions:
        (gone if row.state is State.WITHDRAWN else standing).update(row.credited)
    return gone - standing


def row_of(
    student: StudentRow,
    grade: Grade,
    results: Mapping[int, ResultRow],
    handed: Handed,
    withdrawn: Collection[str],
) -> ReportRow:
    """The row of one student, by the results of what counts."""
    row = grade.submission
    result = results.get(row.id) if row else None
    state = _state(row, result)
    return ReportRow(
        student.identifier,
        student.name,
        state,
        grade.score,
        submission=str(row.id) if row else "",
        received_at=row.received_at if row else None,
        graded=result.graded if result else None,
        note=_note(grade, state, handed),
        email=student.email,
        section=student.section,
        due=grade.dates.due,
        standing=grade.standing,
        was_withdrawn=row is None and student.identifier in withdrawn,
    )


def _state(row: SubmissionRow | None, result: ResultRow | None) -> RowState:
    if row is None:
        return RowState.NOT_SUBMITTED
    if result is not None:
        return RowState.GRADED
    states = {State.BY_HAND: RowState.BY_HAND, State.DELAYED: RowState.DELAYED}
    return states.get(row.state, RowState.QUEUED)


def _note(grade: Grade, state: RowState, handed: Handed) -> str:
    """A word on a newer submission, or on an upload that was graded before this one came."""
    row = grade.submission
    if grade.newer is not None:
        return f"Submission {grade.newer.id} is newer and not graded yet."
    graded = {mark.submission_id for mark in handed.manual}
    if row is None or state is not RowState.BY_HAND or row.id in graded:
        return ""
    owner = (row.group, None if row.group else row.student)
    older = [
        one.id
        for one in handed.submissions
        if one.id in graded
        and one.state is not State.WITHDRAWN
        and (one.group, None if one.group else one.student) == owner
    ]
    return (
        f"Submission {older[-1]} was graded; {row.id} is newer and counts instead." if older else ""
    )
