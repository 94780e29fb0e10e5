"""Example calls of `reference.stochastic_optimization.interpolation`."""

import jax
import jax.numpy as jnp
import numpy as np

from reference.stochastic_optimization import interpolation
from tests.reference.calls import Call

rng = np.random.default_rng(0)
INPUTS, TARGETS, W = rng.normal(size=(5, 3)), rng.normal(size=5), rng.normal(size=3)
TREE = {"W": rng.normal(size=(3, 2)), "bias": rng.normal(size=2)}


def losses(w):
    return jnp.sum((INPUTS.astype(w["bias"].dtype) @ w["W"] + w["bias"]) ** 2, axis=1) / 2


CALLS = [
    Call(interpolation.gradient_noise_covariance, (losses, TREE)),
    Call(interpolation.sgd_iterates, (jax.random.key, INPUTS, TARGETS, W, 0.1, 2, 4)),
    Call(
        interpolation.expected_sgd_second_moments,
        (INPUTS, TARGETS, W, np.array(0.1), np.array(2.0), 4),
    ),
    Call(interpolation.expected_sgd_losses, (INPUTS, TARGETS, W, 0.1, 2.0, 4)),
    Call(interpolation.interpolation_step_size, (INPUTS, np.array(2.0))),
    Call(interpolation.interpolation_rate, (INPUTS, 2.0)),
]
