"""What a late submission is worth: the two policies that `course.yaml` may state."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from grader.course.units import parse_seconds

KINDS = "`percent per day` or `no late work`"


def _parse_slack(text: object) -> timedelta:
    return text if isinstance(text, timedelta) else timedelta(seconds=parse_seconds(text))


class PastMaxDays(StrEnum):
    """What a submission is worth that is later than the last day that counts."""

    NO_CREDIT = "no credit"
    SAME_CREDIT = "same credit"


def _parse_past(text: object) -> Any:
    return PastMaxDays(text) if text in set(PastMaxDays) else text


class _Policy(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    slack: Annotated[timedelta, BeforeValidator(_parse_slack)] = Field(
        default=timedelta(0),
        description="a duration such as `5 min`",
    )
    counts: Literal["newest"] = Field(
        default="newest",
        description="`newest`: the newest submission counts, whenever it came",
    )


class NoLateWork(_Policy):
    """Nothing received at or after the due time plus slack has credit."""

    kind: Literal["no late work"] = Field(description=KINDS)


class PercentPerDay(_Policy):
    """Each day late, begun or full, takes `percent` of the points earned."""

    kind: Literal["percent per day"] = Field(description=KINDS)
    percent: float = Field(ge=0, le=100, description="a number of percent from 0 to 100")
    max_days: int = Field(ge=1, le=366, description="a whole number of days from 1 to 366")
    past_max_days: Annotated[PastMaxDays, BeforeValidator(_parse_past)] = Field(
        default=PastMaxDays.NO_CREDIT,
        description="`no credit` or `same credit` (as on the last day)",
    )


LatePolicy = Annotated[NoLateWork | PercentPerDay, Field(discriminator="kind")]
