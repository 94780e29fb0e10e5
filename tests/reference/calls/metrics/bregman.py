"""Example calls of `reference.metrics.bregman`."""

import jax.numpy as jnp
import numpy as np

from reference.metrics import bregman
from reference.pytrees import inner_product
from tests.reference.calls import Call

rng = np.random.default_rng(0)
TREE = {"W": rng.normal(size=(3, 2)), "bias": rng.normal(size=2)}
INPUTS, Z = rng.normal(size=(4, 3)), rng.normal(size=(2, 5))


def network(w):
    return jnp.tanh(INPUTS.astype(w["bias"].dtype) @ w["W"]) + w["bias"]


def half_square(w):
    return inner_product(w, w) / 2


RHO = bregman.categorical_divergence

CALLS = [
    Call(bregman.bregman_divergence, (half_square, TREE, TREE)),
    Call(bregman.categorical_divergence, tuple(Z)),
    Call(bregman.mean_output_dissimilarity, (network, RHO, TREE, TREE)),
    Call(bregman.output_metric, (RHO, Z[0])),
    Call(bregman.pullback_metric, (network, RHO, TREE)),
    Call(bregman.pullback_metric_vector_product, (network, RHO, TREE, TREE)),
]
