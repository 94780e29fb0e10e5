"""Example calls of `reference.second_order.hessian_free`."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from reference.second_order import hessian_free
from reference.taylor import gauss_newton_vector_product
from tests.reference.calls import Call

TREE = {"W": np.random.default_rng(0).normal(size=(3, 2)), "bias": np.ones(2)}
LIMITS = {"damping": 0.1, "tolerance": 1e-3, "max_steps": 5}


def network(w):
    return jnp.tanh(w["W"]) + w["bias"]


def half_square(z):
    return jnp.mean(z**2) / 2


def doubled(v):
    return jax.tree.map(lambda leaf: 2 * leaf, v)


def loss(w):
    return half_square(network(w))


def one_update(w, gradient):
    optimizer = hessian_free.hessian_free_optimizer(**LIMITS)
    product = partial(gauss_newton_vector_product, network, half_square)
    return optimizer.update(gradient, optimizer.init(w), w, loss=loss, curvature_product=product)


CALLS = [
    Call(hessian_free.hessian_free_step, (doubled, TREE, TREE), LIMITS),
    Call(one_update, (TREE, TREE), covered=(hessian_free.hessian_free_optimizer,)),
]
