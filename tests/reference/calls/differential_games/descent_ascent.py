"""Example calls of `reference.differential_games.descent_ascent`."""

import jax.numpy as jnp
import numpy as np

from reference.differential_games import descent_ascent
from tests.reference.calls import Call

rng = np.random.default_rng(0)
PLAYERS = ({"a": rng.normal(size=(2, 2))}, rng.normal(size=3))
B, X, Y = rng.normal(size=(2, 3)), rng.normal(size=2), rng.normal(size=3)


def losses(z):
    value = jnp.sum(jnp.sin(z[0]["a"])) * jnp.sum(z[1] ** 2)
    return value, -value


CALLS = [
    Call(descent_ascent.simultaneous_descent_iterates, (losses, PLAYERS, 0.1, 3)),
    Call(descent_ascent.alternating_descent_iterates, (losses, PLAYERS, 0.1, 3)),
    Call(descent_ascent.bilinear_growth_rate, (B, 0.1)),
    Call(descent_ascent.alternating_invariant, (B, X, Y, 0.1)),
]
