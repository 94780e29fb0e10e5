"""What a term's report is made of, free of any store, and where it ends up."""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum
from pathlib import Path


class EntryState(StrEnum):
    """How far a student has come with an assignment."""

    FINAL = "final"
    WAITING = "waiting"
    """Handed in; our side, or people, have yet to grade it."""
    MISSING = "not submitted"
    EXCUSED = "excused"
    OPEN = "not due yet"


@dataclass(frozen=True)
class Entry:
    """One student's assignment. `final` is there where the state is FINAL, and may be 0 if MISSING.

    `pending` says what it waits for. `is_set` tells a score that a person set for the whole; a
    score can be set also for what was never handed in. `due` is the student's own due time.
    """

    state: EntryState
    due: datetime
    final: float | None = None
    pending: str = ""
    submitted: bool = False
    late_days: int = 0
    grace_days: int = 0
    is_set: bool = False

    def __post_init__(self) -> None:
        may_be_zero = self.state is EntryState.MISSING and self.final == 0
        if (self.final is not None) != (self.state is EntryState.FINAL) and not may_be_zero:
            raise ValueError(f"the state {self.state!r} does not fit the score {self.final}")


@dataclass(frozen=True)
class TermStudent:
    """A student's entries, in the order of the assignments, and the total.

    `percent` is reached of what is final, which is `so_far` percent of the course.
    """

    student: str
    name: str
    email: str
    section: str
    entries: tuple[Entry, ...]
    percent: float | None
    so_far: float

    @property
    def late_days(self) -> int:
        """Days late of all that counts, together."""
        return sum(entry.late_days for entry in self.entries)

    @property
    def grace_days(self) -> int:
        """Grace days used up."""
        return sum(entry.grace_days for entry in self.entries)


@dataclass(frozen=True)
class TermAssignment:
    """An assignment. `counts_for` says what of the total it is; `requests` are open ones."""

    name: str
    title: str
    due: datetime
    points: float
    counts_for: str = ""
    requests: int = 0


@dataclass(frozen=True)
class TermReport:
    """A term as it stands. `grace_budget` is None where no late policy has grace days.

    Raises `ValueError` for a student with two rows, or not with an entry for each assignment.
    """

    course_code: str
    course_title: str
    zone: tzinfo
    generated_at: datetime
    assignments: tuple[TermAssignment, ...]
    students: tuple[TermStudent, ...]
    grace_budget: int | None = None

    def __post_init__(self) -> None:
        if self.generated_at.tzinfo is None:
            raise ValueError("a report needs times with a zone")
        if len({row.student for row in self.students}) < len(self.students):
            raise ValueError("a report needs one row a student")
        if any(len(row.entries) != len(self.assignments) for row in self.students):
            raise ValueError("a student needs one entry an assignment")


@dataclass(frozen=True)
class TermPaths:
    """Where `write_term_report` put everything; the PDFs are None unless they were asked for."""

    folder: Path
    index: Path
    gradebook: Path
    gradebook_csv: Path
    assignments_csv: Path
    missing_csv: Path
    report_json: Path
    index_pdf: Path | None = None
    gradebook_pdf: Path | None = None
