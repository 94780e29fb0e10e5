"""Plausible mistakes in `reference.papers.neural_tangent_kernel`."""

from tests.reference.mistakes import Mistake

BY_HAND = "test_trajectory_is_descent_on_theta_with_kernels_by_jacobians_in_theta"

MISTAKES = [
    Mistake(
        "the kernel of the standard parameterisation",
        "traced_tangent_kernel(w, inputs, phi=phi, rates=rates)",
        "traced_tangent_kernel(w, inputs, phi=phi)",
        BY_HAND,
    ),
    Mistake(
        "the sum over examples for their mean",
        "/ (2 * len(inputs))",
        "/ 2",
        BY_HAND,
    ),
    Mistake(
        "the state after the step beside the one before",
        "-step_size, jax.grad(loss)(theta)), observed(theta)",
        "-step_size, jax.grad(loss)(theta)), observed("
        "plus_multiple(theta, -step_size, jax.grad(loss)(theta)))",
        BY_HAND,
    ),
    Mistake(
        "ascent", "plus_multiple(theta, -step_size,", "plus_multiple(theta, step_size,", BY_HAND
    ),
    Mistake(
        "an absolute distance",
        "return jnp.linalg.norm(A - B) / jnp.linalg.norm(B)",
        "return jnp.linalg.norm(A - B)",
        "test_drift_is_relative_and_in_the_frobenius_norm",
    ),
    Mistake(
        "a limit with a hidden layer too few",
        "num_hidden=len(theta_0) - 1",
        "num_hidden=len(theta_0) - 2",
        "test_initial_deviation_falls_as_one_over_the_root_of_the_width",
    ),
]
