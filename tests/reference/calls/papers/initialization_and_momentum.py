"""Example calls of `reference.papers.initialization_and_momentum`."""

import jax
import jax.numpy as jnp
import numpy as np

from reference.papers import initialization_and_momentum
from tests.reference.calls import Call

TREE = {"W": np.ones((3, 2)), "bias": np.zeros(2)}


def loss(w):
    return jnp.sum(jnp.cos(w["W"])) + jnp.sum(w["bias"] ** 2)


def optimizer_step(w):
    optimizer = initialization_and_momentum.scheduled_nesterov_optimizer(0.1, maximum=0.9)
    return optimizer.update(w, optimizer.init(w), w)


def layer(key, inputs):
    W = initialization_and_momentum.sparse_weights(key, 3, 4, connections=2, dtype=inputs.dtype)
    return inputs @ W


CALLS = [
    Call(initialization_and_momentum.momentum_at, (np.array(300.0),), {"maximum": 0.9}),
    Call(
        optimizer_step,
        (TREE,),
        covered=(initialization_and_momentum.scheduled_nesterov_optimizer,),
    ),
    Call(
        initialization_and_momentum.scheduled_nesterov_iterates,
        (loss, TREE, 0.1, 3),
        {"maximum": 0.9},
    ),
    Call(initialization_and_momentum.effective_momentum, (np.ones(3), 0.1, 0.9)),
    Call(
        layer,
        (jax.random.key, np.ones((2, 3))),
        covered=(initialization_and_momentum.sparse_weights,),
    ),
]
