"""Plausible mistakes in `reference.talks.matrix_sensing`."""

from tests.reference.mistakes import Mistake

POWER = "test_power_iterates_turn_to_the_top_eigenspace_as_fast_as_the_bound"
FLOW = "test_flow_is_that_of_the_differential_equation"

MISTAKES = [
    Mistake(
        "an adjoint without the measurements' scale",
        "jnp.tensordot(y, A, axes=1) / len(A) ** 0.5",
        "jnp.tensordot(y, A, axes=1)",
        "test_measurements_are_scaled_inner_products_and_adjoint_is_theirs",
    ),
    Mistake(
        "a sum over measurements, not a mean of squares",
        "jnp.tensordot(A, Z, axes=2) / len(A) ** 0.5",
        "jnp.tensordot(A, Z, axes=2)",
        "test_measurements_are_scaled_inner_products_and_adjoint_is_theirs",
    ),
    Mistake(
        "random measurements scaled to variance 1 off the diagonal",
        "(G + G.mT) / 2",
        "(G + G.mT) / 2**0.5",
        "test_gaussian_measurements_give_back_a_symmetric_matrix_on_average",
    ),
    Mistake(
        "off-diagonal ones of length 1 / sqrt(2)",
        "jnp.where(i == j, 0.5, 0.5**0.5)",
        "jnp.where(i == j, 0.5, 0.5)",
        "test_full_measurements_give_back_each_symmetric_matrix",
    ),
    Mistake(
        "a loss with 1/2, whose gradient is twice the step",
        "- y) ** 2) / 4",
        "- y) ** 2) / 2",
        "test_descent_steps_along_the_gradient_of_the_loss",
    ),
    Mistake(
        "the residual's sign",
        "adjoint(A, y - measurements(A, U @ U.T)) @ U",
        "adjoint(A, measurements(A, U @ U.T) - y) @ U",
        "test_descent_steps_along_the_gradient_of_the_loss",
    ),
    Mistake(
        "a start that grows with the columns",
        "return scale * noise / num_columns**0.5",
        "return scale * noise",
        "test_small_start_is_a_scaled_identity_on_average",
    ),
    Mistake(
        "an iterate that loses what it had",
        "U = U + step_size * M @ U",
        "U = step_size * M @ U",
        "test_power_iterates_are_powers_of_a_matrix",
    ),
    Mistake(
        "growth of |U|^2 taken for that of |U|",
        "jnp.expm1(2 * k * log_q)",
        "jnp.expm1(k * log_q)",
        "test_bound_is_attained_by_one_number_at_first",
    ),
    Mistake(
        "a bound that forgets how curved the loss is",
        "rho = curvature / gain * jnp.sum(U_0**2)",
        "rho = 1 / gain * jnp.sum(U_0**2)",
        "test_bound_is_attained_by_one_number_at_first",
    ),
    Mistake(
        "steps by the logarithm of the squared scale",
        "/ (2 * jnp.log1p(step_size * gain))",
        "/ jnp.log1p(step_size * gain)",
        "test_spectral_phase_lasts_with_the_logarithm_of_the_scale",
    ),
    Mistake(
        "the tolerance linearised",
        "rho = 1 - (1 + tolerance) ** -2",
        "rho = 2 * tolerance",
        "test_spectral_phase_ends_where_the_bound_reaches_the_tolerance",
    ),
    Mistake(
        "a cosine for the sine",
        "jnp.linalg.eigh(M)[1][:, :-rank]",
        "jnp.linalg.eigh(M)[1][:, -rank:]",
        "test_sine_is_that_of_the_largest_principal_angle",
    ),
    Mistake(
        "the top's fastest growth, not its slowest",
        "jnp.min(growth[-rank:])",
        "jnp.max(growth[-rank:])",
        POWER,
    ),
    Mistake(
        "a ratio of eigenvalues, not of growths",
        "jnp.abs(1 + step_size * eigenvalues)",
        "jnp.abs(eigenvalues)",
        POWER,
    ),
    Mistake(
        "the growth of a factor for that of its square",
        "p = p * (1 + step_size * (eigenvalues - p)) ** 2",
        "p = p * (1 + step_size * (eigenvalues - p))",
        "test_with_full_measurements_eigenvalues_go_their_own_ways",
    ),
    Mistake(
        "half the rate",
        "jnp.log(eigenvalues / p_0 - 1) / (2 * eigenvalues)",
        "jnp.log(eigenvalues / p_0 - 1) / eigenvalues",
        "test_larger_eigenvalues_are_learned_earlier_and_halfway_when_said",
    ),
    Mistake(
        "an integral of half the integrand",
        "jnp.where(zero, 1, eigenvalues)",
        "jnp.where(zero, 1, 2 * eigenvalues)",
        FLOW,
    ),
    Mistake(
        "the limit at eigenvalue 0 left out",
        "jnp.where(zero, 2 * time, integral)",
        "jnp.where(zero, 0, integral)",
        FLOW,
    ),
    Mistake(
        "a norm that isn't relative",
        "jnp.linalg.norm(U @ U.T - Z) / jnp.linalg.norm(Z)",
        "jnp.linalg.norm(U @ U.T - Z)",
        "test_recovery_error_is_relative",
    ),
    Mistake(
        "power iteration that nothing ends",
        "half = Q @ ((jnp.exp(eigenvalues * time) / root)[:, None] * block)",
        "half = Q @ (jnp.exp(eigenvalues * time)[:, None] * (Q.T @ U_0))",
        FLOW,
    ),
]
