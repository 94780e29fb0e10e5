import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.checks.diagnosis import diagnose, diagnose_shape

E = np.array([1.371, -2.592, 0.813, 5.117])
M = np.array([[1.371, -2.592], [0.813, 5.117]])


@pytest.mark.parametrize(
    ("got", "expected", "sentence"),
    [
        (np.zeros(4), E, "Every entry is zero."),
        (-E, E, "The sign is wrong: everything else is right."),
        (-1.371, 1.371, "The sign is wrong: everything else is right."),
        (2 * E, E, "It is right up to a constant factor: it is 2 times what it should be."),
        (E / 11, E, "It is right up to a constant factor: it is 1/11 times what it should be."),
        (-3 * E, E, "It is right up to a constant factor: it is -3 times what it should be."),
        (np.pi**5 * E, E, "It is right up to a constant factor: it is a constant times"),
        ({"w": E / 2, "b": M / 2}, {"w": E, "b": M}, "1/2 times what it should be."),
        (M.T, M, "It is transposed."),
        ([M.T, E], [M, E], "It is transposed."),
        (E[::-1], E, "The right numbers come in reverse order."),
        (E[[1, 0, 3, 2]], E, "The right numbers come in another order."),
        (E + 0.5, E, "Every entry is off by the same amount."),
        (E * [1, 1, 1, 2], E, "3 of 4 entries are right."),
        ([E, M + E[:2]], [E, M], "1 of 2 arrays are right."),
        ([1.0, 2.0], [1.0, 5.0], "1 of 2 entries are right."),
        (E * 1.002, E, "It is nearly right: only the last digits differ."),
        (E + np.array([0.004, -0.003, 0.002, 0.001]), E, "It is nearly right"),
        (np.array([9.0, 1.0, -7.0, 2.5]), E, "The numbers are different."),
        (3.0, 1.371, "The numbers are different."),
        (2j * np.array([1 + 1j, 2.0]), np.array([1 + 1j, 2.0]), "The numbers are different."),
    ],
)
def test_the_most_telling_relation_is_told(got: Any, expected: Any, sentence: str) -> None:
    assert sentence in diagnose(got, expected)


@pytest.mark.parametrize(
    ("got", "expected", "sentence"),
    [
        ((3, 2), (2, 3), "It looks transposed."),
        ((3, 1), (3,), "an axis of length 1 too many"),
        ((1, 3), (3,), "an axis of length 1 too many"),
        ((0,), (3,), "It is empty."),
        ((3, 3), (3,), "a whole matrix where its product with a vector is meant."),
        ((51, 4), (50, 4), "One axis is off by one."),
        ((7,), (3,), ""),
        ((), (3,), ""),
    ],
)
def test_a_wrong_shape_suggests_a_cause(
    got: tuple[int, ...], expected: tuple[int, ...], sentence: str
) -> None:
    words = diagnose_shape(got, expected)
    assert sentence in words
    assert bool(words) is bool(sentence)


WRONGS: list[Callable[[np.ndarray, np.random.Generator], np.ndarray]] = [
    lambda e, rng: -e,
    lambda e, rng: 2 * e,
    lambda e, rng: e * rng.uniform(2, 3),
    lambda e, rng: e + 1,
    lambda e, rng: e[::-1],
    lambda e, rng: rng.permutation(e),
    lambda e, rng: e + rng.standard_normal(e.shape),
    lambda e, rng: e * 1.001,
    lambda e, rng: np.zeros_like(e),
    lambda e, rng: np.ones_like(e),
]


@given(st.integers(0, 2**32), st.sampled_from(range(len(WRONGS))), st.integers(2, 6))
@settings(deadline=None, max_examples=120)
def test_no_sentence_holds_a_number_of_the_hidden_values(seed: int, wrong: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    expected = rng.standard_normal(n)
    words = diagnose(WRONGS[wrong](expected, rng), expected)
    assert not re.search(r"\d\.\d|\d{4,}", words)
    for value in np.abs(expected):
        assert f"{value:.3g}" not in words


def test_a_million_entries_are_diagnosed_at_once() -> None:
    expected = np.linspace(1, 2, 1_000_000)
    got = expected.copy()
    got[::2] *= -1.7
    assert diagnose(got, expected) == "500000 of 1000000 entries are right."
