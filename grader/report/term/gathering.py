"""A term's report from everybody's grades, and from the store."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

from grader.course import Assignment, Course
from grader.course.policy import GraceDays
from grader.gradebook.evidence import gather_evidence
from grader.gradebook.records import Pending
from grader.gradebook.term import Grade, StudentTerm, grade_term
from grader.report.term.records import (
    Entry,
    EntryState,
    TermAssignment,
    TermReport,
    TermStudent,
)
from grader.store import RequestRow, Store, StudentRow


def gather_term(store: Store, course: Course, *, now: datetime) -> TermReport:
    """What the store knows of a course at a time, as a report's record."""
    evidence = gather_evidence(store, course)
    terms = grade_term(course, evidence, now)
    return term_of(course, evidence.students, terms, requests=store.requests.all(), now=now)


def term_of(
    course: Course,
    students: Iterable[StudentRow],
    terms: Mapping[str, StudentTerm],
    *,
    requests: Iterable[RequestRow] = (),
    now: datetime,
) -> TermReport:
    """The report of these students' grades."""
    waiting = Counter(row.assignment for row in requests if row.closed_at is None)
    return TermReport(
        course_code=course.code,
        course_title=course.title,
        zone=course.zone,
        generated_at=now.replace(microsecond=0),
        assignments=tuple(
            _assignment(course, assignment, waiting[name])
            for name, assignment in course.assignments.items()
        ),
        students=tuple(_student(row, terms[row.identifier], now) for row in students),
        grace_budget=_grace_budget(course),
    )


def _student(row: StudentRow, term: StudentTerm, now: datetime) -> TermStudent:
    return TermStudent(
        student=row.identifier,
        name=row.name,
        email=row.email,
        section=row.section,
        entries=tuple(_entry(grade, now) for grade in term.grades.values()),
        percent=term.total.percent,
        so_far=term.total.so_far,
    )


def _entry(grade: Grade, now: datetime) -> Entry:
    score, standing = grade.score, grade.standing
    state = _state(grade, now)
    return Entry(
        state=state,
        due=grade.dates.due,
        final=score.final,
        pending=str(score.pending) if state is EntryState.WAITING else "",
        submitted=grade.submission is not None,
        late_days=standing.days_late if standing else 0,
        grace_days=standing.grace_days if standing else 0,
        is_set=score.override is not None,
    )


def _state(grade: Grade, now: datetime) -> EntryState:
    if grade.score.pending is Pending.EXCUSED:
        return EntryState.EXCUSED
    if grade.submission is None and grade.score.override is None and grade.score.final is not None:
        return EntryState.MISSING
    if grade.score.final is not None:
        return EntryState.FINAL
    if grade.submission is not None:
        return EntryState.WAITING
    # Two times of one zone would be compared by their clocks alone.
    is_due = now.timestamp() >= grade.dates.due.timestamp()
    return EntryState.MISSING if is_due else EntryState.OPEN


def _assignment(course: Course, assignment: Assignment, requests: int) -> TermAssignment:
    return TermAssignment(
        name=assignment.name,
        title=assignment.title,
        due=assignment.due,
        points=assignment.points,
        counts_for=_counts_for(course, assignment.name),
        requests=requests,
    )


def _counts_for(course: Course, name: str) -> str:
    """What the assignment is of the total, such as `10 %` or `30 % with 2 others`."""
    part = next((one for one in course.weights if name in one.assignments), None)
    if part is None:
        return "nothing"
    others = len(part.assignments) - 1
    if not others:
        return f"{part.percent:g} %"
    return f"{part.percent:g} % with {others} {'other' if others == 1 else 'others'}"


def _grace_budget(course: Course) -> int | None:
    policies = map(course.late_policy_of, course.assignments.values())
    budgets = (policy.budget for policy in policies if isinstance(policy, GraceDays))
    return next(budgets, None)
