"""Example calls of `reference.bayesian_inference.langevin`."""

import jax
import jax.numpy as jnp
import numpy as np

from reference.bayesian_inference import langevin
from tests.reference.calls import Call

rng = np.random.default_rng(0)
TREE = {"W": rng.normal(size=(3, 2)), "bias": rng.normal(size=2)}
DATA, A = rng.normal(size=(5, 3)), np.diag([1.0, 2.0, 5.0])


def gradient(key, w):
    del key
    return w


def loss(w, batch):
    return jnp.mean((batch @ w["W"] + w["bias"]) ** 2)


def two_updates(key, w):
    optimizer = langevin.sgld(key, lambda count: 0.1 / (1 + count))
    first, state = optimizer.update(w, optimizer.init(w))
    return first, optimizer.update(w, state)[0]


CALLS = [
    Call(langevin.langevin_step, (jax.random.key, TREE, TREE, 0.1), {"temperature": 0.5}),
    Call(langevin.langevin_step, (jax.random.key, TREE, TREE, np.array(0.1))),
    Call(langevin.langevin_iterates, (jax.random.key, gradient, TREE, 0.1, 4)),
    Call(langevin.batch_gradient, (jax.random.key, loss, TREE, DATA, 2, 1.5)),
    Call(two_updates, (jax.random.key, TREE), covered=(langevin.sgld,)),
    Call(langevin.langevin_covariance, (A, np.array(0.1), A)),
]
