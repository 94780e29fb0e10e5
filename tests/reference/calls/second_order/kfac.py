"""Example calls of `reference.second_order.kfac`."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from reference.second_order import kfac
from reference.second_order.kronecker_products import Factors
from tests.reference.calls import Call

eye: Any = np.eye
FACTORS = [Factors(eye(3), eye(2)), Factors(eye(2), eye(1))]
WEIGHTS = [np.ones((3, 2)), np.ones((2, 1))]


def doubled(v):
    return jax.tree.map(lambda leaf: 2 * leaf, v)


def one_update(weights, factors):
    optimizer = kfac.kfac_optimizer(0.1, damping=0.01)
    return optimizer.update(weights, optimizer.init(weights), factors=factors)


def average(old, new):
    return kfac.averaged_factors(old, new, jnp.int32(3))


CALLS = [
    Call(average, (FACTORS, FACTORS), covered=(kfac.averaged_factors,)),
    Call(one_update, (WEIGHTS, FACTORS), covered=(kfac.kfac_optimizer,)),
    Call(kfac.step_size_and_momentum, (doubled, WEIGHTS, WEIGHTS, WEIGHTS), {"damping": 0.1}),
]
