"""The plain records that the store takes and gives."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from grader.outcomes import Ending, GradedSubmission, GraderError


class State(StrEnum):
    """Where a submission is on its way. Only `GRADED` means that the grader found a score."""

    QUEUED = "queued"
    RUNNING = "running"
    GRADED = "graded"
    DELAYED = "delayed"
    """Our side failed three times, or the engine under it; staff must look. Never a zero."""
    SUPERSEDED = "superseded"
    """A newer one of the same student came before the grader had graded this one; kept."""
    BY_HAND = "by hand"
    """People grade it, so it is never queued; the points they gave are its manual scores."""
    WITHDRAWN = "withdrawn"
    """Staff took it back: it never counts, and is kept."""


class StoreFault(GraderError):
    """The database can't be used just now: it is locked, gone, or its disk is full."""


class LeaseLost(GraderError):
    """Somebody else got the submission meanwhile: what this worker found is dropped."""


class UnknownStudent(LookupError):
    """No student of that identifier is in the roster."""


class UnknownSubmission(LookupError):
    """No submission has that number."""


class UnknownGroup(LookupError):
    """No group has that number or name."""


class UnknownExtension(LookupError):
    """No extension that holds has that number."""


class UnknownRequest(LookupError):
    """No regrade request has that number."""


@dataclass(frozen=True)
class StudentRow:
    """A student of the course. `canvas_id` is the number that Canvas or Quercus uses."""

    identifier: str
    name: str = ""
    email: str = ""
    section: str = ""
    canvas_id: str = ""
    active: bool = True


@dataclass(frozen=True)
class RosterChange:
    """What a roster changed, as identifiers. `left` are no longer in it, and are kept."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    left: tuple[str, ...]


@dataclass(frozen=True)
class SubmissionRow:
    """One file as it was received. `student` is the identifier; times are UTC.

    `members` are who was in the `group` when it was received.
    """

    id: int
    student: str
    assignment: str
    sha256: str
    file_name: str
    size_bytes: int
    received_at: datetime
    state: State
    attempts: int
    note: str
    group: int | None = None
    members: tuple[str, ...] = ()
    receipt: str = ""

    @property
    def credited(self) -> tuple[str, ...]:
        """Whose work it is, whatever groups they are in later."""
        return self.members or (self.student,)


@dataclass(frozen=True)
class Accepted:
    """A receipt. `repeated` says that these bytes were already the student's newest.

    `group` is the one that it was taken in for.
    """

    submission: SubmissionRow
    repeated: bool
    group: "GroupRow | None" = None


@dataclass(frozen=True)
class Lease:
    """The right to grade one submission, until `token` is no longer the row's.

    `losses` is how often an engine went away while it ran.
    """

    submission: SubmissionRow
    token: str
    batch_id: int
    losses: int = 0


@dataclass(frozen=True)
class ResultRow:
    """One grading of one submission. `record` is the whole finding as JSON."""

    id: int
    submission_id: int
    student: str
    assignment: str
    received_at: datetime
    batch_id: int | None
    checks_version: str
    environment: str
    earned: float
    points: float
    ending: Ending
    created_at: datetime
    record: str
    proposed: bool = False
    dropped: bool = False

    @property
    def graded(self) -> GradedSubmission:
        """The finding; parsed at each call."""
        return GradedSubmission.from_json(self.record)


@dataclass(frozen=True)
class SummaryRow:
    """A grading without its findings: (earned, possible) points by question."""

    id: int
    submission_id: int
    checks_version: str
    questions: dict[str, tuple[float, float]]
    created_at: datetime


@dataclass(frozen=True)
class BatchRow:
    """One run of the grader. `counts` are the gradings and failures in it so far."""

    id: int
    assignment: str
    started_at: datetime
    finished_at: datetime | None
    counts: dict[str, int]


@dataclass(frozen=True)
class ManualScoreRow:
    """Points that a person gave for one question.

    With `marks`, the share of each rubric item that was given by the item's name, `points` comes
    on top of them, and may be negative.
    """

    submission_id: int
    student: str
    question: str
    points: float
    comment: str
    by: str
    at: datetime
    marks: dict[str, float] | None = None


@dataclass(frozen=True)
class OverrideRow:
    """A final score that a person set; without points, an earlier one was taken back.

    Who is `excused` has no score, and the assignment is no part of their total.
    """

    student: str
    assignment: str
    points: float | None
    reason: str
    by: str
    at: datetime
    excused: bool = False


@dataclass(frozen=True)
class GroupRow:
    """A group of one set, and the identifiers of who is in it now, in order."""

    id: int
    group_set: str
    name: str
    members: tuple[str, ...]


@dataclass(frozen=True)
class ExtensionRow:
    """More time for a student or a group: until a time, by days, or both.

    `until_text` is the time as it was written, in the course's zone. `time_factor` lengthens the
    time of a timed assignment.
    """

    id: int
    student: str | None
    group: int | None
    assignment: str
    until: datetime | None
    until_text: str
    days: int
    reason: str
    by: str
    at: datetime
    withdrawn_at: datetime | None
    time_factor: float = 1.0


@dataclass(frozen=True)
class StartRow:
    """When a student began a timed assignment."""

    student: str
    assignment: str
    at: datetime


@dataclass(frozen=True)
class ReplyRow:
    """An answer to a regrade request."""

    text: str
    by: str
    at: datetime


@dataclass(frozen=True)
class RequestRow:
    """A regrade request with its answers, oldest first."""

    id: int
    submission_id: int
    assignment: str
    student: str
    question: str
    text: str
    at: datetime
    closed_at: datetime | None
    replies: tuple[ReplyRow, ...]


@dataclass(frozen=True)
class WorkerRow:
    """A process that grades `jobs` at a time, and when it was last heard of."""

    name: str
    jobs: int
    doing: str
    seen_at: datetime


@dataclass(frozen=True)
class PauseRow:
    """An assignment that is not graded for now."""

    assignment: str
    by: str
    at: datetime
    reason: str


@dataclass(frozen=True)
class HoldRow:
    """Who marks a question of a submission just now."""

    submission_id: int
    question: str
    by: str
    until: datetime


@dataclass(frozen=True)
class CourseVersionRow:
    """A course file as it was when it began to count."""

    id: int
    digest: str
    text: str
    reason: str
    by: str
    at: datetime


@dataclass(frozen=True)
class ActionRow:
    """Something that staff changed."""

    at: datetime
    by: str
    what: str
    subject: str
    detail: str
    reason: str


@dataclass(frozen=True)
class EventRow:
    """One line of a submission's history."""

    at: datetime
    what: str
    detail: str
