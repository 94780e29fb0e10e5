"""Example calls of `reference.second_order.newton`."""

import jax.numpy as jnp
import numpy as np

from reference.second_order import newton
from tests.reference.calls import Call

TREE = {"W": np.random.default_rng(0).normal(size=(2, 2)), "bias": np.ones(2)}


def loss(w):
    return jnp.sum((w["W"] @ w["bias"] - 1) ** 2) + jnp.sum(w["W"] ** 4)


def found(w_0):
    optimizer = newton.newton_optimizer(damping=0.1)
    return newton.stationary_point(optimizer, w_0, loss=loss, tolerance=1e-3, max_steps=5)


CALLS = [
    Call(newton.newton_step, (loss, TREE), {"damping": 0.1}),
    Call(newton.newton_iterates, (loss, TREE, 2), {"damping": 0.1}),
    Call(found, (TREE,), covered=(newton.newton_optimizer, newton.stationary_point)),
]
