"""How much each part of a course counts for the total."""

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """Assignments that together are `percent` of the total, each of them alike.

    `drop_lowest` of them, the lowest, don't count.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    percent: float
    assignments: tuple[str, ...]
    drop_lowest: int = 0
