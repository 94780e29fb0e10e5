"""Doctests are compared as doctest does, and then without the type names that NumPy 2 added."""

import doctest

import numpy as np
import pytest

from grader.checks.doctest_text import example_passes, plain_scalars

SCALARS = [
    np.True_,
    np.False_,
    np.int64(-3),
    np.uint8(7),
    np.float64(3.0),
    np.float64(1e-07),
    np.float32(2.5),
    np.float16(0.5),
    np.float64(np.nan),
    np.float64(-np.inf),
    np.longdouble(1.5),
    np.complex128(1 + 2j),
    np.complex64(-1j),
    np.str_("it's np.True_"),
    np.bytes_(b"a"),
    np.datetime64("2027-01-14"),
    np.timedelta64(3, "s"),
]


@pytest.mark.parametrize("scalar", SCALARS, ids=repr)
def test_a_scalar_reads_as_numpy_1_showed_it(scalar: np.generic) -> None:
    with np.printoptions(legacy="1.25"):
        expected = repr(scalar)
    assert plain_scalars(repr(scalar)) == plain_scalars(expected)
    assert plain_scalars(repr([scalar, scalar])) == plain_scalars(f"[{expected}, {expected}]")


@pytest.mark.parametrize(
    "text", ["array([1., 2.])", "np.float64", "f(np.float64(x))", "up.float64(3.0)", "xnp.True_"]
)
def test_other_text_stays_as_it_is(text: str) -> None:
    assert plain_scalars(text) == text


@pytest.mark.parametrize(
    ("code", "printed", "raised", "passes"),
    [
        (">>> f()\nTrue", "True\n", None, True),
        (">>> f()\nTrue", "np.True_\n", None, True),
        (">>> f()\nnp.True_", "np.True_\n", None, True),
        (">>> f()\nTrue", "np.False_\n", None, False),
        (">>> f()\n3.0", "np.float64(3.0)\n", None, True),
        (">>> f()\n3.0", "np.float64(3.1)\n", None, False),
        (">>> f()\n3", "np.float64(3.0)\n", None, False),
        (">>> f()", "", None, True),
        (">>> f()", "1\n", None, False),
        (">>> f()\n1", "", None, False),
        (">>> f()\n1", "1\n", "ValueError: no\n", False),
        (">>> f() #doctest: +ELLIPSIS\n[1, ...]", "[np.int64(1), np.int64(2)]\n", None, True),
        (">>> f()\nTraceback (most recent call last):\nE: no", "", "E: no\n", True),
        (">>> f()\nTraceback (most recent call last):\nE: no", "", "E: yes\n", False),
        (">>> f()\nTraceback (most recent call last):\nE: no", "E: no\n", None, False),
        (
            ">>> f() #doctest: +IGNORE_EXCEPTION_DETAIL\nTraceback (most recent call last):\n"
            "BadZipFile: no",
            "",
            "zipfile.BadZipFile: yes\n",
            True,
        ),
    ],
)
def test_an_example_passes_if_it_did_as_it_says(
    code: str, printed: str, raised: str | None, passes: bool
) -> None:
    (example,) = doctest.DocTestParser().get_examples(code)
    assert example_passes(example, printed, raised) is passes
