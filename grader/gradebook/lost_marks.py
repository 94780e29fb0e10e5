"""Marks that are worth nothing, since what they were given for is no longer in course.yaml."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from grader.course import Assignment, Course
from grader.gradebook.evidence import Evidence, Handed
from grader.gradebook.term import Sheets
from grader.store import ManualScoreRow

# How many submissions a sentence names before it counts the rest.
_NAMED = 10


@dataclass(frozen=True)
class LostMarks:
    """What people gave these submissions for a rubric's item, or a question, that is gone.

    `item` is "" where all of the question is.
    """

    assignment: str
    question: str
    item: str
    submissions: tuple[int, ...]

    @property
    def text(self) -> str:
        """What is lost and how to mend it, for staff."""
        numbers = ", ".join(map(str, self.submissions[:_NAMED]))
        more = len(self.submissions) - _NAMED
        numbers += f" and {more} more" if more > 0 else ""
        noun = "submission" if len(self.submissions) == 1 else "submissions"
        place = f"{self.assignment} {self.question}"
        given = f"what {noun} {numbers} got by hand"
        if not self.item:
            return f"{place}: {given} is worth nothing, as there is no such question any more"
        return (
            f"{place}: {given} for `{self.item}` is worth nothing, as the rubric has no such item "
            "any more; give an item that name, or mark again"
        )


def lost_marks(
    course: Course, evidence: Evidence, now: datetime, *, only: Iterable[str] | None = None
) -> tuple[LostMarks, ...]:
    """What is lost of the submissions that may count for somebody, or for one of `only` these."""
    found: dict[tuple[str, str, str], set[int]] = defaultdict(set)
    for name, assignment in course.assignments.items():
        for place, submission in _lost(assignment, evidence.handed.get(name, Handed())):
            found[name, *place].add(submission)
    if not found:
        return ()
    sheets = Sheets(course, evidence, now)
    students = [row.identifier for row in evidence.students] if only is None else list(only)
    counting = {
        name: {number for student in students for number in sheets.may_count(student, name)}
        for name in {name for name, _, _ in found}
    }
    rows = ((place, sorted(numbers & counting[place[0]])) for place, numbers in found.items())
    return tuple(LostMarks(*place, tuple(numbers)) for place, numbers in rows if numbers)


def _lost(assignment: Assignment, handed: Handed) -> Iterator[tuple[tuple[str, str], int]]:
    """((question, item), submission) of each; the newest marks of a submission are what it has."""
    known = {one.name: {item.name for item in one.rubric} for one in assignment.questions}
    newest = {(row.submission_id, row.question): row for row in handed.manual}
    for (submission, question), row in newest.items():
        items = known.get(question)
        if items is None:
            yield (question, ""), submission
            continue
        yield from (((question, item), submission) for item in _met(row) if item not in items)


def _met(row: ManualScoreRow) -> list[str]:
    return [item for item, share in (row.marks or {}).items() if share > 0]
