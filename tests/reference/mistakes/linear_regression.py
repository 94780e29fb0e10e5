"""Plausible mistakes in `reference.linear_regression`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "lambda for N lambda in ridge",
        "shrinkage=Phi.shape[0] * penalty",
        "shrinkage=penalty",
        "test_ridge_solution_is_stationary_for_the_cost_in_its_docstring",
    ),
    Mistake(
        "|m| + 1 as the outlier: the mean not squared",
        "jnp.outer(m, m)",
        "jnp.outer(m, m) / jnp.linalg.norm(mean)",
        "test_outlier_eigenvalue_of_white_inputs_off_centre",
    ),
    Mistake(
        "stable up to 1 / a_max",
        "return 2 / jnp.linalg.eigvalsh(A)[-1]",
        "return 1 / jnp.linalg.eigvalsh(A)[-1]",
        "test_stability_limit_divides_convergence_from_divergence",
    ),
    Mistake(
        "rates not squared in the loss",
        "_powers(1 - step_size * a, num_steps) ** 2 @ excess",
        "_powers(1 - step_size * a, num_steps) @ excess",
        "test_predicted_excess_losses_are_losses_less_their_minimum",
    ),
    Mistake(
        "the constant of b left out of the drift",
        "powers * (Q.T @ w_0) + step_size * sums * (Q.T @ b)",
        "powers * (Q.T @ w_0)",
        "test_weights_drift_linearly_along_the_null_space",
    ),
    Mistake(
        "the sum of powers one term too long",
        "jnp.cumsum(jnp.pad(powers[:-1], ((1, 0), (0, 0))), axis=0)",
        "jnp.cumsum(powers, axis=0)",
        "test_iterates_are_those_of_a_loop_also_where_the_matrix_is_singular",
    ),
    Mistake(
        "what w_0 has in the null space is forgotten",
        "return w_0 + minimum_norm_solution(Phi, t - Phi @ w_0)",
        "return minimum_norm_solution(Phi, t)",
        "test_gradient_descent_ends_where_the_flow_does",
    ),
    Mistake(
        "N - 1 for N in the covariance",
        "centred(X).T @ centred(X) / X.shape[0]",
        "centred(X).T @ centred(X) / (X.shape[0] - 1)",
        "test_input_second_moment_is_that_of_inputs_with_a_one_appended",
    ),
    Mistake(
        "whitening with S^-1",
        "1 / jnp.sqrt(s), 0)",
        "1 / s, 0)",
        "test_whitening_transform_is_the_symmetric_inverse_root",
    ),
    Mistake(
        "D for n examples in the penalty of double descent",
        "shrinkage=n * penalty",
        "shrinkage=Phi.shape[0] * penalty",
        "test_double_descent_risks_are_those_of_separate_fits",
    ),
]
