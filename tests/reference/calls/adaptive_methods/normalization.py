"""Example calls of `reference.adaptive_methods.normalization`."""

import jax.numpy as jnp
import numpy as np

from reference.adaptive_methods import normalization
from tests.reference.calls import Call

X, UNITS = np.random.default_rng(0).normal(size=(4, 3)), np.ones(3)
TREE = {"W": X, "bias": UNITS}


def loss(w):
    return jnp.sum(w["W"]) + jnp.sum(w["bias"] ** 2)


def invariant(w):
    return normalization.scale_invariant(loss)(w)


def descent(w_0):
    return normalization.spherical_descent_iterates(invariant, w_0, 0.1, 2)


CALLS = [
    Call(normalization.batch_normalization, (X, UNITS, UNITS), {"epsilon": 1e-3}),
    Call(
        normalization.inference_normalization,
        (X, UNITS, UNITS, UNITS, UNITS),
        {"epsilon": 1e-3},
    ),
    Call(invariant, (TREE,), covered=(normalization.scale_invariant,)),
    Call(normalization.effective_step_size, (0.1, TREE)),
    Call(normalization.tangent_component, (TREE, TREE)),
    Call(descent, (TREE,), covered=(normalization.spherical_descent_iterates,)),
]
