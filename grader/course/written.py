"""What `course.yaml` may say, field by field.

Each field's description is what its complaints say was expected. A field is checked here
alone; what fields mean together is in `rules`.
"""

from datetime import date
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from grader.course.dates import LocalTime, parse_date, parse_zone
from grader.course.named_times import (
    After,
    Relative,
    parse_event,
    parse_opening,
    parse_time,
)
from grader.course.policy import KINDS, LatePolicy
from grader.course.units import parse_bytes, parse_seconds

# Names become folder names, file names, parts of addresses and of container labels.
NAME = r"^[a-z][a-z0-9_-]{0,31}\Z"
SECTION = r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,31}\Z"
QUESTION_NAME = r"^[a-z][a-z0-9_]{0,31}\Z"
# Marks from before items had names are kept by an item's place: `name: "1"` keeps them.
ITEM = r"^[a-z0-9][a-z0-9_]{0,31}\Z"
RUNTIME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z"
RELATIVE = r"^(?!/)(?!(.*/)?\.\.?(/|\Z))[A-Za-z0-9_./-]{1,100}\Z"

Title = Annotated[str, StringConstraints(pattern=r"^\S[^\n]*\Z", min_length=1, max_length=200)]
Item = Annotated[str, StringConstraints(pattern=r"^\S[^\n]*\Z", min_length=1, max_length=500)]
Name = Annotated[str, StringConstraints(pattern=NAME)]
SectionName = Annotated[str, StringConstraints(pattern=SECTION)]
QuestionName = Annotated[str, StringConstraints(pattern=QUESTION_NAME)]
ItemName = Annotated[str, StringConstraints(pattern=ITEM)]
Zone = Annotated[ZoneInfo, BeforeValidator(parse_zone)]
Day = Annotated[date, BeforeValidator(parse_date)]
Moment = Annotated[LocalTime | Relative, BeforeValidator(parse_time)]
Event = Annotated[date | LocalTime | Relative, BeforeValidator(parse_event)]
Opening = Annotated[After | LocalTime | Relative, BeforeValidator(parse_opening)]
Seconds = Annotated[float, BeforeValidator(parse_seconds), Field(gt=0, le=86400)]
Bytes = Annotated[int, BeforeValidator(parse_bytes), Field(ge=1 << 10, le=1 << 40)]

TITLE = "one line of text"
SOME_TIME = "a duration such as `90 s` or `5 min`, more than 0 and at most a day"
SOME_SIZE = "a size such as `64 MiB` or `2 GiB`, from 1 KiB to 1024 GiB"
MOMENT = "a local date and time such as `2027-01-14 18:00`"
DAY = "a date such as `2027-01-14`"
OPENING = f"`{After.LAST_DUE}`, or a time such as `ps1.due + 2 days`"
ITEM_NAME = (
    "a short name such as `name: clarity`, by which marks are kept: lower-case letters, digits "
    "and `_`, for each item of the question another"
)
ENVIRONMENT = "the name of one of the environments"


class Written(BaseModel):
    """A block of fields in the file."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        arbitrary_types_allowed=True,
        regex_engine="python-re",
    )


class About(Written):
    """The course, as students know it."""

    code: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,31}\Z",
        description="a code such as `CSC2541`: letters, digits, spaces, `.`, `_` and `-`",
    )
    title: Title = Field(description=TITLE)
    institution: Title | None = Field(default=None, description=TITLE)
    url: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s<>\"']{1,300}\Z",
        description="an address that begins with `https://`",
    )


class Term(Written):
    """First and last day of the term, both inside it."""

    start: Day = Field(description=DAY)
    end: Day = Field(description=DAY)


class Lecture(Written):
    """One lecture of the course."""

    number: int = Field(ge=1, description="a whole number; lectures count 1, 2, 3, ...")
    date: Day = Field(description=DAY)
    title: Title = Field(description=TITLE)


class WrittenEnvironment(Written):
    """An environment's name is its folder under `environments/`."""

    gpus: int = Field(default=0, ge=0, le=16, description="a whole number of GPUs from 0 to 16")
    runtime: str | None = Field(
        default=None,
        pattern=RUNTIME,
        description="the name of a runtime that the engine knows, such as `runsc`; without it, the "
        "engine's own",
    )


class WrittenLimits(Written):
    """What one submission may use. What is left out is as in the layer above."""

    notebook: Seconds | None = Field(default=None, description=SOME_TIME)
    cell: Seconds | None = Field(default=None, description=SOME_TIME)
    call: Seconds | None = Field(default=None, description=SOME_TIME)
    submission: Seconds | None = Field(default=None, description=SOME_TIME)
    cpus: float | None = Field(default=None, gt=0, le=256, description="a number such as 1 or 0.5")
    memory: Bytes | None = Field(default=None, description=SOME_SIZE)
    processes: int | None = Field(default=None, ge=1, le=65536, description="a whole number from 1")
    tmp: Bytes | None = Field(default=None, description=SOME_SIZE)
    output: Bytes | None = Field(default=None, description=SOME_SIZE)
    message: Bytes | None = Field(default=None, description=SOME_SIZE)
    restarts: int | None = Field(
        default=None, ge=0, le=100, description="a whole number from 0 to 100"
    )


class WrittenItem(Written):
    """One line of a rubric. Marks are kept by its name, so that items can be moved and reworded."""

    name: ItemName = Field(description=ITEM_NAME)
    points: float = Field(gt=0, le=10000, description="a number of points more than 0")
    text: Item = Field(description="what the points are given for, on one line")


class WrittenQuestion(Written):
    """A question's name is its key, and the name of its checks."""

    title: Title = Field(description=TITLE)
    points: float = Field(gt=0, le=10000, description="a number of points more than 0")
    manual: bool = Field(default=False, description="`true` (graded by hand) or `false`")
    rubric: list[WrittenItem] = Field(
        default=[],
        min_length=1,
        description="a list of items such as `{name: clarity, points: 4, text: A clear question}`",
    )


class WrittenGroup(Written):
    """How many students may work on one submission, and the set that their groups are of."""

    min: int = Field(ge=1, le=50, description="a whole number of students from 1 to 50")
    max: int = Field(ge=2, le=50, description="a whole number of students from 2 to 50")
    set: Name | None = Field(
        default=None,
        description="a name such as `project`, for assignments that the same groups work on",
    )


class WrittenSection(Written):
    """Dates of a section that differ from the assignment's."""

    release: Moment | None = Field(default=None, description=MOMENT)
    due: Moment | None = Field(default=None, description=MOMENT)
    lock: Moment | None = Field(default=None, description=MOMENT)


class WrittenAttempts(Written):
    """How often a student may submit."""

    limit: int | None = Field(
        default=None, ge=1, le=1000, description="a whole number of submissions in all, from 1"
    )
    per_day: int | None = Field(
        default=None, ge=1, le=1000, description="a whole number of submissions a day, from 1"
    )
    wait: Seconds | None = Field(default=None, description=SOME_TIME)


class WrittenAssignment(Written):
    """An assignment's name is its key, and its folder under `assignments/` unless it says."""

    title: Title = Field(description=TITLE)
    folder: str | None = Field(
        default=None,
        pattern=RELATIVE,
        description="a folder inside the course's, such as `assignments/ps1`",
    )
    submit: Literal["notebook", "pdf"] = Field(
        default="notebook", description="`notebook`, or `pdf` (uploads graded by hand)"
    )
    # Required of notebooks by `rules`.
    environment: str | None = Field(default=None, description=ENVIRONMENT)
    tests: Literal["checks", "otter"] = Field(
        default="checks",
        description="`checks` (hidden checks of checks.py) or `otter` (tests of an otter master or "
        "autograder.zip)",
    )
    group: WrittenGroup | None = Field(
        default=None, description="sizes such as `{min: 2, max: 3}`; without it, individual work"
    )
    anonymous: bool = Field(
        default=False,
        description="`true` (TAs don't see whose papers they mark) or `false`",
    )
    release: Moment = Field(description=MOMENT)
    due: Moment = Field(description=MOMENT)
    lock: Moment | None = Field(
        default=None, description=f"{MOMENT}, from which on nothing is taken"
    )
    sections: dict[SectionName, WrittenSection] = Field(
        default={},
        description="sections with dates of their own, such as `LEC0201: {due: ps1.due + 1 day}`",
    )
    time_allowed: Seconds | None = Field(
        default=None,
        description=f"for a timed assignment, {SOME_TIME}, from when a student begins",
    )
    late_policy: LatePolicy | None = Field(
        default=None, description=f"a policy in place of the course's, with `kind` {KINDS}"
    )
    feedback: Opening = Field(default=After.LAST_DUE, description=OPENING)
    solution: Opening | None = Field(default=None, description=OPENING)
    attempts: WrittenAttempts | None = Field(
        default=None, description="limits such as `{limit: 10}` or `{per_day: 3, wait: 30 min}`"
    )
    limits: WrittenLimits = Field(
        default=WrittenLimits(), description="the limits that differ from the course's"
    )
    points: float = Field(gt=0, description="the sum of the questions' points")
    questions: dict[QuestionName, WrittenQuestion] = Field(
        min_length=1,
        description="questions such as `q1: {title: Warm-up, points: 10}`, named by lower-case "
        "letters, digits and `_`",
    )


class WrittenPart(Written):
    """A part of the total; its name is that of an assignment, or it says which it is `of`."""

    percent: float = Field(
        gt=0, le=100, description="a number of percent, more than 0 and at most 100"
    )
    of: list[Name] | None = Field(
        default=None, min_length=1, description="a list of assignments such as `[lab04, lab05]`"
    )
    drop_lowest: int = Field(
        default=0, ge=0, le=100, description="a whole number of assignments that don't count"
    )


class WrittenCourse(Written):
    """The whole file."""

    course: About = Field(description="the course's code and title")
    zone: Zone = Field(description="an IANA time zone such as `America/Toronto`")
    term: Term = Field(description="the term's first and last day, `start` and `end`")
    lectures: list[Lecture] = Field(default=[], description="a list of lectures")
    events: dict[Name, Event] = Field(
        default={},
        description="days and times with names, such as `exam: 2027-04-20 09:00`",
    )
    environments: dict[Name, WrittenEnvironment] = Field(
        min_length=1,
        description="environments such as `cpu: {gpus: 0}`, named by lower-case letters, digits, "
        "`_` and `-`",
    )
    limits: WrittenLimits = Field(
        default=WrittenLimits(), description="what one submission may use"
    )
    late_policy: LatePolicy = Field(description=f"a policy with `kind` {KINDS}")
    weights: dict[Name, WrittenPart] = Field(
        default={},
        description="parts of the total such as `labs: {percent: 40, of: [lab04, lab05]}`",
    )
    missing: Literal["zero", "left out"] = Field(
        default="zero",
        description="`zero` (what was never handed in counts 0 once that is worth nothing) or "
        "`left out` (it is no part of the total)",
    )
    roster: str = Field(
        min_length=1, max_length=300, description="the path of a CSV file such as `roster.csv`"
    )
    assignments: dict[Name, WrittenAssignment] = Field(
        description="assignments such as `ps1:`, named by lower-case letters, digits, `_` and `-`",
    )
