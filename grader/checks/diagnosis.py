"""Says how a wrong value relates to the right one, in words that teach and reveal nothing."""

from fractions import Fraction
from typing import Any

import jax
import numpy as np

from grader.checks.closeness import compare, plain

# Looser than any check's own tolerance: this only chooses words.
SAME = 1e-3


def diagnose(got: Any, expected: Any) -> str:
    """A sentence on the most telling relation between the two, or an empty string.

    Both have passed the checks of structure, shape and finiteness.
    """
    got_leaves, leaves = _leaves(got), _leaves(expected)
    g = np.concatenate([leaf.ravel() for leaf in got_leaves])
    e = np.concatenate([leaf.ravel() for leaf in leaves])
    for words in (_zero(g, e), _sign(g, e), _factor(g, e), _transposed(got_leaves, leaves)):
        if words:
            return words
    return _reordered(g, e) or _offset(g, e) or _some_right(got_leaves, leaves) or _near(g, e)


def diagnose_shape(got: tuple[int, ...], expected: tuple[int, ...]) -> str:
    """What the wrong shape suggests, or an empty string."""
    if got == expected[::-1]:
        return "It looks transposed."
    if got in ((*expected, 1), (1, *expected)):
        return "It has an axis of length 1 too many: a column or a row where a vector is meant."
    if 0 in got:
        return "It is empty."
    if got == expected + expected:
        return "It looks like a whole matrix where its product with a vector is meant."
    if len(got) == len(expected) and any(
        abs(a - b) == 1 for a, b in zip(got, expected, strict=True)
    ):
        return "One axis is off by one."
    return ""


def _leaves(value: Any) -> list[np.ndarray]:
    return [np.asarray(leaf, np.complex128) for leaf in jax.tree.leaves(plain(value))]


def _alike(a: np.ndarray, b: np.ndarray) -> bool:
    return compare(a, b, rtol=SAME).passed


def _zero(g: np.ndarray, e: np.ndarray) -> str:
    return "Every entry is zero." if not np.any(g) and np.any(e) else ""


def _sign(g: np.ndarray, e: np.ndarray) -> str:
    return "The sign is wrong: everything else is right." if _alike(g, -e) else ""


def _factor(g: np.ndarray, e: np.ndarray) -> str:
    power = float(np.vdot(e, e).real)
    if g.size < 2 or power == 0.0:
        return ""
    factor = complex(np.vdot(e, g) / power)
    if (
        abs(factor.imag) > SAME * abs(factor)
        or abs(factor.real) < SAME
        or not _alike(g, factor * e)
    ):
        return ""
    if abs(factor.real - 1) < 10 * SAME:
        return "It is nearly right: only the last digits differ. Is a step approximate?"
    return f"It is right up to a constant factor: it is {_times(factor.real)} what it should be."


def _times(factor: float) -> str:
    # Only factors that a forgotten n or 1/2 makes: any number is near some longer fraction.
    simple = Fraction(factor).limit_denominator(128)
    parts = sorted((abs(simple.numerator), simple.denominator))
    if parts[0] <= 2 and parts[1] <= 128 and abs(float(simple) - factor) < SAME * abs(factor) / 10:
        return f"{simple} times"
    return "a constant times"


def _transposed(got: list[np.ndarray], expected: list[np.ndarray]) -> str:
    pairs = [(g, e) for g, e in zip(got, expected, strict=True) if g.ndim == 2]
    wrong = [(g, e) for g, e in pairs if not _alike(g, e)]
    found = wrong and all(g.shape == e.T.shape and _alike(g.T, e) for g, e in wrong)
    return "It is transposed." if found else ""


def _reordered(g: np.ndarray, e: np.ndarray) -> str:
    if g.size > 1 and _alike(g[::-1], e):
        return "The right numbers come in reverse order."
    same = g.size > 2 and _alike(np.sort(np.real(g)), np.sort(np.real(e)))
    return "The right numbers come in another order." if same else ""


def _offset(g: np.ndarray, e: np.ndarray) -> str:
    difference = np.real(g - e)
    constant = g.size > 2 and np.ptp(difference) < SAME * np.abs(difference).max()
    return "Every entry is off by the same amount." if constant else ""


def _some_right(got: list[np.ndarray], expected: list[np.ndarray]) -> str:
    if len(expected) == 1:
        g, e = got[0].ravel(), expected[0].ravel()
        right = np.abs(g - e) <= SAME * np.abs(e)
    else:
        right = np.array([_alike(g, e) for g, e in zip(got, expected, strict=True)])
    parts = "entries" if len(expected) == 1 or got[0].ndim == 0 else "arrays"
    if 0 < right.sum() < right.size:
        return f"{right.sum()} of {right.size} {parts} are right."
    return ""


def _near(g: np.ndarray, e: np.ndarray) -> str:
    scale = np.abs(e).max(initial=0.0)
    if scale and np.abs(g - e).max() < 10 * SAME * scale:
        return "It is nearly right: only the last digits differ. Is a step approximate?"
    return "The numbers are different."
