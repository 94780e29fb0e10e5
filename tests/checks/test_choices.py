"""Checks for some notebooks only: which apply, and what is said where none does."""

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from grader.checks.choices import UNKNOWN, checks_that_apply, choices_of
from grader.checks.declare import Alternate, Check, check
from grader.grading.verification import check_points
from grader.outcomes import CheckResult, Outcome, Shown


def body(student: Any, inputs: Any) -> None: ...


def make(name: str, points: float, question: str = "q1", **where: Any) -> Check:
    return Check(name, question, points, "A check", body, None, True, where=where)


CHECKS = (
    make("always", 1),
    make("tall_height", 2, SHAPE="tall"),
    make("wide_width", 1, SHAPE="wide"),
    make("tall_width", 3, SHAPE="tall"),
    make("wide_height", 4, SHAPE="wide"),
    make("elsewhere", 5, "q2"),
)


def names_where(value: Any) -> list[str]:
    applying = checks_that_apply(CHECKS, lambda check, name: value)
    return [one.check if isinstance(one, CheckResult) else one.name for one in applying]


def test_a_choice_has_its_own_checks_and_those_for_all():
    assert names_where("tall") == ["always", "tall_height", "tall_width", "elsewhere"]
    assert names_where("wide") == ["always", "wide_width", "wide_height", "elsewhere"]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (UNKNOWN, "The notebook defines no `SHAPE`."),
        ("Tall", "`SHAPE` is 'Tall', which is no known choice."),
        ("x" * 90, f"`SHAPE` is {'x' * 40!r}, which is no known choice."),
        (None, "`SHAPE` is None, which is no known choice."),
        (np.array(["tall"]), "`SHAPE` is an array of shape (1,), which is no known choice."),
        (b"tall", "`SHAPE` is a Python bytes, which is no known choice."),
    ],
)
def test_without_a_known_choice_one_result_says_what_can_be_chosen(value: Any, words: str):
    always, missing, elsewhere = checks_that_apply(CHECKS, lambda check, name: value)
    assert (always, elsewhere) == (CHECKS[0], CHECKS[-1])
    assert isinstance(missing, CheckResult)
    assert missing.message == f"{words} Declare one of: SHAPE = 'tall'; SHAPE = 'wide'."
    assert (missing.outcome, missing.earned, missing.points) == (Outcome.MISSING, 0, 5)
    assert (missing.question, missing.title) == ("q1", "The choice of SHAPE")
    assert (missing.check, missing.shown) == ("choice_q1", Shown.AT_ONCE)


def test_a_variable_is_read_once():
    read: list[str] = []
    checks_that_apply(CHECKS, lambda check, name: read.append(name))
    assert read == ["SHAPE"]


def test_each_choice_is_listed_with_what_applies():
    tall, wide = choices_of([check for check in CHECKS if check.question == "q1"])
    assert tall == ({"SHAPE": "tall"}, [CHECKS[0], CHECKS[1], CHECKS[3]])
    assert wide == ({"SHAPE": "wide"}, [CHECKS[0], CHECKS[2], CHECKS[4]])
    assert choices_of([CHECKS[5]]) == [({}, [CHECKS[5]])]


def test_the_points_of_each_choice_add_up():
    def complaints(points: float) -> list[str]:
        questions = [SimpleNamespace(name="q1", points=points, manual=False)]
        loaded = SimpleNamespace(checks=CHECKS[:-1])
        plan = SimpleNamespace(assignment=SimpleNamespace(questions=questions), loaded=loaded)
        return check_points(cast(Any, plan))

    assert complaints(6) == []
    uneven = complaints(5)
    assert uneven == [
        f"q1: the checks give 6 points where SHAPE = {shape!r}, course.yaml says 5"
        for shape in ("tall", "wide")
    ]


def test_an_answer_suits_the_checks_of_its_choice():
    tall = Alternate("stacked", "q1", "f", abs, "by stacking", where={"SHAPE": "tall"})
    any_shape = Alternate("absolute", "q1", "f", abs, "by abs")
    suited = ["always", "tall_height", "tall_width"]
    assert [one.name for one in CHECKS if tall.suits(one)] == suited
    assert [one.name for one in CHECKS if any_shape.suits(one)] == [c.name for c in CHECKS[:5]]


def test_a_check_declares_what_it_is_for():
    declared = check("q1", points=1, title="A check", where={"SHAPE": "tall"})(body)
    assert declared.where == {"SHAPE": "tall"}
