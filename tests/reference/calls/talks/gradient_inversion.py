"""Example calls of `reference.talks.gradient_inversion`."""

import jax
import numpy as np

from reference.talks import gradient_inversion
from tests.reference.calls import Call

rng = np.random.default_rng(0)
W, G = rng.normal(size=(7, 3)), rng.normal(size=7)
LIMITS = {"num_starts": 2, "num_steps": 3}

CALLS = [
    Call(gradient_inversion.linear_layer_input, (W, G)),
    Call(gradient_inversion.hermite_moments, (W, G)),
    Call(
        gradient_inversion.moment_components,
        (jax.random.key, np.eye(3), rng.normal(size=(3, 3, 3)), 2),
        LIMITS,
    ),
    Call(gradient_inversion.recovered_directions, (jax.random.key, W, G, 2), LIMITS),
]
