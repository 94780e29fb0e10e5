"""Example calls of `reference.linear_regression`."""

import numpy as np

from reference import linear_regression
from tests.reference.calls import Call

rng = np.random.default_rng(0)
SYMMETRIC = np.diag([1.0, 2.0, 5.0])
VECTOR, PHI, TARGETS = rng.normal(size=3), rng.normal(size=(4, 3)), rng.normal(size=4)
DESCENT = (SYMMETRIC, VECTOR, VECTOR, 0.1, 6)

CALLS = [
    Call(linear_regression.gradient_descent_iterates, DESCENT),
    Call(linear_regression.predicted_losses, DESCENT),
    Call(linear_regression.predicted_excess_losses, DESCENT),
    Call(linear_regression.stability_limit, (SYMMETRIC,)),
    Call(linear_regression.condition_number, (SYMMETRIC,)),
    Call(linear_regression.minimum_norm_solution, (PHI, TARGETS)),
    Call(linear_regression.gradient_flow_limit, (PHI, TARGETS, VECTOR)),
    Call(linear_regression.ridge_solution, (PHI, TARGETS, 0.1)),
    Call(linear_regression.excess_risk, (VECTOR, 2 * VECTOR, SYMMETRIC)),
    Call(
        linear_regression.double_descent_risks,
        (PHI, TARGETS, VECTOR, SYMMETRIC, np.array([1, 3, 4])),
        {"penalty": 0.1},
    ),
    Call(linear_regression.input_second_moment, (VECTOR, SYMMETRIC)),
    Call(linear_regression.centred, (PHI,)),
    Call(linear_regression.input_covariance, (PHI,)),
    Call(linear_regression.whitening_transform, (PHI,)),
]
