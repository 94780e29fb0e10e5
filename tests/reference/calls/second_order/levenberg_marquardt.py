"""Example calls of `reference.second_order.levenberg_marquardt`."""

import jax.numpy as jnp
import numpy as np

from reference.second_order import levenberg_marquardt as lm
from tests.reference.calls import Call

TREE = {"W": np.random.default_rng(0).normal(size=(3, 2)), "bias": np.ones(2)}
ONE = np.array(1.0)


def network(w):
    return jnp.tanh(w["W"]) + w["bias"]


def half_square(z):
    return jnp.mean(z**2) / 2


def one_update(w, gradient):
    optimizer = lm.levenberg_marquardt_optimizer(damping=0.1)
    return optimizer.update(
        gradient, optimizer.init(w), w, network=network, loss_of_output=half_square
    )


CALLS = [
    Call(lm.predicted_change, (TREE, TREE, TREE)),
    Call(lm.reduction_ratio, (ONE, ONE, ONE)),
    Call(lm.updated_damping, (ONE, ONE), {"factor": 2.0}),
    Call(lm.levenberg_marquardt_step, (network, half_square, TREE), {"damping": 0.1}),
    Call(one_update, (TREE, TREE), covered=(lm.levenberg_marquardt_optimizer,)),
]
