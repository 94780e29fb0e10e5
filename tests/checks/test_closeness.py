from collections import namedtuple
from typing import Any

import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from grader.checks.closeness import compare, describe, is_finite
from grader.outcomes import Outcome
from grader.sandbox.values import Handle

RTOL = 1e-6
NAN, INF = float("nan"), float("inf")
V = np.array([1.0, -2.0, 3.0])
Pair = namedtuple("Pair", "a b")
PASSED, VALUE, SHAPE = Outcome.PASSED, Outcome.WRONG_VALUE, Outcome.WRONG_SHAPE
TYPE, FINITE = Outcome.WRONG_TYPE, Outcome.NOT_FINITE

TABLE: list[tuple[Any, Any, Outcome]] = [
    (V, V, PASSED),
    (V + 1e-7, V, PASSED),
    (V + 1e-5, V, VALUE),
    (V.tolist(), V, TYPE),
    (V[::-1], V, VALUE),
    # relative to the largest entry of the expected leaf, not entry by entry
    (np.array([1e-8, 1.0]), np.array([0.0, 1.0]), PASSED),
    (np.array([1e-5, 1.0]), np.array([0.0, 1.0]), VALUE),
    # NaN and infinity
    (np.array([1.0, NAN, 3.0]), V, FINITE),
    (np.array([1.0, INF, 3.0]), V, FINITE),
    (np.full(3, NAN), np.full(3, NAN), FINITE),
    (INF, INF, FINITE),
    (NAN, 1.0, FINITE),
    (complex(0, NAN), 1j, FINITE),
    (1.0, INF, VALUE),
    (1.0, NAN, VALUE),
    (V, np.array([1.0, NAN, 3.0]), VALUE),
    (1e308, -1e308, VALUE),
    (1.7e308 + 1.7e308j, 1.7e308 - 1.7e308j, VALUE),
    # shapes: nothing is broadcast
    (np.zeros((0, 1)), np.zeros(3), SHAPE),
    (np.zeros((0, 3)), np.zeros((0, 1)), SHAPE),
    (np.zeros(0), np.zeros(3), SHAPE),
    (V[:, None], V, SHAPE),
    (V[None, :], V, SHAPE),
    (2.0, np.full(3, 2.0), SHAPE),
    (np.full(3, 2.0), 2.0, SHAPE),
    (np.array([2.0]), 2.0, SHAPE),
    (np.array(2.0), 2.0, PASSED),
    (np.zeros(0), np.zeros(0), PASSED),
    (np.zeros((0, 3)), np.zeros((0, 3)), PASSED),
    # kinds of numbers
    (V.astype(np.float32), V, PASSED),
    (np.float16(2.0), 2.0, PASSED),
    (np.ones(2, ml_dtypes.bfloat16), np.ones(2), PASSED),
    (np.full(2, 1.01, ml_dtypes.bfloat16), np.ones(2), VALUE),
    (jnp.ones(2), np.ones(2), PASSED),
    (np.array([1, -2, 3]), V, TYPE),
    (V, np.array([1, -2, 3]), TYPE),
    (1, 1.0, TYPE),
    (1.0, 1, TYPE),
    (True, 1, TYPE),
    (1, True, TYPE),
    (True, True, PASSED),
    (False, True, VALUE),
    (np.array([True, False]), np.array([True, True]), VALUE),
    (np.int8(5), 5, PASSED),
    (np.uint8(5), np.int64(5), PASSED),
    (V + 0j, V, TYPE),
    (V, V + 0j, TYPE),
    (1j, 1j, PASSED),
    (-1j, 1j, VALUE),
    # zeros, signs, the smallest numbers
    (-0.0, 0.0, PASSED),
    (5e-324, 0.0, VALUE),
    (5e-324, 5e-324, PASSED),
    (1e-310, 2e-310, VALUE),
    (0, 0, PASSED),
    (np.array([0, 1]), np.array([0, 0]), VALUE),
    # structure
    ([V, V], (V, V), PASSED),
    (Pair(1.0, 2.0), (1.0, 2.0), PASSED),
    ((V,), V, TYPE),
    ([V, V], [V], TYPE),
    ([], [V], TYPE),
    ([], [], PASSED),
    ({"w": V, "b": 1.0}, {"b": 1.0, "w": V}, PASSED),
    ({"w": V}, {"w": V, "b": 1.0}, TYPE),
    ({"w": V}, {"W": V}, TYPE),
    ({"w": [V]}, {"w": V}, TYPE),
    ({"w": V, 1: V}, {"w": V, "1": V}, TYPE),
    ({"w": V + 1}, {"w": V}, VALUE),
    ([V, V[:2]], [V, V], SHAPE),
    # what is no number
    (None, V, TYPE),
    (None, 1.0, TYPE),
    (V, None, TYPE),
    ({"a": None, "b": 1.0}, {"a": None, "b": 1.0}, PASSED),
    ("1.0", 1.0, TYPE),
    (b"12345678", 1.0, TYPE),
    (Handle(0, "function"), 1.0, TYPE),
    ([V, "text"], [V, V], TYPE),
]


@pytest.mark.parametrize(("got", "expected", "outcome"), TABLE)
def test_what_is_close_and_what_is_not(got: Any, expected: Any, outcome: Outcome) -> None:
    assert compare(got, expected, rtol=RTOL).outcome is outcome


@pytest.mark.parametrize(
    ("rtol", "atol", "got", "outcome"),
    [
        (1e-3, 0.0, 2.0019, PASSED),
        (1e-3, 0.0, 2.0021, VALUE),
        (1e-3, 0.5, 2.5, PASSED),
        (1e-3, 0.5, 2.503, VALUE),
        (0.0, 0.5, 2.49, PASSED),
        (0.0, 0.5, 2.51, VALUE),
        (0.0, 0.0, 2.0, PASSED),
        (0.0, 0.0, 2.0000000001, VALUE),
    ],
)
def test_the_tolerance_is_absolute_plus_relative(
    rtol: float, atol: float, got: float, outcome: Outcome
) -> None:
    found = compare(got, 2.0, rtol=rtol, atol=atol)
    assert found.outcome is outcome
    assert found.error is not None
    assert found.allowed is not None
    assert (found.error <= found.allowed) is found.passed


def test_whole_numbers_are_compared_to_the_last_digit() -> None:
    assert compare(2**53 + 1, 2**53 + 1, rtol=0.0).passed
    assert not compare(2**53 + 1, 2**53, rtol=0.0).passed


def test_an_absolute_tolerance_alone_is_kept_around_zero() -> None:
    assert compare(np.full(2, 1e-13), np.zeros(2), rtol=0.0, atol=1e-12).passed
    assert not compare(np.full(2, 1e-11), np.zeros(2), rtol=0.0, atol=1e-12).passed


FLOATS = st.floats(allow_nan=True, allow_infinity=True)
ARRAYS = arrays_of.arrays(np.float64, (3,), elements=FLOATS)
FINITE_ARRAYS = arrays_of.arrays(
    np.float64, (3,), elements=st.floats(-1e100, 1e100, allow_subnormal=False)
)


@given(FINITE_ARRAYS)
@settings(deadline=None)
def test_everything_finite_is_close_to_itself(x: np.ndarray) -> None:
    assert compare(x, x.copy(), rtol=0.0).passed


@given(ARRAYS, ARRAYS)
@settings(deadline=None, max_examples=200)
def test_what_is_not_finite_is_never_close(x: np.ndarray, y: np.ndarray) -> None:
    found = compare(x, y, rtol=0.5, atol=1.0)
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        assert not found.passed


@given(FINITE_ARRAYS, FINITE_ARRAYS)
@settings(deadline=None, max_examples=200)
def test_closeness_agrees_with_its_formula_and_nearly_both_ways(
    x: np.ndarray, y: np.ndarray
) -> None:
    difference, size = np.abs(x - y).max(), np.abs(y).max()
    found = compare(x, y, rtol=0.25).passed
    if difference < 0.2499 * size:
        assert found
        # Turned around, the scale is at least three quarters of what it was.
        assert compare(y, x, rtol=0.34).passed
    if difference > 0.2501 * size:
        assert not found


@given(st.one_of(ARRAYS, st.text(max_size=3), st.none(), FLOATS, st.integers(-(2**60), 2**60)))
@settings(deadline=None, max_examples=100)
def test_a_description_holds_no_number_of_the_value(value: Any) -> None:
    words = describe(value)
    assert words in {
        "an array of shape (3,)",
        "a Python str",
        "None",
        "a Python float",
        "a Python int",
    }


def test_a_description_of_many_keys_stays_short() -> None:
    assert len(describe({"x" * 10_000 + str(n): 1 for n in range(50)})) < 300


@pytest.mark.parametrize(
    ("value", "finite"),
    [
        (V, True),
        ([1, {"a": V, "b": None}], True),
        ([], True),
        ([1.0, {"a": np.array([1.0, NAN])}], False),
        (INF, False),
        (complex(0, INF), False),
    ],
)
def test_numbers_that_are_not_finite_are_found_anywhere(value: Any, finite: bool) -> None:
    assert is_finite(value) is finite
