"""What a report is made of, free of any store, and where it ends up."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from grader.course.calendar import Standing
from grader.gradebook.records import QuestionInfo, Score
from grader.outcomes import GradedSubmission


class RowState(StrEnum):
    """How far a student's work has come."""

    GRADED = "graded"
    QUEUED = "queued"
    DELAYED = "delayed"
    REFUSED = "refused"
    BY_HAND = "by hand"
    """An upload: people grade it, and its score says how far they have come."""
    NOT_SUBMITTED = "not submitted"


@dataclass(frozen=True)
class ReportRow:
    """One student. `note` is for the student too: why a file was refused, an extension.

    `graded` is None unless `state` is GRADED. `due` is the student's own due time, with extensions.
    `standing` is how late the submission is that counts, also while it has no score. Where staff
    took back all that was handed in, it `was_withdrawn`.
    """

    student: str
    name: str
    state: RowState
    score: Score
    submission: str = ""
    received_at: datetime | None = None
    graded: GradedSubmission | None = None
    note: str = ""
    email: str = ""
    section: str = ""
    due: datetime | None = None
    standing: Standing | None = None
    was_withdrawn: bool = False

    @property
    def late_days(self) -> int:
        """Days late after extension and slack."""
        return self.standing.days_late if self.standing else self.score.late_days

    @property
    def grace_days(self) -> int:
        """Grace days that it uses up."""
        return self.standing.grace_days if self.standing else self.score.grace_days

    def __post_init__(self) -> None:
        if (self.graded is not None) != (self.state is RowState.GRADED):
            raise ValueError(f"{self.student}: state {self.state!r} does not fit the record")


@dataclass(frozen=True)
class GrantedExtension:
    """More time for these students, alone or as the group of that name. For staff only."""

    students: tuple[str, ...]
    group: str
    until: datetime | None
    days: int
    reason: str
    by: str
    at: datetime


@dataclass(frozen=True)
class OpenRequest:
    """A regrade request that nobody has closed; how often it was answered. For staff only."""

    number: int
    student: str
    question: str
    text: str
    at: datetime
    replies: int = 0


@dataclass(frozen=True)
class AssignmentReport:
    """All of one assignment's report. Times are aware and shown in the zone of `due`.

    `submit` and `tests` are as in course.yaml: what students hand in, and whose tests grade it,
    our own `checks` or `otter`. Until `hidden_until`, if it is given, students are not shown hidden
    results and what follows from them: what counts in their `shown_rows` is settled without them.
    Raises `ValueError` for naive times or a student with two rows.
    """

    course_code: str
    course_title: str
    assignment: str
    title: str
    due: datetime
    generated_at: datetime
    questions: tuple[QuestionInfo, ...]
    rows: tuple[ReportRow, ...]
    tests: str = "checks"
    submit: str = "notebook"
    hidden_until: datetime | None = None
    shown_rows: tuple[ReportRow, ...] = ()
    extensions: tuple[GrantedExtension, ...] = ()
    requests: tuple[OpenRequest, ...] = ()

    @property
    def is_upload(self) -> bool:
        """Whether nothing was run, so that there is nothing to say of checks, time and memory."""
        return self.submit == "pdf"

    @property
    def rows_for_students(self) -> tuple[ReportRow, ...]:
        """The rows that students' own pages are made of."""
        return self.shown_rows or self.rows

    def __post_init__(self) -> None:
        times = [
            self.due,
            self.generated_at,
            self.hidden_until,
            *(r.received_at for r in self.rows),
            *(r.due for r in self.rows),
            *(e.until for e in self.extensions),
            *(e.at for e in (*self.extensions, *self.requests)),
        ]
        if any(time is not None and time.tzinfo is None for time in times):
            raise ValueError("a report needs times with a zone")
        students = [row.student for row in self.rows]
        if len(set(students)) < len(students):
            raise ValueError("a report needs one row a student")


@dataclass(frozen=True)
class ReportPaths:
    """Where `write_report` put everything; `feedback` maps a student's id to the page.

    `pdf` is None unless it was asked for.
    """

    folder: Path
    index: Path
    scores_csv: Path
    checks_csv: Path
    report_json: Path
    feedback: Mapping[str, Path]
    difficulty_csv: Path
    pdf: Path | None = None
