"""Expectations, points, and what a check's run comes to."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from grader.checks.declare import AuthoringError
from grader.checks.expect import expect
from grader.checks.programs import Program
from grader.checks.running import CheckFault
from grader.outcomes import Ending, GraderError, Outcome
from grader.sandbox.box import SandboxFault
from grader.sandbox.conversation import BoxEnded
from tests.checks.toy import run_body

PASSED, VALUE = Outcome.PASSED, Outcome.WRONG_VALUE
Body = Callable[[Any, Any], None]
NAMES = {
    "double": lambda x: 2 * x,
    "fails": lambda: 1 / 0,
    "number": 3.0,
    "count": 3,
    "word": "yes",
    "maker": lambda: lambda x: x + 1,
    "nan": lambda: np.array([np.nan, 1.0]),
    "pair": lambda: (np.float64(1.0), np.float64(2.0)),
    "mixed": lambda: {1: 1.0, "a": 2.0},
}


def close(x: float, **more: Any) -> Body:
    return lambda student, inputs: expect(student.double(x)).close_to(2 * x, rtol=1e-9, **more)


@pytest.mark.parametrize(
    ("body", "outcome", "words"),
    [
        (close(1.5), PASSED, ""),
        (
            lambda s, i: expect(s.double(1.5), "Twice").close_to(9.0, rtol=1e-9),
            VALUE,
            "Twice is wrong",
        ),
        (
            lambda s, i: expect(s.double(1.5)).close_to(lambda: np.ones(2), rtol=1e-9),
            Outcome.WRONG_SHAPE,
            "has shape () where shape (2,)",
        ),
        (
            lambda s, i: expect(s.nan()).close_to(np.ones(2), rtol=1e-9),
            Outcome.NOT_FINITE,
            "in 1 of 2",
        ),
        (lambda s, i: expect(expect(s.pair()).items(2)[1]).equals(2.0), PASSED, ""),
        (
            lambda s, i: expect(s.pair(), "The pair").items(3),
            Outcome.WRONG_TYPE,
            "The pair is a tuple of 2 (a number, a number) where a tuple of 3 is expected.",
        ),
        (lambda s, i: expect(s.double(2.0)).items(2), Outcome.WRONG_TYPE, "where a tuple of 2"),
        (lambda s, i: expect(s.mixed()).close_to(1.0, rtol=1e-9), Outcome.WRONG_TYPE, "mixes keys"),
        (lambda s, i: expect(s.missing(1)).close_to(1.0, rtol=1e-9), Outcome.MISSING, "missing"),
        (
            lambda s, i: expect(s.fails()).close_to(1.0, rtol=1e-9),
            Outcome.RAISED,
            "ZeroDivisionError",
        ),
        (lambda s, i: expect(s.maker()(1.0)).close_to(2.0, rtol=1e-9), PASSED, ""),
        (lambda s, i: expect(s.maker()).close_to(2.0, rtol=1e-9), Outcome.WRONG_TYPE, "a function"),
        (lambda s, i: expect(s.value("number")).close_to(3.0, rtol=1e-9), PASSED, ""),
        (lambda s, i: expect(s.value("count")).equals(3), PASSED, ""),
        (lambda s, i: expect(s.value("count")).equals(4), VALUE, "is wrong"),
        (lambda s, i: expect(s.value("number")).equals(3), Outcome.WRONG_TYPE, "floating-point"),
        (lambda s, i: expect(s.value("word")).equals("yes"), PASSED, ""),
        (lambda s, i: expect(s.value("word")).equals("no"), VALUE, "not the expected one"),
        (lambda s, i: expect(s.value("count")).equals("3"), VALUE, "a Python int"),
        (lambda s, i: expect(s.value("number")).between(2, 3), PASSED, ""),
        (
            lambda s, i: expect(s.value("number")).between(0, 2.9, says="Too big."),
            VALUE,
            "Too big.",
        ),
        (lambda s, i: expect(s.value("word")).between(0, 9), Outcome.WRONG_TYPE, "a Python str"),
        (lambda s, i: expect(s.nan()).between(0, 9), Outcome.WRONG_SHAPE, "shape (2,)"),
        (lambda s, i: expect(s.value("number")).is_true(lambda x: x == 3, says="No."), PASSED, ""),
        (lambda s, i: expect(s.value("number")).is_true(lambda x: x < 3, says="No."), VALUE, "No."),
        (lambda s, i: expect(s.nan()).array((2,)), Outcome.NOT_FINITE, "NaN"),
        (lambda s, i: expect(s.double(1.0)).array((2,)), Outcome.WRONG_SHAPE, "(2,)"),
    ],
)
def test_an_expectation_passes_or_says_why_not(body: Body, outcome: Outcome, words: str) -> None:
    result, _ = run_body(body, NAMES)
    assert result.outcome is outcome
    assert words in result.message
    assert bool(result.message) is (outcome is not PASSED)
    assert result.earned == (4.0 if outcome is PASSED else 0.0)


def parts(*right: bool, required: bool | None = None) -> Body:
    """A check of parts worth 1 point each, and perhaps a required one at the end."""

    def body(student: Any, inputs: Any) -> None:
        for is_right in right:
            expect(student.double(1.0)).close_to(2.0 if is_right else 7.0, rtol=1e-9, points=1.0)
        if required is not None:
            expect(student.double(1.0)).close_to(2.0 if required else 7.0, rtol=1e-9)

    return body


@pytest.mark.parametrize(
    ("right", "earned", "outcome"),
    [
        ((True, True, True, True), 4.0, PASSED),
        ((True, False, True, False), 2.0, Outcome.PARTIAL),
        ((False, False, False, True), 1.0, Outcome.PARTIAL),
        ((False, False, False, False), 0.0, VALUE),
    ],
)
def test_parts_earn_their_own_points(
    right: tuple[bool, ...], earned: float, outcome: Outcome
) -> None:
    result, findings = run_body(parts(*right), NAMES)
    assert (result.earned, result.outcome) == (earned, outcome)
    assert [finding.passed for finding in findings] == list(right)


def test_a_required_failure_ends_the_check_where_it_is() -> None:
    reached: list[str] = []

    def body(student: Any, inputs: Any) -> None:
        expect(student.double(1.0)).close_to(7.0, rtol=1e-9)
        reached.append("after")

    result, findings = run_body(body, NAMES)
    assert reached == []
    assert (len(findings), result.earned) == (1, 0.0)


def test_what_fails_between_parts_leaves_the_points_of_those_before() -> None:
    def body(student: Any, inputs: Any) -> None:
        expect(student.double(1.0)).close_to(2.0, rtol=1e-9, points=1.0)
        expect(student.fails()).close_to(2.0, rtol=1e-9, points=3.0)

    result, _ = run_body(body, NAMES)
    assert (result.earned, result.outcome) == (1.0, Outcome.PARTIAL)
    assert "ZeroDivisionError" in result.message


def test_the_tightest_margin_is_reported() -> None:
    def body(student: Any, inputs: Any) -> None:
        expect(student.double(1.0)).close_to(2.0002, rtol=1e-3)
        expect(student.double(1.0)).close_to(2.001, rtol=1e-3)
        expect(student.double(1.0)).close_to(2.0, rtol=1e-6)

    result, _ = run_body(body, NAMES)
    assert result.allowed == 1e-3
    assert result.error == pytest.approx(5e-4, rel=0.01)


@pytest.mark.parametrize(
    "body",
    [
        lambda s, i: None,
        lambda s, i: 1 / 0,
        lambda s, i: expect(s.double(1.0)).close_to(lambda: 1 / 0, rtol=1e-9),
        lambda s, i: expect(s.double(1.0)).close_to(np.inf, rtol=1e-9),
        lambda s, i: expect(s.double(1.0)).close_to(lambda: np.array([np.nan]), rtol=1e-9),
        lambda s, i: expect(s.double(1.0)).is_true(lambda x: x.no_such, says="No."),
        lambda s, i: i.given("anything"),
        lambda s, i: i.no_such_thing,
    ],
    ids=[
        "expects nothing",
        "raises",
        "bad thunk",
        "expects infinity",
        "expects NaN",
        "bad condition",
        "nothing given",
        "no such input",
    ],
)
def test_a_broken_check_is_our_fault_and_no_score(body: Body) -> None:
    with pytest.raises(CheckFault, match="a_check"):
        run_body(body, NAMES)
    assert issubclass(CheckFault, GraderError)


@pytest.mark.parametrize(
    "body",
    [
        lambda s, i: expect(s.double(1.0)).costs_at_most(2.0, Program(b"", ())),
        lambda s, i: expect(s.double(1.0)).uses_at_most(100),
    ],
)
def test_asking_a_value_for_its_cost_is_an_authors_mistake(body: Body) -> None:
    with pytest.raises(AuthoringError, match=r"student\.program"):
        run_body(body, NAMES)


def test_expecting_outside_a_check_is_an_authors_mistake() -> None:
    with pytest.raises(AuthoringError, match="inside a check"):
        expect(1.0).close_to(1.0, rtol=1e-9)


class Fallen:
    """A backend whose box gives up."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def call(self, *_: Any) -> Any:
        raise self.error

    value = program = call


@pytest.mark.parametrize(
    ("ending", "outcome"),
    [
        (Ending.TIMEOUT, Outcome.TIMEOUT),
        (Ending.OUT_OF_MEMORY, Outcome.STOPPED),
        (Ending.CRASHED, Outcome.STOPPED),
        (Ending.EXITED, Outcome.STOPPED),
        (Ending.GARBLED, Outcome.STOPPED),
    ],
)
def test_a_box_that_ends_in_a_check_is_a_result(ending: Ending, outcome: Outcome) -> None:
    result, _ = run_body(close(1.0), backend=Fallen(BoxEnded(ending, "detail")))
    assert (result.outcome, result.earned) == (outcome, 0.0)
    assert result.message
    assert "detail" not in result.message


def test_a_fault_of_the_engine_in_a_check_is_no_result() -> None:
    with pytest.raises(SandboxFault):
        run_body(close(1.0), backend=Fallen(SandboxFault("the engine is gone")))
