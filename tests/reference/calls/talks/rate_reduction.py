"""Example calls of `reference.talks.rate_reduction`."""

import numpy as np

from reference.talks import rate_reduction
from tests.reference.calls import Call

rng = np.random.default_rng(0)
Z, CLASSES = rng.normal(size=(4, 3)), np.eye(2)[[0, 1, 1, 0]]

CALLS = [
    Call(rate_reduction.coding_rate, (Z, 0.5)),
    Call(rate_reduction.class_coding_rate, (Z, CLASSES, 0.5)),
    Call(rate_reduction.rate_reduction, (Z, CLASSES, 0.5)),
    Call(
        rate_reduction.orthogonal_rate_reduction,
        (np.array([2.0, 3.0]), np.array([1.0, 2.0]), 3, 0.5),
    ),
    Call(rate_reduction.rate_reduction_gradient, (Z, CLASSES, 0.5)),
    Call(rate_reduction.ascent_iterates, (Z, CLASSES, 0.5, 0.1, 2)),
]
