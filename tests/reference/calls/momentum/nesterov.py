"""Example calls of `reference.momentum.nesterov`."""

import jax.numpy as jnp
import numpy as np

from reference.momentum import nesterov
from tests.reference.calls import Call

EIGENVALUES, ONE, NINE = np.array([1.0, 4.0, 9.0]), np.array(1.0), np.array(9.0)
TREE = {"W": np.ones((3, 2)), "bias": np.zeros(2)}


def loss(w):
    return jnp.sum(jnp.cos(w["W"])) + jnp.sum(w["bias"] ** 2)


def optimizer_step(w):
    optimizer = nesterov.nesterov_optimizer(0.1, 0.9)
    return optimizer.update(w, optimizer.init(w), w)


def scheduled_iterates(w):
    momenta = nesterov.convex_momenta(3, w["bias"].dtype)
    return nesterov.nesterov_iterates(loss, w, 0.1, momenta, 3)


CALLS = [
    Call(optimizer_step, (TREE,), covered=(nesterov.nesterov_optimizer,)),
    Call(scheduled_iterates, (TREE,), covered=(nesterov.convex_momenta,)),
    Call(nesterov.nesterov_iterates, (loss, TREE, 0.1, 0.9, 3)),
    Call(nesterov.look_ahead_points, (TREE, 0.9)),
    Call(nesterov.strongly_convex_momentum, (NINE,)),
    Call(nesterov.strongly_convex_rate, (NINE,)),
    Call(nesterov.convex_bound, (NINE, ONE, 4)),
    Call(nesterov.nesterov_companion_eigenvalues, (EIGENVALUES, 0.1, 0.9)),
]
