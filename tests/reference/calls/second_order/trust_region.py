"""Example calls of `reference.second_order.trust_region`."""

import jax
import jax.numpy as jnp
import numpy as np

from reference.second_order import trust_region
from tests.reference.calls import Call

TREE = {"W": np.random.default_rng(0).normal(size=(2, 2)), "bias": np.ones(2)}


def loss(w):
    return jnp.sum(jnp.tanh(w["W"]) ** 2) + jnp.sum(w["bias"] ** 4)


def one_update(w):
    optimizer = trust_region.trust_region_optimizer(radius=0.5)
    return optimizer.update(jax.grad(loss)(w), optimizer.init(w), w, loss=loss)


CALLS = [
    Call(trust_region.trust_region_step, (np.diag([-1.0, 2.0]), np.ones(2), 0.5)),
    Call(one_update, (TREE,), covered=(trust_region.trust_region_optimizer,)),
]
