"""Example calls of `reference.bayesian_inference.flipout`."""

import jax
import jax.numpy as jnp
import numpy as np

from reference.bayesian_inference import flipout
from tests.reference.calls import Call

rng = np.random.default_rng(0)
INPUTS, W, E = rng.normal(size=(4, 3)), rng.normal(size=(3, 2)), rng.normal(size=(3, 2))
S, R = np.sign(rng.normal(size=(4, 3))), np.sign(rng.normal(size=(4, 2)))


def loss(outputs):
    return jnp.sum(outputs**2)


CALLS = [
    Call(flipout.random_signs, (jax.random.key, W, 4)),
    Call(flipout.flipout_perturbations, (E, S, R)),
    Call(flipout.flipout_outputs, (INPUTS, W, E, S, R)),
    Call(flipout.flipout_es_gradient, (jax.random.key, loss, INPUTS, W, np.array(0.1), 5)),
]
