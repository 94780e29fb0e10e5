"""Plausible mistakes in `reference.talks.invertible_networks`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "the inverse divides before it subtracts",
        "(y_2 - shift(y_1)) / scale(y_1)",
        "y_2 / scale(y_1) - shift(y_1)",
        "test_inverses_undo_the_blocks_both_ways",
    ),
    Mistake(
        "the shift scaled as well",
        "scale(x_1) * x_2 + shift(x_1)])",
        "scale(x_1) * (x_2 + shift(x_1))])",
        "test_blocks_keep_the_first_half_and_have_the_volume_of_their_scales",
    ),
    Mistake(
        "a stack that never swaps its halves",
        "x = block(x)[::-1]",
        "x = block(x)",
        "test_a_stack_is_undone_by_its_inverses_and_moves_every_coordinate",
    ),
    Mistake(
        "inverses in the order of the blocks",
        "for inverse in reversed(inverses):",
        "for inverse in inverses:",
        "test_a_stack_is_undone_by_its_inverses_and_moves_every_coordinate",
    ),
    Mistake(
        "the bound on the norm for the norm",
        "return (c + jnp.sqrt(c**2 + 4)) / 2",
        "return 1 + c",
        "test_shear_norm_is_that_of_the_dense_matrix_and_of_its_inverse",
    ),
    Mistake(
        "the Frobenius norm",
        "c = jnp.linalg.norm(C, ord=2)\n    return",
        "c = jnp.linalg.norm(C)\n    return",
        "test_shear_norm_is_that_of_the_dense_matrix_and_of_its_inverse",
    ),
    Mistake(
        "how the scale moves with x_1 left out",
        "lambda x_1: scale(x_1) * x_2 + shift(x_1))(x_1)",
        "lambda x_1: s * x_2 + shift(x_1))(x_1)",
        "test_coupling_norms_are_within_their_bounds_and_above_half",
    ),
    Mistake(
        "the inverse's off-diagonal block not scaled",
        "jnp.maximum(1, 1 / smallest) + c / smallest",
        "jnp.maximum(1, 1 / smallest) + c",
        "test_coupling_norms_are_within_their_bounds_and_above_half",
    ),
    Mistake(
        "the largest singular value for the smallest",
        "compute_uv=False)[-1]",
        "compute_uv=False)[0]",
        "test_inverse_jacobian_norm_is_that_of_the_inverse_function",
    ),
    Mistake(
        "the floor not made up for at the top",
        "lower + (1 - lower) * jax.nn.sigmoid(raw)",
        "lower + jax.nn.sigmoid(raw)",
        "test_bounded_scale_runs_from_its_floor_to_one",
    ),
]
