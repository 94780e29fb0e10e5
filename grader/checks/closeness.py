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
    leaf's scale, max|expected| + atol / rtol, so that error <= allowed = rtol when close. With
    rtol = 0 the scale is atol and 1 is allowed.
    """
    try:
        got_leaves, got_shape = jax.tree.flatten(plain(got))
    except ValueError:  # a dict whose keys are texts and numbers: JAX can't sort them
        return Comparison(Outcome.WRONG_TYPE, "is a dict that mixes keys of several types")
    leaves, shape = jax.tree.flatten(plain(expected))
    if got_shape != shape:
        return Comparison(
            Outcome.WRONG_TYPE,
            f"returned {describe(got)} where {describe(expected)} is expected",
        )
    worst, allowed = 0.0, rtol or float(atol > 0.0)
    for got_leaf, leaf in zip(got_leaves, leaves, strict=True):
        if _is_none(leaf) and _is_none(got_leaf):
            continue
        problem = leaf_problem(got_leaf, np.asarray(leaf))
        if problem:
            return problem
        worst = max(worst, leaf_error(np.asarray(got_leaf), np.asarray(leaf), rtol, atol))
    outcome = Outcome.PASSED if worst <= allowed else Outcome.WRONG_VALUE
    return Comparison(outcome, "", worst, allowed)


def leaf_problem(got: Any, expected: np.ndarray) -> Comparison | None:
    """What is wrong with a received leaf before its numbers count."""
    if not isinstance(got, NUMBERS) or expected.dtype.kind == "O":
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


def is_finite(value: Any) -> bool:
    """Whether no number anywhere in a pytree is NaN or infinite."""
    leaves = [leaf for leaf in jax.tree.leaves(plain(value)) if isinstance(leaf, NUMBERS)]
    return all(np.all(np.isfinite(np.asarray(leaf).astype(np.complex128))) for leaf in leaves)


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
    """max|got - expected| over the scale that `compare` tells; 0 for empty leaves."""
    if expected.size == 0:
        return 0.0
    exact = kind(expected.dtype) in "biu"  # complex128 has no room for every int64
    if exact and np.array_equal(got, expected):
        return 0.0
    wide = np.complex128
    with np.errstate(over="ignore", invalid="ignore"):
        difference = float(np.max(np.abs(got.astype(wide) - expected.astype(wide))))
        size = float(np.max(np.abs(expected.astype(wide))))
    scale = size + atol / rtol if rtol else atol or size
    if difference == 0.0 and not exact:
        return 0.0
    # Beyond the largest number, or against an expected NaN, nothing is close.
    measurable = np.isfinite(difference) and 0.0 < scale < np.inf
    return max(difference, float(exact)) / scale if measurable else np.inf


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


def _is_none(leaf: Any) -> bool:
    return isinstance(leaf, _Opaque) and leaf.value is None


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
        keys = ", ".join(repr(key)[:40] for key in list(value)[:6])
        return f"a dict with keys {keys}"
    if isinstance(value, bool | int | float | complex | str | bytes):
        return f"a Python {type(value).__name__}"
    array = np.asarray(value)
    return f"an array of shape {array.shape}" if array.shape else "a number"
