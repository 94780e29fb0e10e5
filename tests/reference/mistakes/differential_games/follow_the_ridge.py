"""Plausible mistakes in `reference.differential_games.follow_the_ridge`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "sign of the correction",
        "as_tree(-jnp.linalg.solve",
        "as_tree(jnp.linalg.solve",
        "test_correction_is_the_slope_of_the_ridge_times_the_leaders_gradient",
    ),
    Mistake(
        "the inverse forgotten",
        "-jnp.linalg.solve(f_yy, as_vector(f_yx_f_x))",
        "-f_yy @ as_vector(f_yx_f_x)",
        "test_correction_is_the_slope_of_the_ridge_times_the_leaders_gradient",
    ),
    Mistake(
        "the correction scaled with the follower's step",
        "plus_multiple(scaled, 1.0,",
        "plus_multiple(scaled, ratio,",
        "test_field_of_trees_is_that_of_dense_blocks",
    ),
    Mistake(
        "the leader's step scaled",
        "return f_x, plus_multiple",
        "return jax.tree.map(lambda g: ratio * g, f_x), plus_multiple",
        "test_field_of_trees_is_that_of_dense_blocks",
    ),
    Mistake(
        "the follower descends",
        "lambda g: ratio * g, minus_f_y",
        "lambda g: -ratio * g, minus_f_y",
        "test_field_of_trees_is_that_of_dense_blocks",
    ),
    Mistake(
        "the ratio not passed on",
        "z, ratio=ratio)",
        "z)",
        "test_iterates_are_steps_of_the_field_from_the_start",
    ),
]
