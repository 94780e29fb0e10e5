"""The one comparison of received numbers with expected ones.

In this order: structure, shape, kind of dtype, finiteness, then closeness. NaN is never close
to anything, nothing is broadcast, and the tolerance is relative to the largest entry of the
expected leaf, because an entry near zero of a matrix product carries the rounding of the
whole product.
"""

from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from grader.outcomes import Outcome

KIND_WORDS = {
    "b": "booleans",
    "i": "integers",
    "u": "integers",
    "f": "floating-point numbers",
    "c": "complex numbers",
}


@dataclass(frozen=True)
class Comparison:
    """What comparing found. `error` is the largest error over the tolerance's scale."""

    outcome: Outcome
    message: str = ""
    error: float | None = None
    allowed: float | None = None

    @property
    def passed(self) -> bool:
        return self.outcome is Outcome.PASSED


def compare(got: Any, expected: Any, *, rtol: float, atol: float = 0.0) -> Comparison:
    """Whether `got` is `expected`, leaf by leaf: max|got - expected| <= atol + rtol max|expected|.

    Both are pytrees of arrays and numbers. `error` and `allowed` are in units of the
    leaf's scale, max|expected| + atol / rtol, so that error <= allowed = rtol when close.
    """
    got_leaves, got_shape = jax.tree.flatten(plain(got))
    leaves, shape = jax.tree.flatten(plain(expected))
    if got_shape != shape:
        return Comparison(
            Outcome.WRONG_TYPE,
            f"returned {describe(got)} where {describe(expected)} is expected",
        )
    worst = 0.0
    for got_leaf, leaf in zip(got_leaves, leaves, strict=True):
        problem = leaf_problem(got_leaf, np.asarray(leaf))
        if problem:
            return problem
        worst = max(worst, leaf_error(np.asarray(got_leaf), np.asarray(leaf), rtol, atol))
    outcome = Outcome.PASSED if worst <= rtol else Outcome.WRONG_VALUE
    return Comparison(outcome, "", worst, rtol)


def leaf_problem(got: Any, expected: np.ndarray) -> Comparison | None:
    """What is wrong with a received leaf before its numbers count."""
    if not isinstance(got, NUMBERS):
        return Comparison(
            Outcome.WRONG_TYPE, f"returned {describe(got)} where {describe(expected)} is expected"
        )
    array = np.asarray(got)
    if array.shape != expected.shape:
        return Comparison(
            Outcome.WRONG_SHAPE,
            f"has shape {array.shape} where shape {expected.shape} is expected",
        )
    if not kinds_agree(array.dtype, expected.dtype):
        return Comparison(
            Outcome.WRONG_TYPE,
            f"holds {kind_words(array.dtype)} where {kind_words(expected.dtype)} are expected",
        )
    if not np.all(np.isfinite(array.astype(np.complex128))):
        bad = int(np.sum(~np.isfinite(array.astype(np.complex128))))
        return Comparison(
            Outcome.NOT_FINITE, f"holds NaN or infinity in {bad} of {array.size} entries"
        )
    return None


def kinds_agree(got: np.dtype, expected: np.dtype) -> bool:
    """Integers may stand for integers of any width, reals for reals; no other mixing."""
    if kind(expected) == "f":
        return kind(got) == "f"
    return kind_words(got) == kind_words(expected)


def kind(dtype: np.dtype) -> str:
    """numpy's letter for a dtype's kind, with bfloat16 among the reals."""
    return "f" if dtype.name == "bfloat16" else dtype.kind


def kind_words(dtype: np.dtype) -> str:
    """The words that a student reads for a dtype's kind."""
    return KIND_WORDS.get(kind(dtype), str(dtype))


def leaf_error(got: np.ndarray, expected: np.ndarray, rtol: float, atol: float) -> float:
    """max|got - expected| over max|expected| + atol / rtol; 0 for empty leaves."""
    if expected.size == 0:
        return 0.0
    wide = np.complex128
    difference = float(np.max(np.abs(got.astype(wide) - expected.astype(wide))))
    if difference == 0.0:
        return 0.0
    scale = float(np.max(np.abs(expected.astype(wide)))) + (atol / rtol if rtol else 0.0)
    return difference / scale if scale > 0.0 else np.inf


NUMBERS = np.ndarray | np.generic | bool | int | float | complex


def plain(value: Any) -> Any:
    """Tuples as lists: which of the two a student returns doesn't matter."""
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, jax.Array):
        return np.asarray(value)
    return value if isinstance(value, NUMBERS) else _Opaque(value)


class _Opaque:
    """Keeps what JAX would flatten away (None) or choke on as one leaf."""

    def __init__(self, value: Any) -> None:
        self.value = value


def describe(value: Any) -> str:
    """A value's form in a few words: never its numbers."""
    if isinstance(value, _Opaque):
        return describe(value.value)
    if value is None:
        return "None"
    if hasattr(value, "kind") and hasattr(value, "wire_form"):
        return f"a {value.kind}"
    if isinstance(value, tuple | list):
        inner = ", ".join(describe(item) for item in value[:4])
        more = ", ..." if len(value) > 4 else ""
        return f"a {type(value).__name__} of {len(value)} ({inner}{more})"
    if isinstance(value, dict):
        keys = ", ".join(map(repr, list(value)[:6]))
        return f"a dict with keys {keys}"
    if isinstance(value, bool | int | float | complex | str | bytes):
        return f"a Python {type(value).__name__}"
    array = np.asarray(value)
    return f"an array of shape {array.shape}" if array.shape else "a number"
