"""Mistakes that the checks of question 1 refuse: the field of a game and its Jacobian."""

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from grader.checks import mutant


def _field(losses, z):
    x, y = z
    return (
        jax.grad(lambda x: losses(x, y)[0])(x),
        jax.grad(lambda y: losses(x, y)[1])(y),
    )


def _jacobian(losses, z, field=_field):
    flat, unravel = ravel_pytree(z)
    return jax.jacfwd(lambda flat: ravel_pytree(field(losses, unravel(flat)))[0])(flat)


def _negative(tree):
    return jax.tree.map(jnp.negative, tree)


# --- The field -----------------------------------------------------------------------------------


@mutant(
    "q1",
    of="game_field",
    refused_by="field_of_games",
    says=(
        "Both parts are derivatives of the first loss: the second player has a loss of its own, and "
        "descends that."
    ),
)
def both_of_the_first_loss(losses, z):
    return jax.grad(lambda z: losses(*z)[0])(z)


@mutant(
    "q1",
    of="game_field",
    refused_by="field_of_games",
    says=(
        "The second part is minus the gradient of the first loss: that holds for zero-sum games only, "
        "and here the losses are not opposites."
    ),
)
def zero_sum_assumed(losses, z):
    own = jax.grad(lambda z: losses(*z)[0])(z)
    return own[0], _negative(own[1])


@mutant(
    "q1",
    of="game_field",
    refused_by=("field_of_games", "descents_at_the_edges"),
    says=(
        "The sign of the second player's part is wrong: both players minimise their own loss, so both "
        "parts are plain gradients."
    ),
)
def second_player_ascends(losses, z):
    g_x, g_y = _field(losses, z)
    return g_x, _negative(g_y)


@mutant(
    "q1",
    of="game_field",
    refused_by="field_of_games",
    says="This is the gradient of the sum of the losses: each player looks at its own loss only.",
)
def gradient_of_the_sum(losses, z):
    return jax.grad(lambda z: sum(losses(*z)))(z)


@mutant(
    "q1",
    of="game_field",
    refused_by=("field_of_games", "descents_at_the_edges"),
    says=(
        "The losses are exchanged: the first player's part is a gradient of l_1, the second "
        "player's one of l_2."
    ),
)
def losses_exchanged(losses, z):
    x, y = z
    return (
        jax.grad(lambda x: losses(x, y)[1])(x),
        jax.grad(lambda y: losses(x, y)[0])(y),
    )


@mutant(
    "q1",
    of="game_field",
    refused_by="field_of_games",
    says="The field is returned as one flat vector: give it the structure of z.",
)
def flat_field(losses, z):
    return ravel_pytree(_field(losses, z))[0]


@mutant(
    "q1",
    of="game_field",
    refused_by="field_of_games",
    says="The two parts come in the wrong order: first the part of x, then that of y.",
)
def parts_in_the_wrong_order(losses, z):
    g_x, g_y = _field(losses, z)
    return g_y, g_x


# --- The Jacobian --------------------------------------------------------------------------------


@mutant(
    "q1",
    of="game_jacobian",
    refused_by=("jacobian_of_quadratic_games", "jacobian_of_networks", "descents_at_the_edges"),
    says=(
        "This is the transposed Jacobian: a row belongs to a component of the field, a column to the "
        "parameter it is differentiated by."
    ),
)
def jacobian_transposed(losses, z):
    return _jacobian(losses, z).T


@mutant(
    "q1",
    of="game_jacobian",
    refused_by=("jacobian_of_quadratic_games", "jacobian_of_networks"),
    says=(
        "This is the Hessian of the first loss: the rows of the second player come from the second "
        "loss."
    ),
)
def hessian_of_the_first_loss(losses, z):
    flat, unravel = ravel_pytree(z)
    return jax.hessian(lambda flat: losses(*unravel(flat))[0])(flat)


@mutant(
    "q1",
    of="game_jacobian",
    refused_by="jacobian_of_quadratic_games",
    says=(
        "The off-diagonal blocks are opposites of each other, as in a zero-sum game: in general they "
        "come from different losses."
    ),
)
def jacobian_of_a_zero_sum_game(losses, z):
    J = _jacobian(losses, z)
    D = len(ravel_pytree(z[0])[0])
    return J.at[D:, :D].set(-J[:D, D:].T)


@mutant(
    "q1",
    of="game_jacobian",
    refused_by=("jacobian_of_quadratic_games", "descents_at_the_edges"),
    says=(
        "Only the two diagonal blocks are there: how a player's gradient changes when the other "
        "moves is missing, and that is what turns."
    ),
)
def diagonal_blocks_only(losses, z):
    J = _jacobian(losses, z)
    first = jnp.arange(len(J)) < len(ravel_pytree(z[0])[0])
    return jnp.where(first[:, None] == first, J, 0)


@mutant(
    "q1",
    of="game_jacobian",
    refused_by="jacobian_of_quadratic_games",
    says="This is the symmetric part of the Jacobian: the Jacobian of a game isn't symmetric.",
)
def jacobian_symmetrised(losses, z):
    J = _jacobian(losses, z)
    return (J + J.T) / 2


@mutant(
    "q1",
    of="game_jacobian",
    refused_by="jacobian_of_quadratic_games",
    says=(
        "The rows of the second player have the wrong sign: it minimises l_2, so they are second "
        "derivatives of l_2 itself."
    ),
)
def second_rows_negative(losses, z):
    J = _jacobian(losses, z)
    first = jnp.arange(len(J)) < len(ravel_pytree(z[0])[0])
    return jnp.where(first[:, None], J, -J)


@mutant(
    "q1",
    of="game_jacobian",
    refused_by="jacobian_of_quadratic_games",
    says="The second player comes first in rows and columns: the order is x, then y.",
)
def jacobian_with_y_first(losses, z):
    D = len(ravel_pytree(z[0])[0])
    return jnp.roll(_jacobian(losses, z), (-D, -D), axis=(0, 1))


@mutant(
    "q1",
    of="game_jacobian",
    refused_by="jacobian_of_networks",
    says=(
        "The Jacobian comes from finite differences of the field, which keep about half of the "
        "digits: differentiate the field."
    ),
)
def jacobian_by_differences(losses, z):
    flat, unravel = ravel_pytree(z)

    def xi(flat):
        return ravel_pytree(_field(losses, unravel(flat)))[0]

    h = 1e-4
    columns = [(xi(flat + h * e) - xi(flat - h * e)) / (2 * h) for e in jnp.eye(len(flat))]
    return jnp.stack(columns, axis=1)
