"""Example calls of `reference.talks.conditional_information`."""

import numpy as np

from reference.talks import conditional_information
from tests.reference.calls import Call

rng = np.random.default_rng(0)
ROOT = rng.normal(size=(5, 5))
S = ROOT @ ROOT.T + np.eye(5)
X = rng.normal(size=(9, 4))

CALLS = [
    Call(conditional_information.conditional_covariance, (S, (0, 3), (1, 2, 4))),
    Call(conditional_information.conditional_covariance, (S, (0, 3), ())),
    Call(conditional_information.partial_correlation, (S, 0, 3), {"given": (1,)}),
    Call(conditional_information.gaussian_information, (S, (0, 3), (1,)), {"given": (2, 4)}),
    Call(conditional_information.total_conditional_information, (S, (0, 1), (2, 3))),
    Call(
        conditional_information.code_covariance,
        (ROOT[:2, :3], ROOT[:3, :2], S[:2, :2], S[:3, :3]),
    ),
    Call(conditional_information.decorrelating_map, (S,)),
    Call(conditional_information.attribute_predictor, (S, (0, 3), 1)),
    Call(conditional_information.prediction_risk, (S, (0, 3), 1, np.ones(2))),
    Call(conditional_information.sample_partial_correlation, (X[:, 0], X[:, 1], X[:, 2:])),
]
