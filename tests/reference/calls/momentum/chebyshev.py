"""Example calls of `reference.momentum.chebyshev`."""

import jax.numpy as jnp
import numpy as np

from reference.momentum import chebyshev
from tests.reference.calls import Call

EIGENVALUES, ONE, NINE = np.array([1.0, 4.0, 9.0]), np.array(1.0), np.array(9.0)
TREE = {"W": np.ones((3, 2)), "bias": np.zeros(2)}


def loss(w):
    return jnp.sum(jnp.cos(w["W"])) + jnp.sum(w["bias"] ** 2)


def optimizer_step(w):
    optimizer = chebyshev.chebyshev_optimizer(1.0, 9.0)
    return optimizer.update(w, optimizer.init(w), w)


CALLS = [
    Call(optimizer_step, (TREE,), covered=(chebyshev.chebyshev_optimizer,)),
    Call(chebyshev.chebyshev_schedule, (ONE, NINE, 4)),
    Call(chebyshev.chebyshev_iterates, (loss, TREE, 1.0, 9.0, 3)),
    Call(chebyshev.chebyshev_residual_polynomials, (EIGENVALUES, ONE, NINE, 4)),
    Call(chebyshev.chebyshev_bound, (NINE, 4)),
]
