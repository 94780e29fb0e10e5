"""Plausible mistakes in `reference.metrics.natural_gradients`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "damping left out",
        "damped = F + damping * jnp.eye(len(F), dtype=F.dtype)",
        "damped = F",
        "test_natural_gradient_solves_with_the_damped_fisher",
    ),
    Mistake(
        "damping that scales",
        "F + damping * jnp.eye(len(F), dtype=F.dtype)",
        "F * (1 + damping)",
        "test_natural_gradient_solves_with_the_damped_fisher",
    ),
    Mistake(
        "F for its inverse",
        "jnp.linalg.pinv(damped, hermitian=True) @",
        "damped @",
        "test_natural_gradient_solves_with_the_damped_fisher",
    ),
    Mistake(
        "the loss summed over examples",
        "return jnp.mean(negative_log_likelihoods",
        "return jnp.sum(negative_log_likelihoods",
        "test_natural_gradient_solves_with_the_damped_fisher",
    ),
    Mistake(
        "a root of the Fisher, as in adaptive methods",
        "jnp.linalg.pinv(damped, hermitian=True) @ as_vector(",
        "jnp.diag(jnp.diag(damped) ** -0.5) @ as_vector(",
        "test_natural_descent_does_not_see_a_linear_change_of_coordinates",
    ),
    Mistake(
        "ascent",
        "plus_multiple(w, -step_size, direction)",
        "plus_multiple(w, step_size, direction)",
        "test_natural_descent_iterates_are_steps_along_natural_gradients_of_trees",
    ),
]
