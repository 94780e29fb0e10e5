"""What a report is made of, free of any store, and where it ends up."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

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

    `graded` is None unless `state` is GRADED.
    """

    student: str
    name: str
    state: RowState
    score: Score
    submission: str = ""
    received_at: datetime | None = None
    graded: GradedSubmission | None = None
    note: str = ""

    def __post_init__(self) -> None:
        if (self.graded is not None) != (self.state is RowState.GRADED):
            raise ValueError(f"{self.student}: state {self.state!r} does not fit the record")


@dataclass(frozen=True)
class AssignmentReport:
    """All of one assignment's report. Times are aware and shown in the zone of `due`.

    `submit` and `tests` are as in course.yaml: what students hand in, and whose tests grade it,
    our own `checks` or `otter`. Until `hidden_until`, if it is given, students are not shown hidden
    results and what follows from them. Raises `ValueError` for naive times or a student with two
    rows.
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

    @property
    def is_upload(self) -> bool:
        """Whether nothing was run, so that there is nothing to say of checks, time and memory."""
        return self.submit == "pdf"

    def __post_init__(self) -> None:
        times = [
            self.due,
            self.generated_at,
            self.hidden_until,
            *(r.received_at for r in self.rows),
        ]
        if any(time is not None and time.tzinfo is None for time in times):
            raise ValueError("a report needs times with a zone")
        students = [row.student for row in self.rows]
        if len(set(students)) < len(students):
            raise ValueError("a report needs one row a student")


@dataclass(frozen=True)
class ReportPaths:
    """Where `write_report` put everything; `feedback` maps a student's id to the page."""

    folder: Path
    index: Path
    scores_csv: Path
    checks_csv: Path
    report_json: Path
    feedback: Mapping[str, Path]
