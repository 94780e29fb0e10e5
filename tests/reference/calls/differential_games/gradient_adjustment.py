"""Example calls of `reference.differential_games.gradient_adjustment`."""

import jax.numpy as jnp
import numpy as np

from reference.differential_games import gradient_adjustment
from tests.reference.calls import Call

rng = np.random.default_rng(0)
PLAYERS = ({"a": rng.normal(size=(2, 2))}, rng.normal(size=3))


def losses(z):
    value = jnp.sum(jnp.sin(z[0]["a"])) * jnp.sum(z[1] ** 2)
    return value, jnp.sum(z[0]["a"]) * value


CALLS = [
    Call(gradient_adjustment.consensus_gradient, (losses, PLAYERS), {"weight": 0.5}),
    Call(gradient_adjustment.symplectic_gradient, (losses, PLAYERS), {"weight": 0.5}),
    Call(gradient_adjustment.alignment_sign, (losses, PLAYERS)),
]
