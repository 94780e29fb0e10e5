"""Example calls of `reference.differential_games.follow_the_ridge`."""

import jax.numpy as jnp
import numpy as np

from reference.differential_games import follow_the_ridge
from tests.reference.calls import Call

rng = np.random.default_rng(0)
PLAYERS = ({"a": rng.normal(size=(2, 2))}, rng.normal(size=3))


def f(x, y):
    return jnp.sum(jnp.sin(x["a"])) * jnp.sum(y**2)


CALLS = [
    Call(follow_the_ridge.ridge_correction, (f, PLAYERS)),
    Call(follow_the_ridge.follow_the_ridge_gradient, (f, PLAYERS)),
    Call(follow_the_ridge.follow_the_ridge_iterates, (f, PLAYERS, 0.1, 3), {"ratio": 2.0}),
]
