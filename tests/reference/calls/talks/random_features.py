"""Example calls of `reference.talks.random_features`."""

import numpy as np

from reference.talks import random_features
from tests.reference.calls import Call

rng = np.random.default_rng(0)
LOSSES = np.array([0.0, 0.1])
W, B = rng.normal(size=(2, 4)), rng.uniform(size=4)

CALLS = [
    Call(random_features.excess_loss_bound, (LOSSES, 0.5, 10, 20)),
    Call(random_features.features_needed, (LOSSES, LOSSES + 0.1, 0.5, 10)),
    Call(random_features.trade_off_frontier, (rng.normal(size=(3, 4)), np.eye(4), 0.5, LOSSES + 1)),
    Call(random_features.random_fourier_features, (rng.normal(size=(3, 2)), W, B)),
    Call(random_features.feature_second_moment, (W, B)),
]
