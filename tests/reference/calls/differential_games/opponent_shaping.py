"""Example calls of `reference.differential_games.opponent_shaping`."""

import jax.numpy as jnp
import numpy as np

from reference.differential_games import opponent_shaping
from tests.reference.calls import Call

rng = np.random.default_rng(0)
PLAYERS = ({"a": rng.normal(size=(2, 2))}, rng.normal(size=3))
OPTIONS = {"opponent_step_size": 0.1}


def losses(z):
    value = jnp.sum(jnp.sin(z[0]["a"])) * jnp.sum(z[1] ** 2)
    return value, jnp.sum(z[0]["a"]) * value


CALLS = [
    Call(opponent_shaping.look_ahead_gradient, (losses, PLAYERS), OPTIONS),
    Call(opponent_shaping.first_order_lola_gradient, (losses, PLAYERS), OPTIONS),
    Call(opponent_shaping.exact_lola_gradient, (losses, PLAYERS), OPTIONS),
]
