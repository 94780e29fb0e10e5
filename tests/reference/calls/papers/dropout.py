"""Example calls of `reference.papers.dropout`."""

import jax
import jax.numpy as jnp
import numpy as np

from reference.papers import dropout
from tests.reference.calls import Call

rng = np.random.default_rng(0)
W, X, INPUTS = rng.normal(size=3), rng.normal(size=3), rng.normal(size=(4, 3))
TREE = {"W": rng.normal(size=(3, 2)), "bias": rng.normal(size=2)}


def head(h):
    return jnp.stack([jnp.sum(h), jnp.sum(h**2)])


def loss(z):
    return jnp.sum(z**4)


def hidden(w):
    return jnp.tanh(w["W"][0] + w["bias"])


def loss_of_hidden(w, h):
    return jnp.sum(w["W"] @ h) ** 2


CALLS = [
    Call(dropout.dropout_noise, (jax.random.key, INPUTS, 0.3)),
    Call(dropout.least_squares_penalty, (W, INPUTS, np.array(0.3))),
    Call(dropout.penalty, (head, loss, X, 0.3)),
    Call(dropout.gradient_noise_covariance, (W, X, np.array(0.5), np.array(0.3))),
    Call(dropout.first_order_gradient_noise, (hidden, loss_of_hidden, TREE, np.ones(2))),
]
