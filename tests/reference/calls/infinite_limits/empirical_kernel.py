"""Example calls of `reference.infinite_limits.empirical_kernel`."""

import jax.numpy as jnp
import numpy as np

from reference.infinite_limits import empirical_kernel, finite_width
from tests.reference.calls import Call

rng = np.random.default_rng(0)
W = [
    {"weights": rng.normal(size=(3, 4)), "biases": rng.normal(size=4)},
    {"weights": rng.normal(size=(4, 2)), "biases": rng.normal(size=2)},
]
X = rng.normal(size=(5, 3))
RATES = {"rates": [{"weights": 0.5, "biases": 0.1}, {"weights": 0.4, "biases": 0.1}]}
OPTIONS = {"phi": jnp.tanh, **RATES}


def network(w, x):
    return finite_width.perceptron_outputs(w, x, jnp.tanh)


CALLS = [
    Call(empirical_kernel.dense_tangent_kernel, (network, W, X), RATES),
    Call(empirical_kernel.tangent_kernel_product, (network, W, X, np.ones((5, 2))), RATES),
    Call(empirical_kernel.tangent_kernel_by_products, (network, W, X), RATES),
    Call(empirical_kernel.layerwise_tangent_kernel, (W, X), OPTIONS),
    Call(empirical_kernel.traced_tangent_kernel, (W, X), OPTIONS),
    Call(empirical_kernel.tangent_kernel, (W, X), OPTIONS),
]
# Counts of integers.
NOT_PROGRAMS = {empirical_kernel.contraction_costs}
