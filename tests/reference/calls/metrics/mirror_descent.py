"""Example calls of `reference.metrics.mirror_descent`."""

import jax
import jax.numpy as jnp
import numpy as np

from reference.metrics import mirror_descent
from reference.pytrees import inner_product
from tests.reference.calls import Call

rng = np.random.default_rng(0)
TREE = {"W": rng.normal(size=(3, 2)), "bias": rng.normal(size=2)}
WEIGHTS, VECTOR = np.array([0.5, 0.3, 0.2]), rng.normal(size=3)


def half_square(w):
    return inner_product(w, w) / 2


def square(w):
    return jnp.sum(w**2)


def exponentiated_gradient_updates(gradient, w):
    optimizer = mirror_descent.exponentiated_gradient_optimizer(0.1)
    return optimizer.update(gradient, optimizer.init(w), w)


def mirror_descent_updates(gradient, w):
    optimizer = mirror_descent.mirror_descent_optimizer(half_square, half_square, 0.1)
    return optimizer.update(gradient, optimizer.init(w), w)


CALLS = [
    Call(mirror_descent.negative_entropy, (WEIGHTS,)),
    Call(mirror_descent.log_partition, (VECTOR,)),
    Call(mirror_descent.mirror_step, (half_square, half_square, TREE, TREE, 0.1)),
    Call(
        mirror_descent.mirror_descent_iterates,
        (half_square, half_square, half_square, TREE, 0.1, 3),
    ),
    Call(mirror_descent.exponentiated_gradient_iterates, (square, WEIGHTS, 0.1, 3)),
    Call(
        exponentiated_gradient_updates,
        (VECTOR, WEIGHTS),
        covered=(mirror_descent.exponentiated_gradient_optimizer,),
    ),
    Call(
        mirror_descent_updates,
        (TREE, jax.tree.map(np.ones_like, TREE)),
        covered=(mirror_descent.mirror_descent_optimizer,),
    ),
]
