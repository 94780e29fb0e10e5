"""How `course check` prints a check's room."""

import math

import pytest

from grader.cli.check import room


@pytest.mark.parametrize(
    ("factor", "text"),
    [(None, "–"), (math.inf, "exact"), (3.1111, "3.11x"), (999.4, "999x"), (123456.0, "1e+05x")],
)
def test_room_is_a_factor_in_few_digits(factor: float | None, text: str) -> None:
    assert room(factor) == text
