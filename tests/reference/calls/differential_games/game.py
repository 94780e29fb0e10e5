"""Example calls of `reference.differential_games.game`."""

import jax
import jax.numpy as jnp
import numpy as np

from reference.differential_games import game
from tests.reference.calls import Call

rng = np.random.default_rng(0)
PLAYERS = ({"a": rng.normal(size=(2, 2))}, rng.normal(size=3))
MATRIX = rng.normal(size=(3, 3))


def f(x, y):
    return jnp.sum(jnp.sin(x["a"])) * jnp.sum(y**2)


def losses(z):
    return f(*z), jnp.sum(z[0]["a"]) * jnp.sum(z[1] ** 3)


def field(z):
    return jax.tree.map(jnp.sin, z)


def zero_sum_losses(z):
    return game.zero_sum(f)(z)


CALLS = [
    Call(zero_sum_losses, (PLAYERS,), covered=(game.zero_sum,)),
    Call(game.simultaneous_gradient, (losses, PLAYERS)),
    Call(game.descent_iterates, (field, PLAYERS, 0.1, 3)),
    Call(game.game_jacobian, (losses, PLAYERS)),
    Call(game.symmetric_part, (MATRIX,)),
    Call(game.antisymmetric_part, (MATRIX,)),
    Call(game.game_jacobian_vector_product, (losses, PLAYERS, PLAYERS)),
    Call(game.game_jacobian_transpose_product, (losses, PLAYERS, PLAYERS)),
]
