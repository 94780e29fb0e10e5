"""Plausible mistakes in `reference.momentum.nesterov`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "the heavy ball's update",
        "return led(v, updates), v",
        "return v, v",
        "test_parameters_of_a_training_loop_are_the_look_ahead_points",
    ),
    Mistake(
        "gradient at the iterate, not ahead of it",
        "jax.grad(loss)(y)",
        "jax.grad(loss)(w)",
        "test_iterates_follow_the_velocity_form_with_a_schedule",
    ),
    Mistake(
        "look-ahead points as the iterates",
        "return (moved, w), moved",
        "return (moved, w), y",
        "test_iterates_follow_the_velocity_form_with_a_schedule",
    ),
    Mistake(
        "looking back",
        "w + beta * (w - w_before)",
        "w - beta * (w - w_before)",
        "test_iterates_follow_the_velocity_form_with_a_schedule",
    ),
    Mistake(
        "the heavy ball's best momentum",
        "return (root - 1) / (root + 1)",
        "return ((root - 1) / (root + 1)) ** 2",
        "test_strongly_convex_rate_is_the_double_root_of_the_slowest_mode",
    ),
    Mistake(
        "the rate of gradient descent",
        "1 - 1 / jnp.sqrt(condition_number)",
        "1 - 1 / condition_number",
        "test_strongly_convex_rate_is_the_double_root_of_the_slowest_mode",
    ),
    Mistake(
        "a schedule one step ahead",
        "jax.lax.scan(advance, jnp.zeros((), dtype)",
        "jax.lax.scan(advance, jnp.ones((), dtype)",
        "test_convex_momenta_are_those_of_the_recurrence_and_rise_as_one_less_three_over_k",
    ),
    Mistake(
        "a bound in 1/k",
        "(1 + jnp.arange(num_steps + 1)) ** 2",
        "(1 + jnp.arange(num_steps + 1))",
        "test_loss_of_a_convex_function_stays_below_the_bound_and_near_it",
    ),
    Mistake(
        "the momentum of steep modes not damped",
        "momentum * shrunk)",
        "momentum + 0 * shrunk)",
        "test_eigenvalues_advance_every_mode",
    ),
]
