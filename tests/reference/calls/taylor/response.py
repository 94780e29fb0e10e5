"""Example calls of `reference.taylor.response`."""

import jax.numpy as jnp
import numpy as np

from reference.taylor import response
from tests.reference.calls import Call

rng = np.random.default_rng(0)
INPUTS = rng.normal(size=(4, 3))
TREE = {"W": rng.normal(size=(3, 2)), "bias": rng.normal(size=2)}
THETA = np.array([0.5, 1.0])


def loss(w, theta):
    z = jnp.tanh(INPUTS.astype(theta.dtype) @ w["W"]) + w["bias"]
    return theta[0] * jnp.mean(z**2) + theta[1] * jnp.sum(w["W"] ** 2)


CALLS = [
    Call(response.response_jacobian, (loss, TREE, THETA)),
    Call(
        response.response_vector_product,
        (loss, TREE, THETA, THETA),
        {"tolerance": 1e-6, "max_steps": 9},
    ),
]
