"""Example calls of `reference.taylor.conjugate_gradients`."""

import jax
import numpy as np

from reference.taylor import conjugate_gradients
from tests.reference.calls import Call

rng = np.random.default_rng(0)
TREE = {"W": rng.normal(size=(3, 2)), "bias": rng.normal(size=2)}


def matvec(x):
    return jax.tree.map(lambda leaf: 2 * leaf, x)


CALLS = [
    Call(
        conjugate_gradients.conjugate_gradient,
        (matvec, TREE, TREE),
        {"tolerance": 1e-6, "max_steps": 9, "preconditioner": matvec},
    ),
    Call(conjugate_gradients.conjugate_gradient_iterates, (matvec, TREE, 5)),
    Call(conjugate_gradients.conjugate_gradient_bound, (np.array(7.0), 5)),
]
