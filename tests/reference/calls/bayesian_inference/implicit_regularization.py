"""Example calls of `reference.bayesian_inference.implicit_regularization`."""

import jax.numpy as jnp
import numpy as np

from reference.bayesian_inference import implicit_regularization
from tests.reference.calls import Call

rng = np.random.default_rng(0)
TREE = {"W": rng.normal(size=(3, 2)), "bias": rng.normal(size=2)}
BATCHES = rng.normal(size=(4, 2, 3))


def loss(w):
    return jnp.sum(jnp.tanh(w["W"]) ** 2) + jnp.sum(w["bias"] ** 4)


def batch_loss(w, batch):
    return jnp.mean((batch @ w["W"] + w["bias"]) ** 2)


CALLS = [
    Call(implicit_regularization.modified_loss, (loss, TREE, np.array(0.1))),
    Call(implicit_regularization.modified_gradient, (loss, TREE, 0.1)),
    Call(implicit_regularization.modified_sgd_loss, (batch_loss, TREE, BATCHES, 0.1)),
    Call(implicit_regularization.gradient_flow, (loss, TREE, np.array(0.5), 3)),
]
