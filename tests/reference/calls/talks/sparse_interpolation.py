"""Example calls of `reference.talks.sparse_interpolation`."""

import numpy as np

from reference.talks import sparse_interpolation
from tests.reference.calls import Call

rng = np.random.default_rng(0)
X, Y, SQUARE = rng.normal(size=(3, 5)), rng.normal(size=3), np.array(0.5)

CALLS = [
    Call(sparse_interpolation.minimum_l2_interpolator, (X, Y)),
    Call(sparse_interpolation.minimum_l1_interpolator, (X, Y), {"max_steps": 3}),
    Call(sparse_interpolation.minimum_lp_interpolator, (X, Y, 1.5), {"max_steps": 3}),
    Call(sparse_interpolation.l1_error_estimate, (5, 50, SQUARE)),
    Call(sparse_interpolation.l2_expected_error, (5, 50, SQUARE, SQUARE)),
]
