"""Mistakes that the checks of question 1 refuse: simultaneous and alternating descent."""

import jax
import jax.numpy as jnp

from grader.checks import mutant


def _gradients(losses, z):
    x, y = z
    return (
        jax.grad(lambda x: losses(x, y)[0])(x),
        jax.grad(lambda y: losses(x, y)[1])(y),
    )


def _less(z, step_size, g):
    return jax.tree.map(lambda p, g: p - step_size * g, z, g)


def _stacked(path):
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *path)


def _path(move, z0, num_steps):
    path = [z0]
    for k in range(num_steps):
        path.append(move(path[-1], k))
    return _stacked(path)


def _together(losses, z0, step_size, num_steps):
    return _path(lambda z, _: _less(z, step_size, _gradients(losses, z)), z0, num_steps)


def _x_then_y(losses, z, step_size):
    x = _less(z[0], step_size, _gradients(losses, z)[0])
    return x, _less(z[1], step_size, _gradients(losses, (x, z[1]))[1])


def _in_turn(losses, z0, step_size, num_steps):
    return _path(lambda z, _: _x_then_y(losses, z, step_size), z0, num_steps)


# --- Simultaneous --------------------------------------------------------------------------------


@mutant(
    "q1",
    of="simultaneous_descent",
    refused_by=(
        "simultaneous_on_quadratic_games",
        "descents_of_networks",
        "descents_on_bilinear_games",
        "descents_at_the_edges",
    ),
    says=(
        "This is alternating descent: here the second player's gradient is taken where the first was "
        "before the step."
    ),
)
def alternating_for_simultaneous(losses, z0, step_size, num_steps):
    return _in_turn(losses, z0, step_size, num_steps)


@mutant(
    "q1",
    of="simultaneous_descent",
    refused_by="simultaneous_on_quadratic_games",
    says="The players go uphill: the step is subtracted.",
)
def simultaneous_ascent(losses, z0, step_size, num_steps):
    return _together(losses, z0, -step_size, num_steps)


@mutant(
    "q1",
    of="simultaneous_descent",
    refused_by=("simultaneous_on_quadratic_games", "descents_on_bilinear_games"),
    says=(
        "The second player goes uphill on its own loss: both players minimise. In a zero-sum game "
        "the sign is already in l_2 = -f."
    ),
)
def second_player_goes_uphill(losses, z0, step_size, num_steps):
    def move(z, _):
        g_x, g_y = _gradients(losses, z)
        return _less(z[0], step_size, g_x), _less(z[1], -step_size, g_y)

    return _path(move, z0, num_steps)


@mutant(
    "q1",
    of="simultaneous_descent",
    refused_by=("simultaneous_on_quadratic_games", "descents_at_the_edges"),
    says="The start is missing from the iterates: z_0 comes first, and there are K + 1 in all.",
)
def simultaneous_without_the_start(losses, z0, step_size, num_steps):
    return jax.tree.map(lambda p: p[1:], _together(losses, z0, step_size, num_steps))


@mutant(
    "q1",
    of="simultaneous_descent",
    refused_by="descents_at_the_edges",
    says="With no steps to make the iterates are the start alone: this makes a step all the same.",
)
def simultaneous_at_least_one_step(losses, z0, step_size, num_steps):
    return _together(losses, z0, step_size, max(num_steps, 1))


@mutant(
    "q1",
    of="simultaneous_descent",
    refused_by="descents_on_bilinear_games",
    says="The iterates are float32 inside: keep the dtype of the arrays that you are given.",
)
def simultaneous_in_float32(losses, z0, step_size, num_steps):
    def move(z, _):
        moved = _less(z, step_size, _gradients(losses, z))
        return jax.tree.map(lambda new, old: new.astype(jnp.float32).astype(old.dtype), moved, z)

    return _path(move, z0, num_steps)


# --- Alternating ---------------------------------------------------------------------------------


@mutant(
    "q1",
    of="alternating_descent",
    refused_by=(
        "alternating_on_quadratic_games",
        "descents_of_networks",
        "descents_on_bilinear_games",
        "descents_at_the_edges",
    ),
    says=(
        "This is simultaneous descent: in a round the second player's gradient is taken after the "
        "first has moved."
    ),
)
def simultaneous_for_alternating(losses, z0, step_size, num_steps):
    return _together(losses, z0, step_size, num_steps)


@mutant(
    "q1",
    of="alternating_descent",
    refused_by=(
        "alternating_on_quadratic_games",
        "descents_of_networks",
        "descents_on_bilinear_games",
        "descents_at_the_edges",
    ),
    says="The second player moves first: in this lab x moves first in every round.",
)
def second_player_first(losses, z0, step_size, num_steps):
    def move(z, _):
        y = _less(z[1], step_size, _gradients(losses, z)[1])
        return _less(z[0], step_size, _gradients(losses, (z[0], y))[0]), y

    return _path(move, z0, num_steps)


@mutant(
    "q1",
    of="alternating_descent",
    refused_by="alternating_on_quadratic_games",
    says=(
        "Only one player moves in an iterate, x in the first, y in the second: an iterate is a full "
        "round of both."
    ),
)
def half_a_round_each(losses, z0, step_size, num_steps):
    def move(z, k):
        g_x, g_y = _gradients(losses, z)
        if k % 2:
            return z[0], _less(z[1], step_size, g_y)
        return _less(z[0], step_size, g_x), z[1]

    return _path(move, z0, num_steps)


@mutant(
    "q1",
    of="alternating_descent",
    refused_by="alternating_on_quadratic_games",
    says=(
        "The iterates are recorded in the middle of a round, when y has not moved yet: record them "
        "after both moves."
    ),
)
def recorded_in_mid_round(losses, z0, step_size, num_steps):
    path, z = [z0], z0
    for _ in range(num_steps):
        y_before = z[1]
        z = _x_then_y(losses, z, step_size)
        path.append((z[0], y_before))
    return _stacked(path)


@mutant(
    "q1",
    of="alternating_descent",
    refused_by=("alternating_on_quadratic_games", "descents_at_the_edges"),
    says="The start is missing from the alternating iterates: z_0 comes first.",
)
def alternating_without_the_start(losses, z0, step_size, num_steps):
    return jax.tree.map(lambda p: p[1:], _in_turn(losses, z0, step_size, num_steps))


@mutant(
    "q1",
    of="alternating_descent",
    refused_by="alternating_on_quadratic_games",
    says=(
        "The second player's gradient is taken at the point where the first player would be after "
        "two steps: x moves once in a round."
    ),
)
def first_player_moves_twice(losses, z0, step_size, num_steps):
    def move(z, _):
        once = _less(z[0], step_size, _gradients(losses, z)[0])
        twice = _less(once, step_size, _gradients(losses, (once, z[1]))[0])
        return once, _less(z[1], step_size, _gradients(losses, (twice, z[1]))[1])

    return _path(move, z0, num_steps)


@mutant(
    "q1",
    of="alternating_descent",
    refused_by="descents_on_bilinear_games",
    says="The alternating iterates are float32 inside: keep the dtype of what you are given.",
)
def alternating_in_float32(losses, z0, step_size, num_steps):
    def move(z, _):
        moved = _x_then_y(losses, z, step_size)
        return jax.tree.map(lambda new, old: new.astype(jnp.float32).astype(old.dtype), moved, z)

    return _path(move, z0, num_steps)
