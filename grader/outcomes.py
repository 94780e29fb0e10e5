"""What became of a submission: the plain records that every layer above passes on.

There are three answers, never two. The student's program did well or badly (a
`GradedSubmission`), or our side failed (a `GraderError`, which is never a score).
"""

import math
from dataclasses import dataclass, field
from enum import StrEnum

from pydantic import TypeAdapter


class GraderError(Exception):
    """Our side failed. The submission is requeued and is never given a zero for it."""


class Ending(StrEnum):
    """How the student's program ended, as the engine and our clock saw it."""

    FINISHED = "finished"
    TIMEOUT = "timeout"
    OUT_OF_MEMORY = "out of memory"
    TOO_MANY_PROCESSES = "too many processes"
    OUTPUT_LIMIT = "output limit"
    CRASHED = "crashed"
    EXITED = "exited early"
    GARBLED = "garbled protocol"


class Outcome(StrEnum):
    """What one hidden check found."""

    PASSED = "passed"
    PARTIAL = "partial"
    WRONG_VALUE = "wrong value"
    WRONG_SHAPE = "wrong shape"
    WRONG_TYPE = "wrong type"
    NOT_FINITE = "not finite"
    MISSING = "missing"
    RAISED = "raised"
    TIMEOUT = "timeout"
    OVER_BUDGET = "over budget"
    NOT_EXPORTABLE = "not exportable"
    STOPPED = "stopped"


class Shown(StrEnum):
    """When a student sees what a check found. Its points are always told."""

    AT_ONCE = "at once"
    AFTER_DUE = "after the due date"
    NEVER = "never"


class CellStatus(StrEnum):
    """What became of one notebook cell."""

    OK = "ok"
    RAISED = "raised"
    INTERRUPTED = "interrupted"
    NOT_RUN = "not run"


@dataclass(frozen=True)
class CellRecord:
    """One executed code cell. `index` counts all cells of the notebook from 0."""

    index: int
    status: CellStatus
    seconds: float = 0.0
    output: str = ""
    error: str = ""


@dataclass(frozen=True)
class CheckResult:
    """One hidden check's finding, in words that a student may read.

    `error` and `allowed` are the largest relative error seen and the tolerance it was
    held to; staff see them, students do not. `mutant` names the known mistake whose values
    the submission's values match.
    """

    check: str
    question: str
    title: str
    points: float
    earned: float
    outcome: Outcome
    message: str = ""
    mutant: str | None = None
    error: float | None = None
    allowed: float | None = None
    seconds: float = 0.0
    shown: Shown = Shown.AFTER_DUE


@dataclass(frozen=True)
class Usage:
    """What a submission cost the machine."""

    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0
    memory_peak_bytes: int = 0


@dataclass(frozen=True)
class GradedSubmission:
    """All that grading one submission found. `phases` maps a phase's name to seconds."""

    ending: Ending
    message: str
    cells: tuple[CellRecord, ...]
    checks: tuple[CheckResult, ...]
    usage: Usage = Usage()
    phases: dict[str, float] = field(default_factory=dict[str, float])
    checks_version: str = ""

    @property
    def earned(self) -> float:
        """Points of the automatic checks, before lateness and manual grades."""
        return sum(result.earned for result in self.checks)

    @property
    def points(self) -> float:
        """Points that the automatic checks can give."""
        return sum(result.points for result in self.checks)

    def points_by_question(self) -> dict[str, tuple[float, float]]:
        """(earned, possible) of each question that the checks are of."""
        found: dict[str, list[CheckResult]] = {}
        for result in self.checks:
            found.setdefault(result.question, []).append(result)
        return {
            question: (math.fsum(r.earned for r in results), math.fsum(r.points for r in results))
            for question, results in found.items()
        }

    def to_json(self) -> str:
        """The record as JSON; `from_json` reads it back equal."""
        return _ADAPTER.dump_json(self).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> "GradedSubmission":
        """The record that `to_json` wrote."""
        return _ADAPTER.validate_json(text)


_ADAPTER: TypeAdapter[GradedSubmission] = TypeAdapter(GradedSubmission)
