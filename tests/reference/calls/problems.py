"""Example calls of `reference.problems`."""

import jax
import numpy as np

from reference import problems
from tests.reference.calls import Call

rng = np.random.default_rng(0)
VECTOR, PHI = rng.normal(size=3), rng.normal(size=(4, 3))

CALLS = [
    Call(problems.linear_examples, (jax.random.key, 4, VECTOR, 0.5)),
    Call(problems.perceptron_outputs, ([{"weights": PHI, "biases": VECTOR}], PHI @ PHI.T)),
    Call(problems.symmetric_matrix, (jax.random.key, VECTOR)),
]

NOT_PROGRAMS = [problems.perceptron_parameters]  # from a shape
