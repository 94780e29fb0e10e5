"""Plausible mistakes in `reference.second_order.hessian_free`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "uphill",
        "jax.tree.map(jnp.negative, gradient)",
        "gradient",
        "test_step_says_where_it_met_negative_curvature_or_its_limit",
    ),
    Mistake(
        "damping forgotten",
        "plus_multiple(curvature_product(v), damping, v)",
        "curvature_product(v)",
        "test_start_at_the_solution_takes_no_steps",
    ),
    Mistake(
        "cold start",
        "warm_start * v",
        "0 * v",
        "test_second_update_starts_from_a_multiple_of_the_first_step",
    ),
    Mistake(
        "undecayed warm start",
        "warm_start * v",
        "v",
        "test_second_update_starts_from_a_multiple_of_the_first_step",
    ),
    Mistake(
        "model without its curvature",
        "predicted_change(gradient, curvature_product(params, step), step)",
        "predicted_change(gradient, jax.tree.map(jnp.zeros_like, step), step)",
        "test_damping_follows_the_reduction_ratio_and_training_reaches_a_low_loss",
    ),
]
