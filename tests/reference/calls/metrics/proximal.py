"""Example calls of `reference.metrics.proximal`."""

import jax.numpy as jnp
import numpy as np

from reference.metrics import proximal
from tests.reference.calls import Call

rng = np.random.default_rng(0)
TREE = {"W": rng.normal(size=(3, 2)), "bias": rng.normal(size=2)}
VECTOR = rng.normal(size=3)
LIMITS = {"tolerance": 1e-3, "max_steps": 4}


def loss(w):
    return jnp.sum(w["W"] ** 4) + jnp.sum(w["bias"] ** 2)


CALLS = [
    Call(proximal.half_squared_distance, (TREE, TREE)),
    Call(proximal.quadratic_proximal_point, (np.diag([1.0, 2.0, 5.0]), VECTOR, VECTOR, 0.5)),
    Call(
        proximal.proximal_point,
        (loss, proximal.half_squared_distance, TREE),
        {"penalty": 0.5, **LIMITS},
    ),
    Call(
        proximal.proximal_point_iterates,
        (loss, proximal.half_squared_distance, TREE, 0.5, 2),
        LIMITS,
    ),
]
