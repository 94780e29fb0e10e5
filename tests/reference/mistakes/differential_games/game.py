"""Plausible mistakes in `reference.differential_games.game`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "both players minimise",
        "return value, -value",
        "return value, value",
        "test_zero_sum_game_has_the_blocks_of_one_function",
    ),
    Mistake(
        "every player descends the first one's loss",
        "z_i, *z[i + 1 :]))[i])(z[i])",
        "z_i, *z[i + 1 :]))[0])(z[i])",
        "test_field_and_jacobian_of_a_quadratic_game",
    ),
    Mistake(
        "ascent",
        "plus_multiple(z, -step_size, field(z))",
        "plus_multiple(z, step_size, field(z))",
        "test_descent_iterates_are_those_of_a_loop",
    ),
    Mistake(
        "the Jacobian transposed",
        "return jacobian(lambda z: simultaneous_gradient(losses, z), z)",
        "return jacobian(lambda z: simultaneous_gradient(losses, z), z).T",
        "test_field_and_jacobian_of_a_quadratic_game",
    ),
    Mistake(
        "sign of the antisymmetric part",
        "return (J - J.T) / 2",
        "return (J.T - J) / 2",
        "test_parts_add_up_and_the_antisymmetric_one_turns",
    ),
    Mistake(
        "the symmetric part not halved",
        "return (J + J.T) / 2",
        "return J + J.T",
        "test_parts_add_up_and_the_antisymmetric_one_turns",
    ),
    Mistake(
        "J v for J^T u",
        "return vector_jacobian_product(lambda z: simultaneous_gradient(losses, z), z, u)",
        "return jacobian_vector_product(lambda z: simultaneous_gradient(losses, z), z, u)",
        "test_products_are_those_of_the_matrix",
    ),
]
