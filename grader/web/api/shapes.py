"""What answers look like that are not the same as a command's; see `grader.desk.telling`."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from ninja import Field, Schema

from grader.desk.telling import ToldStanding
from grader.store import SubmissionRow
from grader.web.api.problems import Problem
from grader.web.staff.reach import names_told
from grader.web.student.submission import shown_file_name
from grader.web.visits import Visit

# What every operation may answer besides what it is for.
ALWAYS = {400: Problem, 401: Problem, 403: Problem, 422: Problem}
MAY_BE_ABSENT = {**ALWAYS, 404: Problem}


@dataclass(frozen=True)
class ToldMe:
    """Whose token it is. `sections` are those that a TA is for; None for all."""

    login: str
    name: str
    student: str | None
    section: str | None
    roles: tuple[str, ...]
    sections: tuple[str, ...] | None
    course: str
    zone: str


@dataclass(frozen=True)
class ToldQuestion:
    """What a question is worth."""

    name: str
    title: str
    points: float


@dataclass(frozen=True)
class ToldAssignment:
    """An assignment, and where a student stands in it."""

    title: str
    submit: str
    points: float
    questions: tuple[ToldQuestion, ...]
    standing: ToldStanding


@dataclass(frozen=True)
class ToldSubmission:
    """One submission, and how far it has come.

    `student` handed it in; null, and of those `credited` left out, is whom you may not be told of.
    """

    submission: int
    assignment: str
    student: str | None
    credited: tuple[str, ...]
    file_name: str
    size_bytes: int
    sha256: str
    received_at: str
    state: str


@dataclass(frozen=True)
class ToldState(ToldSubmission):
    """The same just now: how many are graded before it, or what grading it is at.

    Students are told of a `step` which cell it is; staff also which check.
    """

    ahead: int | None
    step: str | None


@dataclass(frozen=True)
class ToldGraded(ToldSubmission):
    """The same for staff: what its checks gave by now, and why it is delayed."""

    earned: float | None
    points: float | None
    note: str


@dataclass(frozen=True)
class ToldPage:
    """Some of the submissions of an assignment, by time of receipt, and how many there are."""

    total: int
    submissions: tuple[ToldGraded, ...]


@dataclass(frozen=True)
class ToldScores:
    """A student's scores; null is 'no score', which is not the same as 0."""

    scores: dict[str, float | None]
    pending: dict[str, str]
    total_percent: float | None
    percent_so_far: float


@dataclass(frozen=True)
class ToldPause:
    """Whether an assignment is graded now; if not, who paused it, when and why."""

    assignment: str
    paused: bool
    by: str | None = None
    at: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class ToldQueued:
    """How many submissions of an assignment wait to be graded now."""

    assignment: str
    queued: int


class Reason(Schema):
    """Why staff do something; kept in the course's record."""

    reason: str = Field(min_length=1, max_length=2000, pattern=r"\S")


def plain_fields(visit: Visit, row: SubmissionRow, people: Collection[str]) -> dict[str, Any]:
    """What is told of any submission. `people` are those whom the visitor may see as staff."""
    names = names_told(visit, row, people)
    return {
        "submission": row.id,
        "assignment": row.assignment,
        "student": row.student if row.student in names else None,
        "credited": names,
        "file_name": shown_file_name(visit, row),
        "size_bytes": row.size_bytes,
        "sha256": row.sha256,
        "received_at": row.received_at.astimezone(visit.course.zone).isoformat(),
        "state": row.state.value,
    }
