"""Plausible mistakes in `reference.talks.sparse_interpolation`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "R for its transpose",
        'solve_triangular(R, y, trans="T")',
        "solve_triangular(R, y)",
        "test_least_squares_solution_is_that_of_the_pseudoinverse",
    ),
    Mistake(
        "the multiplier's sign",
        "u = u + w - z",
        "u = u - w + z",
        "test_l1_norm_is_least_by_linear_programming",
    ),
    Mistake(
        "projected on the rows' span, not off it",
        "z - u + w_2 - Q @ ((z - u) @ Q), u",
        "w_2 + Q @ ((z - u) @ Q), u",
        "test_l1_norm_is_least_by_linear_programming",
    ),
    Mistake(
        "a certificate that isn't feasible",
        "certificate / jnp.maximum(jnp.max(jnp.abs(certificate)), 1)",
        "certificate",
        "test_gap_bounds_the_excess_wherever_it_stops",
    ),
    Mistake(
        "weights of the squares, not their inverses",
        "jnp.abs(state[0]) ** (1 - p / 2)",
        "jnp.abs(state[0]) ** (p / 2 - 1)",
        "test_one_equation_has_its_closed_form",
    ),
    Mistake(
        "S where its root goes",
        "jnp.abs(state[0]) ** (1 - p / 2)",
        "jnp.abs(state[0]) ** (2 - p)",
        "test_one_equation_has_its_closed_form",
    ),
    Mistake(
        "p for its conjugate",
        "_norm(certificate, p / (p - 1))",
        "_norm(certificate, p)",
        "test_gap_bounds_the_excess_wherever_it_stops",
    ),
    Mistake(
        "the ratio upside down",
        "jnp.log(D / N)",
        "jnp.log(N / D)",
        "test_l1_error_falls_with_noise_and_dimension_as_estimated",
    ),
    Mistake(
        "an inverse Wishart matrix's mean of one more dimension",
        "N / (D - N - 1)))",
        "N / (D - N)))",
        "test_l2_error_is_as_expected_over_draws",
    ),
]
