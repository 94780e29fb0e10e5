"""Plausible mistakes in `reference.differential_games.gradient_adjustment`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "J xi for J^T xi",
        "plus_multiple(xi, weight, game_jacobian_transpose_product(losses, z, xi))",
        "plus_multiple(xi, weight, game_jacobian_vector_product(losses, z, xi))",
        "test_both_fields_are_those_of_the_dense_jacobian",
    ),
    Mistake(
        "A xi for A^T xi",
        "(transposed - plain) / 2",
        "(plain - transposed) / 2",
        "test_both_fields_are_those_of_the_dense_jacobian",
    ),
    Mistake(
        "the antisymmetric part not halved",
        "(transposed - plain) / 2",
        "transposed - plain",
        "test_both_fields_are_those_of_the_dense_jacobian",
    ),
    Mistake(
        "alignment with J xi",
        "h = game_jacobian_transpose_product(losses, z, xi)",
        "h = game_jacobian_vector_product(losses, z, xi)",
        "test_alignment_sign_is_that_of_the_dense_products",
    ),
    Mistake(
        "alignment not divided by P",
        " / len(as_vector(z))",
        "",
        "test_alignment_is_divided_by_the_number_of_parameters",
    ),
    Mistake(
        "one product for both",
        "inner_product(xi, h) * inner_product(adjustment, h)",
        "inner_product(adjustment, h)",
        "test_aligned_field_leaves_unstable_points_and_is_drawn_to_stable_ones",
    ),
]
