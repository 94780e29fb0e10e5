"""Example calls of `reference.talks.ridge_rider`."""

import jax
import jax.numpy as jnp
import numpy as np

from reference.talks import ridge_rider
from tests.reference.calls import Call

TREE = {"W": np.ones((2, 1)), "bias": np.zeros(1)}
MATRIX = np.array([[0.0, 1.0, 0.1], [-1.0, 0.2, 0.0], [0.0, 0.3, 2.0]])
VALUE, VECTOR = np.array(0.1 + 1j), np.array([1.0, 1j, 0.0])


def loss(w):
    return jnp.sum(jnp.cos(w["W"])) + jnp.sum(w["bias"] ** 2)


def step(w):
    return jax.tree.map(jnp.sin, w)


CALLS = [
    Call(ridge_rider.ridge_ride, (loss, TREE, 0, 0.1, 3)),
    Call(ridge_rider.tracked_eigenpair, (MATRIX, VALUE, VECTOR)),
    Call(ridge_rider.game_ridge_ride, (step, TREE, VALUE, VECTOR, 0.1, 3)),
    Call(ridge_rider.lyapunov_exponent, (step, TREE, TREE, 3)),
    Call(ridge_rider.lyapunov_exponents, (step, TREE, 3)),
]
