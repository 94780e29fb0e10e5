"""Example calls of `reference.papers.edge_of_stability`."""

import jax.numpy as jnp
import numpy as np

from reference.papers import edge_of_stability
from tests.reference.calls import Call

TREE = {"W": np.ones((3, 2)), "bias": np.zeros(2)}
U, V = np.array(0.5), np.array(1.5)


def loss(w):
    return jnp.sum(jnp.cos(w["W"])) + jnp.sum(w["bias"] ** 2)


CALLS = [
    Call(edge_of_stability.sharpness, (loss, TREE, TREE), {"num_lanczos_steps": 3}),
    Call(
        edge_of_stability.descent_with_sharpness,
        (loss, TREE, np.full(6, 0.1)),
        {"sharpness_every": 3, "num_lanczos_steps": 2},
    ),
    Call(edge_of_stability.share_of_rises, (np.array([2.0, 1.0, 3.0]),)),
    Call(edge_of_stability.scalar_product_loss, (U, V)),
    Call(edge_of_stability.scalar_product_sharpness, (U, V)),
]
