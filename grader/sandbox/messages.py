"""The messages a runner may send, and their checking. Nothing else is let through."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from grader.sandbox.frames import Frame, Garbled
from grader.sandbox.values import Decoder

Text = Annotated[str, Field(max_length=50_000)]
Seconds = Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)]
CellIndex = Annotated[int, Field(ge=0, le=100_000)]


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Hello(_Message):
    """The runner is up, with this version of jax."""

    type: Literal["hello"]
    jax: Annotated[str, Field(max_length=40)]


class CellStarted(_Message):
    type: Literal["cell_started"]
    index: CellIndex


class CellFinished(_Message):
    type: Literal["cell_finished"]
    index: CellIndex
    status: Literal["ok", "raised", "interrupted"]
    seconds: Seconds
    output: Text
    error: Text


class Ready(_Message):
    """The last cell has ended; calls may come."""

    type: Literal["ready"]


class Failure(_Message):
    """A call that gave no value."""

    type: Literal["failure"]
    id: Annotated[str, Field(max_length=40)]
    kind: Literal["missing", "raised", "interrupted", "unsendable"]
    text: Text


class _AnswerFields(_Message):
    type: Literal["answer"]
    id: Annotated[str, Field(max_length=40)]
    value: Any


@dataclass(frozen=True)
class Answer:
    """A call's value, decoded."""

    id: str
    value: Any


Message = Hello | CellStarted | CellFinished | Ready | Failure | Answer

_ADAPTER: TypeAdapter[Any] = TypeAdapter(
    Annotated[
        Hello | CellStarted | CellFinished | Ready | Failure | _AnswerFields,
        Field(discriminator="type"),
    ]
)


def read_message(frame: Frame) -> Message:
    """The message in a frame. Raises `Garbled`."""
    try:
        message = _ADAPTER.validate_python(frame.fields)
    except ValidationError:
        raise Garbled("a message that no runner sends") from None
    if isinstance(message, _AnswerFields):
        return Answer(message.id, Decoder(frame.body).decode(message.value))
    return message
