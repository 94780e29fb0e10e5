import math
from typing import Any

import pytest

from grader.sandbox.frames import Frame, Garbled
from grader.sandbox.messages import Answer, CellFinished, CellStarted, Failure, Hello, read_message

FINISHED = {
    "type": "cell_finished",
    "index": 3,
    "status": "ok",
    "seconds": 0.5,
    "output": "text",
    "error": "",
}
FAILURE = {"type": "failure", "id": "abc", "kind": "raised", "text": "ValueError"}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"type": "hello", "jax": "0.10.2"}, Hello(type="hello", jax="0.10.2")),
        ({"type": "cell_started", "index": 0}, CellStarted(type="cell_started", index=0)),
        (FINISHED, CellFinished.model_validate(FINISHED)),
        (FINISHED | {"seconds": 2}, CellFinished.model_validate(FINISHED | {"seconds": 2.0})),
        (FAILURE, Failure.model_validate(FAILURE)),
        ({"type": "answer", "id": "abc", "value": ["t", [1]]}, Answer("abc", (1,))),
    ],
)
def test_what_a_runner_sends_is_read(fields: dict[str, Any], message: Any) -> None:
    assert read_message(Frame(fields, b"")) == message


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"type": "score", "points": 100},
        {"type": None},
        {"type": ["hello"]},
        {"type": {"hello": 1}},
        {"type": "hello"},
        {"type": "hello", "jax": "x" * 41},
        {"type": "hello", "jax": b"0.10.2"},
        {"type": "ready", "points": 100},
        {"type": "ready", b"points": 100},
        {"type": "cell_started", "index": -1},
        {"type": "cell_started", "index": 100_001},
        {"type": "cell_started", "index": True},
        {"type": "cell_started", "index": 1.0},
        {"type": "cell_started", "index": "1"},
        FINISHED | {"points": 1},
        FINISHED | {"status": "passed"},
        FINISHED | {"seconds": math.nan},
        FINISHED | {"seconds": math.inf},
        FINISHED | {"seconds": -0.1},
        FINISHED | {"seconds": 1e300},
        FINISHED | {"seconds": "1"},
        FINISHED | {"output": "x" * 50_001},
        FINISHED | {"error": None},
        FINISHED | {"output": ["x"]},
        FAILURE | {"kind": "wrong"},
        FAILURE | {"id": 5},
        FAILURE | {"id": "x" * 41},
        FAILURE | {"text": "x" * 50_001},
        FAILURE | {"score": 1},
        {"type": "answer", "id": "abc"},
        {"type": "answer", "id": None, "value": 1},
        {"type": "answer", "id": "abc", "value": 1, "score": 1},
        {"type": "answer", "id": "abc", "value": b"raw"},
        {"type": "answer", "id": "abc", "value": {"a": 1}},
    ],
    ids=lambda fields: str(fields)[:60],
)
def test_anything_else_is_garbled(fields: dict[str, Any]) -> None:
    with pytest.raises(Garbled):
        read_message(Frame(fields, b""))


def test_a_refusal_repeats_nothing_of_the_message() -> None:
    with pytest.raises(Garbled) as refusal:
        read_message(Frame(FINISHED | {"seconds": "<script>"}, b""))
    assert "script" not in str(refusal.value)
