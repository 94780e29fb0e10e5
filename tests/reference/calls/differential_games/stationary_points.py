"""Example calls of `reference.differential_games.stationary_points`."""

import jax.numpy as jnp
import numpy as np

from reference.differential_games import stationary_points
from tests.reference.calls import Call

rng = np.random.default_rng(0)
PLAYERS = ({"a": rng.normal(size=(2, 2))}, rng.normal(size=3))


def f(x, y):
    return jnp.sum(jnp.sin(x["a"])) * jnp.sum(y**2)


def losses(z):
    return f(*z), jnp.sum(z[0]["a"] ** 2) * f(*z)


CALLS = [
    Call(stationary_points.classification, (f, PLAYERS)),
    Call(stationary_points.nash_margin, (losses, PLAYERS)),
    Call(stationary_points.minimax_margin, (f, PLAYERS)),
    Call(stationary_points.stability_margin, (rng.normal(size=(3, 3)),)),
]
