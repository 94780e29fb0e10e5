import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.checks.messages import ENDINGS, MOST_CHARS, call_failure, mask_numbers, stopped
from grader.outcomes import Ending, Outcome


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("ValueError: 0.25", "ValueError: #"),
        ("-1.5e-07 and +.5 and 3e-05", "# and # and #"),
        ("[1. 2. 3.]", "[# # #]"),
        ("array([[1., -2.], [0.5, 3.e-05]])", "array([[#, #], [#, #]])"),
        ("seed 1234567", "seed #"),
        ('File "cell 3", line 12, in f', 'File "cell 3", line 12, in f'),
        ("shapes (7, 16) and (16,) differ", "shapes (7, 16) and (16,) differ"),
        ("expected 3. Then it failed", "expected 3. Then it failed"),
        ("jax 0.10.2", "jax ##"),
        ("   spaces   ", "spaces"),
    ],
)
def test_long_numbers_are_hidden_and_places_are_not(text: str, masked: str) -> None:
    assert mask_numbers(text) == masked


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=5))
@settings(deadline=None)
def test_no_array_of_numbers_is_readable_after_masking(numbers: list[float]) -> None:
    shown = repr(np.array(numbers)) + " " + repr(numbers)
    assert not re.search(r"\d\.\d|\d{5,}|\d[eE][-+]?\d", mask_numbers(shown))


def test_a_long_text_keeps_its_end() -> None:
    masked = mask_numbers("x" * 5_000 + " the reason")
    assert masked.endswith("the reason")
    assert len(masked) <= MOST_CHARS + 3


@pytest.mark.parametrize(
    ("kind", "exporting", "outcome", "words"),
    [
        ("missing", False, Outcome.MISSING, "no `hvp`"),
        ("interrupted", False, Outcome.TIMEOUT, "longer than is allowed"),
        ("unsendable", False, Outcome.WRONG_TYPE, "a masked # thing"),
        ("raised", False, Outcome.RAISED, "raised an error:\na masked # thing"),
        ("raised", True, Outcome.NOT_EXPORTABLE, "jax.jit"),
        ("missing", True, Outcome.MISSING, "no `hvp`"),
    ],
)
def test_a_call_without_a_value_has_its_sentence(
    kind: str, exporting: bool, outcome: Outcome, words: str
) -> None:
    found, message = call_failure(kind, "a masked 0.123 thing", name="hvp", exporting=exporting)
    assert found is outcome
    assert words in message
    assert "0.123" not in message


@pytest.mark.parametrize("ending", [ending for ending in Ending if ending is not Ending.FINISHED])
def test_every_ending_has_a_sentence(ending: Ending) -> None:
    outcome, message = stopped(ending, "a protocol detail")
    assert message == ENDINGS[ending]
    assert "detail" not in message
    assert (outcome is Outcome.TIMEOUT) is (ending is Ending.TIMEOUT)
