"""Plausible mistakes in `reference.differential_games.extragradient`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "a look back",
        "field(plus_multiple(z, -step_size, field(z)))",
        "field(plus_multiple(z, step_size, field(z)))",
        "test_extragradient_takes_the_field_where_a_plain_step_leads",
    ),
    Mistake(
        "the sum of both gradients",
        "2 * xi - before",
        "2 * xi + before",
        "test_optimistic_iterates_are_those_of_a_loop_and_of_optax",
    ),
    Mistake(
        "no doubling of the gradient",
        "2 * xi - before",
        "xi - before",
        "test_optimistic_iterates_are_those_of_a_loop_and_of_optax",
    ),
    Mistake(
        "the first step twice as long",
        "(z_0, field(z_0))",
        "(z_0, jax.tree.map(jnp.zeros_like, z_0))",
        "test_optimistic_iterates_are_those_of_a_loop_and_of_optax",
    ),
    Mistake(
        "the rate of descent",
        "1 - square + square**2",
        "1 + square",
        "test_rates_on_bilinear_games_are_moduli_of_eigenvalues",
    ),
    Mistake(
        "the smaller root",
        "(e + imaginary) ** 2",
        "(e - imaginary) ** 2",
        "test_rates_on_bilinear_games_are_moduli_of_eigenvalues",
    ),
]
