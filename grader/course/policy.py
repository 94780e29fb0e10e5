"""What a late submission is worth: the policies that `course.yaml` may state."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from grader.course.units import Span, parse_seconds, parse_span

KINDS = "`no late work`, `percent per day`, `points per day`, `grace days` or `windows`"
_PERCENT = "a number of percent from 0 to 100"
_SOME_DAYS = "a whole number of days from 1 to 366"


class PastMaxDays(StrEnum):
    """What a submission is worth that is later than the last day that counts."""

    NO_CREDIT = "no credit"
    SAME_CREDIT = "same credit"


class Then(StrEnum):
    """What holds for a submission that is later than grace days cover."""

    NO_CREDIT = "no credit"
    PERCENT_PER_DAY = "percent per day"


class ThenCharges(StrEnum):
    """What a submission that is later than grace days cover takes from their budget."""

    NO_DAY = "no day"
    DAYS_LEFT = "the days left"


def _parse_slack(text: object) -> timedelta:
    return text if isinstance(text, timedelta) else timedelta(seconds=parse_seconds(text))


def _parse_past(text: object) -> Any:
    return PastMaxDays(text) if text in set(PastMaxDays) else text


def _parse_then(text: object) -> Any:
    return Then(text) if text in set(Then) else text


def _parse_then_charges(text: object) -> Any:
    return ThenCharges(text) if text in set(ThenCharges) else text


def _parse_until(text: object) -> Span:
    return text if isinstance(text, Span) else parse_span(text)


class _Stated(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, arbitrary_types_allowed=True
    )


class _Policy(_Stated):
    slack: Annotated[timedelta, BeforeValidator(_parse_slack)] = Field(
        default=timedelta(0),
        le=timedelta(days=1),
        description="a duration such as `5 min`, at most a day",
    )
    counts: Literal["newest", "best"] = Field(
        default="newest",
        description="`newest` (the newest submission counts, whenever it came) or `best` (the one "
        "with the most points after its penalty)",
    )


class NoLateWork(_Policy):
    """Nothing received at or after the due time plus slack has credit."""

    kind: Literal["no late work"] = Field(description=KINDS)


class _PerDay(_Policy):
    max_days: int = Field(ge=1, le=366, description=_SOME_DAYS)
    past_max_days: Annotated[PastMaxDays, BeforeValidator(_parse_past)] = Field(
        default=PastMaxDays.NO_CREDIT,
        description="`no credit` or `same credit` (as on the last day)",
    )


class PercentPerDay(_PerDay):
    """Each day late, begun or full, takes `percent` of the points earned."""

    kind: Literal["percent per day"] = Field(description=KINDS)
    percent: float = Field(ge=0, le=100, description=_PERCENT)


class PointsPerDay(_PerDay):
    """Each day late, begun or full, takes `points` off, down to 0."""

    kind: Literal["points per day"] = Field(description=KINDS)
    points: float = Field(ge=0, le=10000, description="a number of points from 0")


class GraceDays(_Policy):
    """Days late that cost nothing: `budget` of them in a term, `per_assignment` at most for one.

    A submission is covered whole or not at all unless `then_charges` is `the days left`: then
    what is left covers its first days, and `percent` is for the others.
    """

    kind: Literal["grace days"] = Field(description=KINDS)
    budget: int = Field(ge=1, le=366, description=_SOME_DAYS)
    per_assignment: int = Field(ge=1, le=366, description=_SOME_DAYS)
    then: Annotated[Then, BeforeValidator(_parse_then)] = Field(
        description="`no credit` or `percent per day`, for what is later than grace days cover"
    )
    then_charges: Annotated[ThenCharges, BeforeValidator(_parse_then_charges)] = Field(
        default=ThenCharges.NO_DAY,
        description="`no day` or `the days left`, for what is later than grace days cover",
    )
    percent: float = Field(default=0.0, ge=0, le=100, description=_PERCENT)
    max_days: int = Field(default=366, ge=1, le=366, description=_SOME_DAYS)


class Window(_Stated):
    """`credit` percent of the points earned until so long after the due time."""

    until: Annotated[Span, BeforeValidator(_parse_until)] = Field(
        description="a time after the due time such as `2 days` or `36 hours`"
    )
    credit: float = Field(
        gt=0, lt=100, description="a number of percent, more than 0 and less than 100"
    )


class Windows(_Policy):
    """Late windows, each with less credit than the one before; after the last there is none."""

    kind: Literal["windows"] = Field(description=KINDS)
    windows: list[Window] = Field(
        min_length=1, description="a list of windows such as `- {until: 2 days, credit: 80}`"
    )


LatePolicy = Annotated[
    NoLateWork | PercentPerDay | PointsPerDay | GraceDays | Windows,
    Field(discriminator="kind"),
]
