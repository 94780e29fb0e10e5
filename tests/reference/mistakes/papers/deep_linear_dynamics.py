"""Plausible mistakes in `reference.papers.deep_linear_dynamics`."""

from tests.reference.mistakes import Mistake

ODE = "test_mode_strength_solves_its_differential_equation"
BY_HAND = "test_products_are_those_of_descent_by_hand_from_any_weights"

MISTAKES = [
    Mistake("one layer's rate: no factor 2", "x = 2 * s * t / tau", "x = s * t / tau", ODE),
    Mistake("time multiplied by its constant", "x = 2 * s * t / tau", "x = 2 * s * t * tau", ODE),
    Mistake(
        "0/0 for a mode that isn't there",
        "jnp.where(small, 1, -jnp.expm1",
        "jnp.where(small, 0, -jnp.expm1",
        ODE,
    ),
    Mistake(
        "the ratio of what is left the wrong way up",
        "(u_f * (s - u_0) / (u_0 * (s - u_f)))",
        "(u_f * (s - u_f) / (u_0 * (s - u_0)))",
        "test_learning_time_is_when_the_mode_has_that_strength",
    ),
    Mistake(
        "all of the start in one layer",
        "return jnp.sqrt(u_0) * (R @ Vt), jnp.sqrt(u_0) * (U @ R.T)",
        "return u_0 * (R @ Vt), U @ R.T",
        "test_balanced_weights_are_balanced_and_have_all_modes_at_the_start",
    ),
    Mistake(
        "the second layer's step sees the first one moved",
        "W2 + step_size * error @ W1.T)",
        "W2 + step_size * error @ (W1 + step_size * W2.T @ error).T)",
        BY_HAND,
    ),
    Mistake("half the gradient", "error = S - W2 @ W1", "error = (S - W2 @ W1) / 2", BY_HAND),
    Mistake(
        "the product after the step",
        "error @ W1.T), W2 @ W1\n",
        "error @ W1.T), (W2 + step_size * error @ W1.T) @ (W1 + step_size * W2.T @ error)\n",
        BY_HAND,
    ),
    Mistake(
        "modes of one side only",
        '"kr,tkd,rd->tr", U, products, Vt',
        '"kr,tkd,rd->tr", jnp.abs(U), products, Vt',
        "test_balanced_weights_are_balanced_and_have_all_modes_at_the_start",
    ),
]
