"""Example calls of `reference.talks.feature_learning`."""

import numpy as np

from reference.talks import feature_learning
from tests.reference.calls import Call

rng = np.random.default_rng(0)
X, T = rng.normal(size=(5, 3)), rng.normal(size=5)
W, B = rng.normal(size=(4, 3)), rng.normal(size=4)

CALLS = [
    Call(feature_learning.relu_features, (W, B, X)),
    Call(feature_learning.first_step_signals, (W, X, T)),
    Call(feature_learning.population_signal, (np.eye(3), W[0])),
    Call(feature_learning.subspace_alignment, (W, np.eye(3)[:2])),
    Call(feature_learning.without_affine_part, (X, T)),
    Call(feature_learning.second_layer, (W, B, X, T, 0.1)),
    Call(feature_learning.one_step_features, (W, X, T)),
]

NOT_PROGRAMS = [feature_learning.paired_units]  # from a shape
