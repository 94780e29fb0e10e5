"""Grading again: which submissions that concerns, and what a proposed grading would change."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from grader.course import Course
from grader.gradebook.evidence import gather_evidence
from grader.gradebook.term import Sheets
from grader.store import ResultRow, Store


@dataclass(frozen=True)
class Change:
    """What a proposed grading changes, in the checks' points, and the checks that differ."""

    student: str
    submission: int
    before: float
    after: float
    checks: tuple[str, ...]


def submissions_that_count(
    course: Course, store: Store, name: str, now: datetime, only: Collection[str] = ()
) -> set[int]:
    """The submissions that count for these students, or everybody, or may once they are graded."""
    sheets = Sheets(course, gather_evidence(store, course, only={name}), now)
    students = only or [row.identifier for row in store.roster.students()]
    return {number for student in students for number in sheets.may_count(student, name)}


def changes_proposed(store: Store, proposed: Sequence[ResultRow]) -> list[Change]:
    """What each proposal changes, also where that is nothing."""
    numbers = [row.submission_id for row in proposed]
    current = {row.submission_id: row for row in store.results_of(numbers)}
    found: list[Change] = []
    for row in proposed:
        before = current[row.submission_id]
        old = {check.check: check.earned for check in before.graded.checks}
        new = {check.check: check.earned for check in row.graded.checks}
        differ = sorted(name for name in old | new if old.get(name) != new.get(name))
        found.append(
            Change(row.student, row.submission_id, before.earned, row.earned, tuple(differ))
        )
    return found
