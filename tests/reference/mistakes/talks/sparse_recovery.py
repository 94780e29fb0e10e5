"""Plausible mistakes in `reference.talks.sparse_recovery`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "a sum for the mean of squares",
        "jnp.mean((A @ x - t) ** 2) / 2",
        "jnp.sum((A @ x - t) ** 2) / 2",
        "test_loss_is_the_mean_of_halved_squares_and_the_penalty",
    ),
    Mistake(
        "hard thresholding",
        "jnp.maximum(jnp.abs(x) - threshold, 0)",
        "jnp.where(jnp.abs(x) > threshold, jnp.abs(x), 0)",
        "test_soft_threshold_minimises_its_sum",
    ),
    Mistake(
        "threshold not scaled by the step size",
        "step_size * downhill, step_size * penalty)",
        "step_size * downhill, penalty)",
        "test_first_iterate_is_a_gradient_step_then_shrunk",
    ),
    Mistake(
        "gradient not divided by N",
        "downhill = (t - A @ x) @ A / len(t)",
        "downhill = (t - A @ x) @ A",
        "test_first_iterate_is_a_gradient_step_then_shrunk",
    ),
    Mistake(
        "gradient at the iterate, not ahead of it",
        "_proximal_step(A, t, ahead, penalty, step_size)",
        "_proximal_step(A, t, x, penalty, step_size)",
        "test_momentum_is_that_of_the_recursion",
    ),
    Mistake(
        "momentum's weight of the next step",
        "(s - 1) / s_next",
        "(s_next - 1) / s_next",
        "test_momentum_is_that_of_the_recursion",
    ),
    Mistake(
        "the norm's square forgotten",
        "compute_uv=False)[0] ** 2",
        "compute_uv=False)[0]",
        "test_orthogonal_measurements_are_solved_in_one_step",
    ),
    Mistake(
        "the sign of the penalty",
        "jnp.abs(c - penalty * jnp.sign(x))",
        "jnp.abs(c + penalty * jnp.sign(x))",
        "test_violation_is_the_distance_from_the_subdifferential",
    ),
    Mistake(
        "zeros held to equality",
        "jnp.maximum(jnp.abs(c) - penalty, 0)))",
        "jnp.abs(jnp.abs(c) - penalty)))",
        "test_iterates_converge_to_the_solution_of_another_solver",
    ),
]
