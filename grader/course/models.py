"""The course as the rest of the grader knows it: every name resolved, every time an instant."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from grader.course.named_times import After
from grader.course.policy import LatePolicy
from grader.course.weights import Part
from grader.course.written import Lecture, Term


class _Known(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Limits(_Known):
    """What one submission may use. The defaults suit a machine with 2 cores.

    `notebook_seconds` bounds a run of all cells, `cell_seconds` one cell, `call_seconds` one
    call of a student's function and `submission_seconds` all runs and calls of a submission
    together; `message_bytes` one message of the wire protocol.
    """

    notebook_seconds: float = 300.0
    cell_seconds: float = 60.0
    call_seconds: float = 30.0
    submission_seconds: float = 1800.0
    cpus: float = 1.0
    memory_bytes: int = 2 << 30
    processes: int = 128
    tmp_bytes: int = 64 << 20
    output_bytes: int = 4 << 20
    message_bytes: int = 64 << 20
    restarts: int = 2


class Environment(_Known):
    """An image to build from `folder`, and the number of GPUs its containers ask for.

    `runtime` is the engine's name of what its containers run with; None is the engine's own.
    """

    name: str
    folder: Path
    gpus: int = 0
    runtime: str | None = None


class RubricItem(_Known):
    """What a grader by hand looks for, and the points that it is worth.

    What was given is kept by its `name`, which no other item of the question has: its place, text
    and points may change.
    """

    name: str
    points: float
    text: str


class Question(_Known):
    """A part of an assignment; `manual` ones are graded by hand, and may have a rubric."""

    name: str
    title: str
    points: float
    manual: bool = False
    rubric: tuple[RubricItem, ...] = ()


class GroupSize(_Known):
    """How many students may work on one submission; `set` is shared by what the same groups do."""

    min: int
    max: int
    set: str | None = None

    @property
    def text(self) -> str:
        """The sizes for people, such as `groups of 2 to 3`."""
        if self.min == self.max:
            return f"groups of {self.max}"
        return f"groups of {self.min} to {self.max}"


class Attempts(_Known):
    """How often a student may submit: in all, on one day in the course's zone, and how soon."""

    limit: int | None = None
    per_day: int | None = None
    wait: timedelta = timedelta(0)


class SectionDates(_Known):
    """Dates of a section in place of the assignment's; None where they are the same."""

    release: datetime | None = None
    due: datetime | None = None
    lock: datetime | None = None


class Assignment(_Known):
    """An assignment.

    `release` and `due` carry the course's zone. Compare instants by `release_utc` and
    `due_utc`: Python compares two times of one zone by the clock alone, which is wrong in the
    hour that the clocks show twice. `submit` is the kind of file that students hand in. A PDF is
    graded by hand and has no environment; of a notebook `tests` says whether our own hidden checks
    grade it or the tests of an otter assignment. Without a `group` it is individual work. Where it
    is `anonymous`, TAs don't see whose papers they mark.

    A timed assignment is due when `time_allowed` is over since a student began, at `due` at the
    latest. From `lock` on nothing is taken. What holds for one student (sections, extensions) is in
    `grader.course.student_dates`; the policy that holds is the course's `late_policy_of`.
    """

    name: str
    title: str
    folder: Path
    submit: Literal["notebook", "pdf"] = "notebook"
    environment: str | None = None
    tests: Literal["checks", "otter"] = "checks"
    group: GroupSize | None = None
    anonymous: bool = False
    release: datetime
    due: datetime
    lock: datetime | None = None
    sections: dict[str, SectionDates] = {}
    time_allowed: timedelta | None = None
    late_policy: LatePolicy | None = None
    feedback: datetime | After = After.LAST_DUE
    solution: datetime | After | None = None
    attempts: Attempts = Attempts()
    limits: Limits
    questions: tuple[Question, ...]
    points: float

    @property
    def by_hand(self) -> bool:
        """Whether people grade all of it: what is handed in is never run."""
        return self.submit == "pdf"

    @property
    def group_set(self) -> str | None:
        """The set of groups that hand it in, or None for individual work."""
        return (self.group.set or self.name) if self.group else None

    @property
    def release_utc(self) -> datetime:
        return self.release.astimezone(UTC)

    @property
    def due_utc(self) -> datetime:
        """The first instant that is late: a submission is on time iff received before it."""
        return self.due.astimezone(UTC)

    def question(self, name: str) -> Question:
        """The question of that name. Raises KeyError if there is none."""
        return {question.name: question for question in self.questions}[name]


class Course(_Known):
    """A course whose file had no mistake. `folder` is where the file lies; paths are absolute."""

    code: str
    title: str
    institution: str | None = None
    url: str | None = None
    zone: ZoneInfo
    term: Term
    lectures: tuple[Lecture, ...]
    events: dict[str, date | datetime] = {}
    environments: dict[str, Environment]
    limits: Limits
    late_policy: LatePolicy
    weights: tuple[Part, ...]
    missing: Literal["zero", "left out"] = "zero"
    roster: Path
    assignments: dict[str, Assignment]
    folder: Path

    def late_policy_of(self, assignment: Assignment) -> LatePolicy:
        """The assignment's own policy, or the course's."""
        return assignment.late_policy or self.late_policy

    def environment_of(self, assignment: Assignment) -> Environment:
        """Where the assignment's notebooks run. Raises `ValueError` if nothing of it does."""
        if assignment.environment is None:
            raise ValueError(f"{assignment.name} is graded by hand; nothing of it is run")
        return self.environments[assignment.environment]
