"""Plausible mistakes in `reference.best_response.best_response`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "lambda / N for lambda",
        "A = Phi.T @ Phi / Phi.shape[0]",
        "A = Phi.T @ Phi",
        "test_ridge_best_response_is_stationary_for_the_cost_in_its_docstring",
    ),
    Mistake(
        "the response's sign",
        "return -_penalised_solve",
        "return _penalised_solve",
        "test_ridge_response_jacobian_is_that_of_the_implicit_function_theorem",
    ),
    Mistake(
        "the response transposed",
        "jnp.diag(w))",
        "jnp.diag(w)).T",
        "test_ridge_response_jacobian_is_that_of_the_implicit_function_theorem",
    ),
    Mistake(
        "linearised about the far end",
        "jax.jvp(best_response, (theta_0,), (shift,))",
        "jax.jvp(best_response, (theta,), (shift,))",
        "test_linearised_response_is_off_by_the_square_of_the_distance",
    ),
    Mistake(
        "hyperparameters of the response's loss not perturbed",
        "return loss_of_outputs(moved, theta + e)",
        "return loss_of_outputs(moved, theta)",
        "test_response_step_descends_on_the_quadratic_with_the_gauss_newton_matrix",
    ),
    Mistake(
        "the network not linearised",
        "moved = jax.tree.map(jnp.add, outputs, push(response @ e))",
        "moved = network(w + response @ e)",
        "test_response_step_descends_on_the_quadratic_with_the_gauss_newton_matrix",
    ),
    Mistake(
        "the direct slope of the validation loss left out",
        "return direct_slope + response.T @ slope_of_w",
        "return response.T @ slope_of_w",
        "test_response_hypergradient_is_the_slope_of_the_validation_loss_of_retrained_weights",
    ),
    Mistake(
        "the response transposed in the chain rule",
        "response.T @ slope_of_w",
        "response @ slope_of_w",
        "test_response_hypergradient_is_the_slope_of_the_validation_loss_of_retrained_weights",
    ),
]
