"""Example calls of `reference.adaptive_methods.weight_decay`."""

import jax
import jax.numpy as jnp
import numpy as np

from reference.adaptive_methods import weight_decay
from tests.reference.calls import Call

ONE = np.array(1.0)
TREE = {"W": np.random.default_rng(0).normal(size=(3, 2)), "bias": np.ones(2)}


def penalized(w):
    return weight_decay.l2_penalized(lambda w: jnp.sum(w["W"] ** 4), penalty=0.1)(w)


def one_update(w, gradient):
    optimizer = weight_decay.adamw(0.1, decay=0.01)
    return optimizer.update(gradient, optimizer.init(w), w)


CALLS = [
    Call(penalized, (TREE,), covered=(weight_decay.l2_penalized,)),
    Call(one_update, (TREE, TREE), covered=(weight_decay.with_weight_decay, weight_decay.adamw)),
    Call(weight_decay.equilibrium_norm, (ONE, ONE, ONE)),
    Call(weight_decay.equilibrium_angle, (ONE, ONE)),
    Call(weight_decay.decayed_norms, (ONE, 0.1, 0.1, 2.0, 3)),
    Call(weight_decay.scale_invariant_walk, (jax.random.key, np.ones(3), 0.1, 0.1, 2.0, 3)),
]
