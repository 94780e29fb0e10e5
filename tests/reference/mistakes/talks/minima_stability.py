"""Plausible mistakes in `reference.talks.minima_stability`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "growth without the absolute value",
        "jnp.max(jnp.abs(1 - step_size * jnp.linalg.eigvalsh(hessian)))",
        "jnp.max(1 - step_size * jnp.linalg.eigvalsh(hessian))",
        "test_growth_is_that_of_the_worst_direction",
    ),
    Mistake(
        "the mean's N forgotten",
        "J @ J.T / len(x)",
        "J @ J.T",
        "test_sharpness_is_the_hessians_where_the_examples_are_fitted",
    ),
    Mistake(
        "the fraction of examples unsquared",
        "jnp.mean(active, axis=1), jnp.mean(active * x, axis=1)",
        "1, jnp.sum(active * x, axis=1) / jnp.maximum(jnp.sum(active, axis=1), 1)",
        "test_weights_are_of_conditional_means",
    ),
    Mistake(
        "sides exchanged",
        "return weights(-1), weights(1)",
        "return weights(1), weights(-1)",
        "test_weights_are_of_conditional_means",
    ),
    Mistake(
        "the side where a unit is silent",
        'jnp.where(w["inputs"] > 0, right, left)',
        'jnp.where(w["inputs"] > 0, left, right)',
        "test_bound_is_exact_for_one_example_and_balanced_units",
    ),
    Mistake(
        "the greater weight",
        "jnp.minimum(left, right)",
        "jnp.maximum(left, right)",
        "test_curvature_is_the_integral_of_second_differences",
    ),
    Mistake(
        "the kink's sign",
        'return -w["biases"] /',
        'return w["biases"] /',
        "test_curvature_is_the_integral_of_second_differences",
    ),
    Mistake(
        "the offset's curvature forgotten",
        "1 / step_size - 0.5",
        "1 / step_size",
        "test_descent_that_has_converged_keeps_the_bound_and_larger_steps_are_flatter",
    ),
]
