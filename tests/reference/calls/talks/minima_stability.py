"""Example calls of `reference.talks.minima_stability`."""

import numpy as np

from reference.talks import minima_stability
from tests.reference.calls import Call

rng = np.random.default_rng(0)
X = rng.normal(size=4)
TREE = {name: rng.normal(size=3) for name in ("inputs", "biases", "outputs")}
TREE = {**TREE, "offset": np.array(0.2)}

CALLS = [
    Call(minima_stability.linearised_growth, (np.diag([1.0, 2.0, 3.0]), 0.1)),
    Call(minima_stability.network_outputs, (TREE, X)),
    Call(minima_stability.interpolating_sharpness, (TREE, X)),
    Call(minima_stability.smoothness_weights, (np.array([0.1, 0.2]), X)),
    Call(minima_stability.weighted_path_norm, (TREE, X)),
    Call(minima_stability.weighted_curvature, (TREE, X)),
    Call(minima_stability.stable_curvature_bound, (np.array([0.1, 0.2]),)),
]
