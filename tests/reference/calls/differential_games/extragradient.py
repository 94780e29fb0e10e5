"""Example calls of `reference.differential_games.extragradient`."""

import jax
import jax.numpy as jnp
import numpy as np

from reference.differential_games import extragradient
from tests.reference.calls import Call

rng = np.random.default_rng(0)
PLAYERS = ({"a": rng.normal(size=(2, 2))}, rng.normal(size=3))
B = rng.normal(size=(2, 3))


def field(z):
    return jax.tree.map(jnp.sin, z)


CALLS = [
    Call(extragradient.extragradient_direction, (field, PLAYERS, 0.1)),
    Call(extragradient.optimistic_iterates, (field, PLAYERS, 0.1, 3)),
    Call(extragradient.bilinear_extragradient_rate, (B, 0.1)),
    Call(extragradient.bilinear_optimistic_rate, (B, 0.1)),
]
