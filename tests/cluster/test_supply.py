"""What the dispatcher answers, and to whom."""

from collections.abc import Mapping

import pytest

from grader.cluster.supply import Supply

HEARD: list[tuple[str, Mapping[str, str]]] = []


def hear(worker: str, steps: Mapping[str, str]) -> list[str]:
    HEARD.append((worker, steps))
    return ["old"]


def supply() -> Supply:
    made = Supply("batch", "the order", hear)
    made.hold("abc", b"bytes")
    return made


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ({"op": "order", "batch": "batch"}, "the order"),
        ({"op": "order", "batch": "batch", "reply": True}, "the order"),
        ({"op": "notebook", "batch": "batch", "sha256": "abc"}, b"bytes"),
        ({"op": "notebook", "batch": "batch", "sha256": "abd"}, None),
        ({"op": "beat", "batch": "batch", "worker": "tcp://w", "steps": {"old": "x"}}, ["old"]),
        ({"op": "order", "batch": "another"}, None),
        ({"op": "order"}, None),
        ({"op": "identity", "batch": "batch"}, None),
        ({"op": "beat", "batch": "batch", "worker": 7, "steps": {}}, None),
        ({"batch": "batch"}, None),
        ("order", None),
        (None, None),
    ],
)
def test_only_questions_of_the_batch_are_answered(question: object, answer: object) -> None:
    assert supply().answer(question) == answer


def test_bytes_are_given_out_while_they_are_held() -> None:
    made, question = supply(), {"op": "notebook", "batch": "batch", "sha256": "abc"}
    made.hold("abc", b"bytes")
    made.drop("abc")
    assert made.answer(question) == b"bytes"
    made.drop("abc")
    assert made.answer(question) is None


def test_neither_the_order_nor_the_batch_is_in_its_repr() -> None:
    assert "the order" not in repr(supply())
    assert "'batch'" not in repr(supply())
