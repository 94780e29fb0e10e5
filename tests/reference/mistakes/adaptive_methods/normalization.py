"""Plausible mistakes in `reference.adaptive_methods.normalization`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "variance over N - 1",
        "jnp.var(X, axis=0)",
        "jnp.var(X, axis=0, ddof=1)",
        "test_outputs_have_the_gain_and_the_bias_as_moments",
    ),
    Mistake(
        "epsilon outside the root",
        "jnp.sqrt(variance + epsilon)",
        "(jnp.sqrt(variance) + epsilon)",
        "test_outputs_are_the_formula_unit_by_unit",
    ),
    Mistake(
        "moments over the units",
        "jnp.mean(X, axis=0)",
        "jnp.mean(X, axis=1, keepdims=True)",
        "test_outputs_have_the_gain_and_the_bias_as_moments",
    ),
    Mistake(
        "moments taken for constants of the gradient",
        "mean, variance = jnp.mean(X, axis=0), jnp.var(X, axis=0)",
        "mean, variance = jax.lax.stop_gradient((jnp.mean(X, axis=0), jnp.var(X, axis=0)))",
        "test_gradient_of_a_normalised_loss_is_normal_to_the_weights_and_shrinks_with_them",
    ),
    Mistake(
        "norm for its square",
        "step_size / inner_product(w, w)",
        "step_size / norm(w)",
        "test_effective_step_size_makes_equal_paths_of_directions",
    ),
    Mistake(
        "step size divided once: the gradient at w taken for that at w / |w|",
        "-step_size / r**2",
        "-step_size / r",
        "test_descent_on_the_sphere_is_gradient_descent_seen_from_there",
    ),
    Mistake(
        "norm that stays",
        "r * norm(stretched)",
        "r",
        "test_descent_on_the_sphere_is_gradient_descent_seen_from_there",
    ),
    Mistake(
        "projection along a vector that isn't of unit length",
        "-inner_product(w, v) / inner_product(w, w)",
        "-inner_product(w, v)",
        "test_tangent_component_of_a_tree_is_the_projection",
    ),
]
