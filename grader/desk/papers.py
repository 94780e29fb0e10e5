"""The papers that people mark: which there are, who has marked what, which one comes next."""

import hashlib
import hmac
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from grader.course import Assignment, Course
from grader.gradebook.evidence import (
    Evidence,
    Handed,
    gather_dates,
    gather_for,
    gather_students,
)
from grader.gradebook.term import Sheets
from grader.store import ManualScoreRow, Store, StudentRow, SubmissionRow

# Of a digest in hexadecimal: two of 2,000 papers have the same one in one term of eight.
_NAMELESS = 6


@dataclass(frozen=True)
class Paper:
    """A submission that counts, or will once it is graded; and what was given for its questions.

    `people` are whose work it is, also those who have left the course.
    """

    submission: SubmissionRow
    people: tuple[StudentRow, ...]
    given: Mapping[str, ManualScoreRow] = field(default_factory=dict[str, ManualScoreRow])


def papers_of(
    course: Course,
    store: Store,
    assignment: Assignment,
    now: datetime,
    *,
    may_see: Callable[[StudentRow], bool] = lambda student: True,
) -> tuple[Paper, ...]:
    """The papers of whom one `may_see`, in the order in which they came.

    Where nobody's grade can follow from one, since all whose it is are excused, it is none.
    """
    newest_counts = course.late_policy_of(assignment).counts == "newest"
    gather = _gather_newest if newest_counts else gather_for
    evidence = gather(store, course, assignment)
    everybody = {row.identifier: row for row in (*evidence.left, *evidence.students)}
    handed = evidence.handed[assignment.name]
    given: dict[int, dict[str, ManualScoreRow]] = defaultdict(dict)
    for mark in handed.manual:
        given[mark.submission_id][mark.question] = mark
    counting = set(_counting(course, evidence, assignment, now, newest_counts))
    papers: list[Paper] = []
    for row in sorted(handed.submissions, key=lambda row: (row.received_at, row.id)):
        names = dict.fromkeys((row.student, *row.credited))
        people = tuple(everybody[name] for name in names if name in everybody)
        if row.id in counting and any(map(may_see, people)):
            papers.append(Paper(row, people, given.get(row.id, {})))
    return tuple(papers)


def _gather_newest(store: Store, course: Course, assignment: Assignment) -> Evidence:
    """What tells which submission is the newest: no grading, and nothing of other assignments."""
    name = assignment.name
    return replace(
        gather_dates(store, course),
        overrides=store.marks.overrides(),
        handed={name: Handed(store.submissions(name), (), store.marks.of(name))},
    )


def _counting(
    course: Course,
    evidence: Evidence,
    assignment: Assignment,
    now: datetime,
    newest_counts: bool,
) -> Iterator[int]:
    """The submissions that count for somebody, or will once our side or people have graded them."""
    sheets = Sheets(course, evidence, now)
    name = assignment.name
    newest = {(row.student, row.assignment): row for row in evidence.overrides}
    excused = {student for (student, of), row in newest.items() if of == name and row.excused}
    for student in evidence.students:
        if student.identifier in excused:
            continue
        numbers = sheets.may_count(student.identifier, name)
        if newest_counts or len(numbers) < 2:
            yield from numbers[:1]
            continue
        # Which of several is best follows from the whole term's grace days.
        grade = sheets.term(student.identifier).grades[name]
        yield from (row.id for row in (grade.submission, grade.newer) if row is not None)


def waiting(papers: Iterable[Paper], question: str, *, after: int = 0) -> list[int]:
    """The submissions whose question has no mark yet; those that come `after` that one first."""
    rows = list(papers)
    place = next((i for i, paper in enumerate(rows) if paper.submission.id == after), -1)
    turned = [*rows[place + 1 :], *rows[: place + 1]]
    return [paper.submission.id for paper in turned if question not in paper.given]


def take_next(
    store: Store, assignment: str, question: str, numbers: Sequence[int], *, by: str
) -> int | None:
    """Hold the first of these submissions that nobody else marks, or has marked meanwhile."""
    for number in numbers:
        if store.holds.take_first([(number, question)], by) is None:
            continue
        marks = store.marks.of(assignment, only=[number])
        if all(mark.question != question for mark in marks):
            return number
        store.holds.let_go(number, question, by)
    return None


def nameless(secret: bytes, row: SubmissionRow) -> str:
    """A name for a paper that tells nobody whose it is, such as `3f2a91`.

    Whatever its student, or group, hands in for the assignment has the same.
    """
    owner = f"student {row.student}" if row.group is None else f"group {row.group}"
    text = f"paper {row.assignment} {owner}".encode()
    return hmac.new(secret, text, hashlib.sha256).hexdigest()[:_NAMELESS]


def neighbours(papers: Sequence[Paper], number: int) -> tuple[int | None, int | None]:
    """The submissions before and after that one; one that is no paper comes before all."""
    numbers = [paper.submission.id for paper in papers]
    if number not in numbers:
        return None, numbers[0] if numbers else None
    place = numbers.index(number)
    before = numbers[place - 1] if place else None
    return before, numbers[place + 1] if place + 1 < len(numbers) else None


def notes_on(
    course: Course, store: Store, row: SubmissionRow, question: str, now: datetime
) -> tuple[str, ...]:
    """Sentences for who marks a submission: that it doesn't count, or was marked in an older form.

    They name nobody but staff.
    """
    dates = gather_dates(store, course)
    groups = dates.groups.get(course.assignments[row.assignment].group_set or "", ())
    here = next((group.members for group in groups if group.id == row.group), ())
    people = sorted({row.student, *row.credited, *here})
    evidence = gather_students(store, course, people, dates=dates)
    sheets = Sheets(course, evidence, now)
    counting = [number for one in people for number in sheets.may_count(one, row.assignment)]
    notes: list[str] = []
    if row.id not in counting:
        other = f"submission {counting[0]} does" if counting else "no other one does"
        notes.append(f"This submission doesn't count: {other}.")
    given = [mark for mark in evidence.handed[row.assignment].manual if mark.question == question]
    if given and all(mark.submission_id != row.id for mark in given):
        last = given[-1]
        notes.append(
            f"Submission {last.submission_id} of theirs was marked before, by {last.by}; what it "
            "was given isn't this one's."
        )
    return tuple(notes)
