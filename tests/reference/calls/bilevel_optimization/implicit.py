"""Example calls of `reference.bilevel_optimization.implicit`."""

import jax
import jax.numpy as jnp
import numpy as np

from reference.bilevel_optimization import implicit
from tests.reference.calls import Call

rng = np.random.default_rng(0)
W = {"W": rng.normal(size=(3, 2)), "bias": rng.normal(size=2)}
THETA = {"decay": np.array(0.3), "targets": rng.normal(size=2)}
LIMITS = {"tolerance": 1e-6, "max_steps": 9}


def inner_loss(w, theta):
    fit = jnp.sum((jnp.sum(w["W"], axis=0) + w["bias"] - theta["targets"]) ** 2)
    return fit / 2 + jnp.exp(theta["decay"]) * (jnp.sum(w["W"] ** 2) + jnp.sum(w["bias"] ** 2))


def outer_loss(w, theta):
    return jnp.sum(jnp.cos(w["W"])) + w["bias"] @ theta["targets"]


def minimise(gradient, w_0):
    return jax.tree.map(lambda w, g: w - g / 10, w_0, gradient(w_0))


def doubled(v):
    return jax.tree.map(lambda leaf: 2 * leaf, v)


LOSSES = (inner_loss, outer_loss, W, THETA)

CALLS = [
    Call(implicit.dense_hypergradient, LOSSES),
    Call(implicit.implicit_hypergradient, LOSSES, {**LIMITS, "curvature_product": doubled}),
    Call(implicit.assembled_hypergradient, (*LOSSES, W)),
    Call(implicit.mixed_derivative_product, (inner_loss, W, THETA, W)),
    Call(implicit.argmin, (inner_loss, minimise, W, THETA), LIMITS),
]
