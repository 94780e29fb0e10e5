"""Plausible mistakes in `reference.papers.initialization_and_momentum`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "the first stretch counted as 0",
        "t // 250 + 1",
        "t // 250 + 2",
        "test_momentum_is_that_of_the_formula",
    ),
    Mistake(
        "the larger of both",
        "return jnp.minimum(1 -",
        "return jnp.maximum(1 -",
        "test_momentum_is_that_of_the_formula",
    ),
    Mistake(
        "momentum rising every step",
        "t // 250 + 1",
        "t / 250 + 1",
        "test_momentum_is_that_of_the_formula",
    ),
    Mistake(
        "one momentum for both halves of the update",
        "return led(v, updates, momentum_at(t, maximum=maximum)), _State(v, t)",
        "return led(v, updates, momentum_at(state.t, maximum=maximum)), _State(v, t)",
        "test_iterates_are_those_of_the_equations_and_the_optimizer_looks_ahead",
    ),
    Mistake(
        "a heavy ball's update",
        "return led(v, updates, momentum_at(t, maximum=maximum)), _State(v, t)",
        "return v, _State(v, t)",
        "test_iterates_are_those_of_the_equations_and_the_optimizer_looks_ahead",
    ),
    Mistake(
        "momentum raised by curvature",
        "momentum * (1 - step_size * curvatures)",
        "momentum * (1 + step_size * curvatures)",
        "test_on_a_quadratic_it_is_a_heavy_ball_with_the_effective_momentum",
    ),
    Mistake(
        "outgoing for incoming weights",
        "jnp.argsort(order, axis=0)",
        "jnp.argsort(order, axis=1)",
        "test_every_unit_has_as_many_incoming_weights",
    ),
    Mistake(
        "an order for a rank",
        "ranks = jnp.argsort(",
        "ranks = jnp.sort(",
        "test_places_are_uniform_and_independent_between_units",
    ),
    Mistake(
        "a variance for a scale",
        "sizes = scale * jax",
        "sizes = scale**0.5 * jax",
        "test_weights_are_normal_of_the_scale_given",
    ),
]
