"""Example calls of `reference.talks.complex_momentum`."""

import jax
import jax.numpy as jnp
import numpy as np

from reference.talks import complex_momentum
from tests.reference.calls import Call

TREE = {"W": np.ones((3, 2)), "bias": np.zeros(2)}
JACOBIAN = np.array([[0.0, 1.0], [-1.0, 0.0]])
BETA = 0.7 + 0.3j


def field(w):
    return jax.tree.map(jnp.sin, w)


def momentum_step(w):
    optimizer = complex_momentum.complex_momentum_optimizer(0.1, BETA)
    return optimizer.update(w, optimizer.init(w), w)


def adam_step(w):
    optimizer = complex_momentum.complex_adam_optimizer(0.1, BETA)
    return optimizer.update(w, optimizer.init(w), w)


CALLS = [
    Call(momentum_step, (TREE,), covered=(complex_momentum.complex_momentum_optimizer,)),
    Call(adam_step, (TREE,), covered=(complex_momentum.complex_adam_optimizer,)),
    Call(complex_momentum.complex_momentum_iterates, (field, TREE, 0.1, BETA, 3)),
    Call(complex_momentum.complex_momentum_matrix, (JACOBIAN, 0.1, BETA)),
    Call(complex_momentum.complex_momentum_spectral_radius, (JACOBIAN, 0.1, BETA)),
]
