"""Example calls of `reference.bayesian_inference.linear_gaussian`."""

import numpy as np

from reference.bayesian_inference import linear_gaussian
from tests.reference.calls import Call

rng = np.random.default_rng(0)
PHI, TARGETS, W = rng.normal(size=(5, 3)), rng.normal(size=5), rng.normal(size=3)
STDS = (np.array(0.5), np.array(2.0))

CALLS = [
    Call(linear_gaussian.linear_energy, (PHI, TARGETS, W, *STDS)),
    Call(linear_gaussian.linear_posterior, (PHI, TARGETS, 0.5, 2.0)),
    Call(linear_gaussian.linear_log_evidence, (PHI, TARGETS, *STDS)),
]
