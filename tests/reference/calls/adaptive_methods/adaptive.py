"""Example calls of `reference.adaptive_methods.adaptive`."""

import jax.numpy as jnp
import numpy as np

from reference.adaptive_methods import adaptive
from tests.reference.calls import Call

TREE = {"W": np.random.default_rng(0).normal(size=(3, 2)), "bias": np.ones(2)}


def loss(w):
    return jnp.sum(w["W"] ** 2) + jnp.sum(w["bias"] ** 4)


def trained_by_rmsprop(w_0):
    return adaptive.optimizer_iterates(adaptive.rmsprop(0.1), loss, w_0, 2)


def trained_by_adam(w_0):
    return adaptive.optimizer_iterates(adaptive.adam(0.1), loss, w_0, 2)


def corrected(average):
    return adaptive.bias_corrected(average, jnp.array(3), decay=0.9)


CALLS = [
    Call(adaptive.moving_average, (TREE, TREE), {"decay": 0.9}),
    Call(corrected, (TREE,), covered=(adaptive.bias_corrected,)),
    Call(trained_by_rmsprop, (TREE,), covered=(adaptive.rmsprop, adaptive.optimizer_iterates)),
    Call(trained_by_adam, (TREE,), covered=(adaptive.adam,)),
]

NOT_PROGRAMS = [adaptive.adam_step_bound]  # of two constants
