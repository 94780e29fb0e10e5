"""Example calls of `reference.momentum.heavy_ball`."""

import jax.numpy as jnp
import numpy as np

from reference.momentum import heavy_ball
from tests.reference.calls import Call

EIGENVALUES, ONE, NINE = np.array([1.0, 4.0, 9.0]), np.array(1.0), np.array(9.0)
TREE = {"W": np.ones((3, 2)), "bias": np.zeros(2)}


def loss(w):
    return jnp.sum(jnp.cos(w["W"])) + jnp.sum(w["bias"] ** 2)


def optimizer_step(w):
    optimizer = heavy_ball.heavy_ball_optimizer(0.1, 0.9)
    return optimizer.update(w, optimizer.init(w), w)


CALLS = [
    Call(optimizer_step, (TREE,), covered=(heavy_ball.heavy_ball_optimizer,)),
    Call(heavy_ball.heavy_ball_iterates, (loss, TREE, 0.1, 0.9, 3)),
    Call(heavy_ball.optimal_heavy_ball, (ONE, NINE)),
    Call(heavy_ball.optimal_heavy_ball_rate, (NINE,)),
    Call(heavy_ball.heavy_ball_companion_eigenvalues, (EIGENVALUES, 0.1, 0.9)),
    Call(heavy_ball.heavy_ball_rate, (EIGENVALUES, ONE, ONE)),
    Call(heavy_ball.heavy_ball_stability_limit, (EIGENVALUES, 0.9)),
]
