"""The one rounding rule: to 0.01 points, half up, once, at the very end.

Half up and not half even, because that is what a student does when checking a score
by hand. The sum is a binary float, so 1.15 + 0.855 may lie a hair below 2.005; rounding to
nine places first takes that hair off and cannot move a score by more than 1e-9.
"""

from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
_NOISE = Decimal("1e-9")


def round_points(points: float) -> float:
    """`points` to 0.01, half up. Raises `ValueError` for what is negative or not finite.

    >>> round_points(2.675), round_points(0.125), round_points(1.15 + 0.855)
    (2.68, 0.13, 2.01)
    """
    exact = Decimal(points)
    if not exact.is_finite() or exact < -_NOISE:
        raise ValueError(f"points must be finite and not negative, not {points}")
    clean = max(exact, Decimal(0)).quantize(_NOISE, rounding=ROUND_HALF_UP)
    return float(clean.quantize(CENT, rounding=ROUND_HALF_UP))
