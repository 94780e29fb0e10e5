"""Example calls of `reference.talks.implicit_bias`."""

import numpy as np

from reference.talks import implicit_bias
from tests.reference.calls import Call

rng = np.random.default_rng(0)
X, Y, W = rng.normal(size=(4, 3)), np.array([1.0, -1.0, 1.0, 1.0]), rng.normal(size=3)

CALLS = [
    Call(implicit_bias.logistic_loss, (W, X, Y)),
    Call(implicit_bias.logistic_descent_iterates, (X, Y, W, 0.1, 3), {"normalised": True}),
    Call(implicit_bias.margin, (W, X, Y)),
    Call(implicit_bias.maximum_margin, (X, Y), {"num_steps": 4}),
    Call(implicit_bias.asymptotic_weights, (X, Y, Y**2, 0.1, np.array([10.0, 20.0]))),
]
