"""Example calls of `reference.taylor.products`."""

import jax.numpy as jnp
import numpy as np

from reference.taylor import products
from tests.reference.calls import Call

rng = np.random.default_rng(0)
INPUTS = rng.normal(size=(4, 3))
TREE = {"W": rng.normal(size=(3, 2)), "bias": rng.normal(size=2)}


def network(w):
    return jnp.tanh(INPUTS.astype(w["bias"].dtype) @ w["W"]) + w["bias"]


def half_square(z):
    return jnp.mean(jnp.sum(z**2, axis=1)) / 2


def loss(w):
    return half_square(network(w)) + jnp.sum(w["W"] ** 2)


CALLS = [
    Call(products.jacobian_vector_product, (network, TREE, TREE)),
    Call(products.vector_jacobian_product, (network, TREE, rng.normal(size=(4, 2)))),
    Call(products.hessian_vector_product, (loss, TREE, TREE)),
    Call(products.gauss_newton_vector_product, (network, half_square, TREE, TREE)),
    Call(products.jacobian, (network, TREE)),
    Call(products.hessian, (loss, TREE)),
    Call(products.gauss_newton_matrix, (network, half_square, TREE)),
]
