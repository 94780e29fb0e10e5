"""Example calls of `reference.papers.deep_linear_dynamics`."""

import jax
import numpy as np

from reference.papers import deep_linear_dynamics
from tests.reference.calls import Call

rng = np.random.default_rng(0)
S, W1, W2 = rng.normal(size=(3, 4)), rng.normal(size=(5, 4)), rng.normal(size=(3, 5))
T, ONE, START, END = np.array([0.0, 1.0, 2.0]), *np.array([[1.0], [0.1], [0.9]])

CALLS = [
    Call(deep_linear_dynamics.mode_strength, (T, ONE, START), {"tau": 2.0}),
    Call(deep_linear_dynamics.learning_time, (ONE, START, END)),
    Call(deep_linear_dynamics.balanced_weights, (jax.random.key, S, 5, 0.1)),
    Call(deep_linear_dynamics.gradient_descent_products, (S, W1, W2, 0.1, 3)),
    Call(deep_linear_dynamics.mode_strengths, (rng.normal(size=(2, 3, 4)), S)),
]
