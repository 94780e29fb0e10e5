"""What goes into a score and what comes out."""

import math
from dataclasses import dataclass
from enum import StrEnum

from grader.course import RubricItem
from grader.course.calendar import Standing


class QuestionState(StrEnum):
    """Where the points of one question come from, or why there are none yet."""

    GRADED = "graded"
    OVERRIDDEN = "overridden"
    UNGRADED = "ungraded"
    DELAYED = "delayed"
    ABSENT = "absent"
    HIDDEN = "shown later"
    """There may be points, but nobody may see them yet."""


class Pending(StrEnum):
    """Why there is no final score. Never a zero: a zero is something that was measured."""

    NOT_SUBMITTED = "not submitted"
    EXCUSED = "excused"
    LEFT_OUT = "not submitted, and left out"
    """It is too late for it, and the course leaves that out of totals."""
    REFUSED = "refused"
    QUEUED = "queued"
    DELAYED = "delayed"
    STALE = "stale"
    UNGRADED = "waiting for a grade by hand"
    HIDDEN = "shown later"
    """There may be a score, but nobody may see it yet."""


@dataclass(frozen=True)
class QuestionInfo:
    """What a score and its pages need to know of a question; `manual` means by hand alone."""

    name: str
    title: str
    points: float
    manual: bool = False
    rubric: tuple[RubricItem, ...] = ()


@dataclass(frozen=True)
class ManualScore:
    """Points that a person gave for a whole question.

    For an automatic question they replace what the checks earned (an override).
    """

    question: str
    points: float
    comment: str = ""


@dataclass(frozen=True)
class Lateness:
    """Days late after extension and slack, and what they cost.

    `credit` is the fraction of the score that is kept; `points_off` are taken off after that.
    `grace_days` of the days were paid for with grace days. Raises `ValueError` for negative days
    or points, or a credit outside 0..1.
    """

    days: int = 0
    credit: float = 1.0
    points_off: float = 0.0
    grace_days: int = 0

    def __post_init__(self) -> None:
        if self.days < 0:
            raise ValueError(f"days late must be 0 or more, not {self.days}")
        if not (math.isfinite(self.credit) and 0.0 <= self.credit <= 1.0):
            raise ValueError(f"the credit must lie in 0..1, not {self.credit}")
        if not (math.isfinite(self.points_off) and self.points_off >= 0.0):
            raise ValueError(f"the points taken off must be 0 or more, not {self.points_off}")

    @classmethod
    def of(cls, standing: Standing) -> "Lateness":
        """What the calendar found."""
        return cls(standing.days_late, standing.credit, standing.points_off, standing.grace_days)

    def apply(self, raw: float) -> float:
        """The points that are left of `raw`; not rounded."""
        return max(0.0, raw * self.credit - self.points_off)


@dataclass(frozen=True)
class Override:
    """A final score that a person set, in place of what was computed; None excuses the student."""

    points: float | None
    reason: str
    by: str


@dataclass(frozen=True)
class QuestionScore:
    """One question's points; `earned` is None while nothing has been measured."""

    question: str
    points: float
    earned: float | None
    state: QuestionState
    comment: str = ""


@dataclass(frozen=True)
class Score:
    """A student's score for an assignment.

    `auto`, `manual`, `raw` and `penalty` are not rounded; `final` is, once
    (`grader.gradebook.rounding`). `auto` is what the checks earned, also where a person
    has overridden it; `raw` is what counts, before lateness; `penalty` is what lateness
    takes off `raw`. `final` is None exactly when `pending` says why; an `override` is final
    whatever was computed.
    """

    student: str
    questions: tuple[QuestionScore, ...]
    auto: float
    manual: float
    raw: float
    points: float
    late_days: int = 0
    credit: float = 1.0
    penalty: float = 0.0
    final: float | None = None
    pending: Pending | None = None
    points_off: float = 0.0
    grace_days: int = 0
    override: Override | None = None

    def question(self, name: str) -> QuestionScore:
        """The score of one question. Raises `KeyError` for an unknown name."""
        for score in self.questions:
            if score.question == name:
                return score
        raise KeyError(name)
