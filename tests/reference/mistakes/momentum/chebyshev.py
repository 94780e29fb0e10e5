"""Plausible mistakes in `reference.momentum.chebyshev`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "the recurrence started from omega_1 = 1",
        "jnp.where(is_first, 2, omega) / 4",
        "omega / 4",
        "test_residual_polynomials_are_scaled_chebyshev_polynomials",
    ),
    Mistake(
        "gamma not squared",
        "gamma**2 *",
        "gamma *",
        "test_residual_polynomials_are_scaled_chebyshev_polynomials",
    ),
    Mistake(
        "omega for omega - 1",
        "return omegas * 2 / (L + mu), omegas - 1",
        "return omegas * 2 / (L + mu), omegas",
        "test_schedule_ends_at_the_heavy_balls_best_constants",
    ),
    Mistake(
        "step size 1 / (L + mu)",
        "omegas * 2 / (L + mu)",
        "omegas / (L + mu)",
        "test_equal_eigenvalues_need_one_exact_step",
    ),
    Mistake(
        "the state's omega not advanced",
        "omega = _next_omega(omega, is_first, mu, L).astype(omega.dtype)",
        "omega = omega + 0 * _next_omega(omega, is_first, mu, L)",
        "test_training_loop_goes_through_the_iterates",
    ),
    Mistake(
        "momentum against the last step",
        "+ beta * (w - w_before)",
        "- beta * (w - w_before)",
        "test_errors_are_the_polynomials_of_the_matrix",
    ),
    Mistake(
        "the asymptotic bound",
        "2 * powers / (1 + powers**2)",
        "2 * powers",
        "test_bound_is_the_inverse_of_a_chebyshev_polynomial",
    ),
]
