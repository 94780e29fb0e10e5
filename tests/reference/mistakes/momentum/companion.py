"""Plausible mistakes in `reference.momentum.companion`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "sign of q in the companion matrix",
        "jnp.stack([p, -q], axis=1)",
        "jnp.stack([p, q], axis=1)",
        "test_companion_matrices_advance_the_recursion",
    ),
    Mistake(
        "a companion matrix transposed",
        "jnp.stack([ones, zeros], axis=1)], axis=1)",
        "jnp.stack([ones, zeros], axis=1)], axis=2)",
        "test_companion_matrices_advance_the_recursion",
    ),
    Mistake(
        "p for p / 2",
        "half = p / 2",
        "half = p / 1",
        "test_companion_eigenvalues_are_those_of_the_matrices",
    ),
    Mistake(
        "the sign of the discriminant's root not chosen",
        "jnp.where(half < 0, -root, root)",
        "root",
        "test_companion_eigenvalues_are_those_of_the_matrices",
    ),
    Mistake(
        "the root that cancels",
        "q / jnp.where(first == 0, 1, first)",
        "p - first",
        "test_a_small_root_beside_a_large_one_keeps_its_digits",
    ),
    Mistake(
        "logarithms of the scales not weighted by 2^-j",
        "log_radius + weight * jnp.log(size)",
        "log_radius + jnp.log(size)",
        "test_spectral_radius_is_that_of_lapack",
    ),
    Mistake(
        "a zero matrix divided by its norm",
        "jnp.where(size > 0, size, 1), size",
        "size, size",
        "test_spectral_radius_of_rotations_double_roots_and_nilpotent_matrices",
    ),
]
