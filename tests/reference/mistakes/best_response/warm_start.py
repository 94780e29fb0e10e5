"""Plausible mistakes in `reference.best_response.warm_start`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "the start forgotten: always the minimum-norm solution",
        "return w + Phi.T @ jnp.linalg.solve(Phi @ Phi.T, t - Phi @ w)",
        "return Phi.T @ jnp.linalg.solve(Phi @ Phi.T, t)",
        "test_nearest_solution_is_the_limit_of_gradient_flow",
    ),
    Mistake(
        "warm starts that start cold",
        "w = nearest_solution(*problem, w)\n        return w, w",
        "return w, nearest_solution(*problem, w)",
        "test_cold_starts_forget_and_warm_starts_remember_a_known_vector",
    ),
    Mistake(
        "what is remembered with the opposite sign",
        "jnp.zeros_like(Phi[:, 0]), w_before - w_0)",
        "jnp.zeros_like(Phi[:, 0]), w_0 - w_before)",
        "test_cold_starts_forget_and_warm_starts_remember_a_known_vector",
    ),
    Mistake(
        "descent that divides by the number of examples",
        "w - step_size * Phi.T @ (Phi @ w - t)",
        "w - step_size * Phi.T @ (Phi @ w - t) / len(t)",
        "test_descent_tends_to_the_nearest_solution_geometrically",
    ),
    Mistake(
        "the targets taken as constant",
        "        Phi, t = problem(u)\n        return Phi @ w - t",
        "        Phi, t = problem(u)\n        return Phi @ w - jax.lax.stop_gradient(t)",
        "test_minimum_norm_response_is_what_the_pseudo_inverse_of_the_hessian_gives",
    ),
    Mistake(
        "the sign of the response",
        "return -Phi.T @ jnp.linalg.solve(Phi @ Phi.T, jax.jacfwd(residual)(u))",
        "return Phi.T @ jnp.linalg.solve(Phi @ Phi.T, jax.jacfwd(residual)(u))",
        "test_minimum_norm_response_is_what_the_pseudo_inverse_of_the_hessian_gives",
    ),
    Mistake(
        "warm and cold exchanged",
        "start = w_before if warm else w_0",
        "start = w_0 if warm else w_before",
        "test_bilevel_iterates_are_those_of_a_loop",
    ),
]
