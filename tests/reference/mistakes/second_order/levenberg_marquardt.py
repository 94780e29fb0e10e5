"""Plausible mistakes in `reference.second_order.levenberg_marquardt`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "damping turned the wrong way",
        "jnp.where(ratio > 3 / 4, 1 / factor, jnp.where(ratio >= 1 / 4, 1, factor))",
        "jnp.where(ratio > 3 / 4, factor, jnp.where(ratio >= 1 / 4, 1, 1 / factor))",
        "test_damping_rises_where_the_model_fails_and_falls_where_it_is_right",
    ),
    Mistake(
        "NaN taken for a good step",
        "jnp.where(ratio >= 1 / 4, 1, factor)",
        "jnp.where(ratio < 1 / 4, factor, 1)",
        "test_damping_rises_where_the_model_fails_and_falls_where_it_is_right",
    ),
    Mistake(
        "no half in the quadratic model",
        "inner_product(step, curvature_times_step) / 2",
        "inner_product(step, curvature_times_step)",
        "test_predicted_change_is_exact_for_a_quadratic",
    ),
    Mistake(
        "damping inside the model",
        "as_tree(G @ as_vector(step), like=params), step",
        "as_tree((G + state.damping * jnp.eye(len(G))) @ as_vector(step), like=params), step",
        "test_first_update_takes_the_step_and_its_ratio_uses_the_undamped_model",
    ),
    Mistake(
        "bad steps taken",
        "jnp.where(ratio > 0, v, 0)",
        "v",
        "test_step_that_raises_the_loss_is_not_taken_but_damps_more",
    ),
    Mistake(
        "Marquardt's scaled damping",
        "damping * jnp.eye(len(G), dtype=G.dtype)",
        "damping * jnp.diag(jnp.diag(G))",
        "test_step_solves_the_damped_normal_equations_of_the_mean",
    ),
]
