"""Plausible mistakes in `reference.talks.feature_learning`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "pairs that do not cancel",
        "jnp.concatenate([a, -a])",
        "jnp.concatenate([a, a])",
        "test_paired_units_start_at_zero_with_unit_weights",
    ),
    Mistake(
        "the step function of |w^T x|",
        "(X @ w.T > 0)",
        "(X @ w.T != 0)",
        "test_signals_are_gradients_of_the_loss_at_the_start",
    ),
    Mistake(
        "a sum over examples",
        "(active * t[:, None]).T @ X / len(t)",
        "(active * t[:, None]).T @ X",
        "test_signals_are_gradients_of_the_loss_at_the_start",
    ),
    Mistake(
        "the term along w not halved",
        "(w @ H @ w) / 2 * w",
        "(w @ H @ w) * w",
        "test_population_signal_is_that_of_quadrature",
    ),
    Mistake(
        "the term along w forgotten",
        "H @ w - (w @ H @ w) / 2 * w",
        "H @ w",
        "test_population_signal_is_that_of_quadrature",
    ),
    Mistake(
        "norms, not their squares",
        "jnp.sum((vectors @ U.T) ** 2) / jnp.sum(vectors**2)",
        "jnp.linalg.norm(vectors @ U.T) / jnp.linalg.norm(vectors)",
        "test_alignment_is_one_inside_and_nothing_outside",
    ),
    Mistake(
        "the mean kept",
        "    t = t - jnp.mean(t)\n",
        "",
        "test_without_affine_part_nothing_of_degree_one_is_left",
    ),
    Mistake(
        "degree one kept",
        "first_step_signals(w, X, without_affine_part(X, t))",
        "first_step_signals(w, X, t)",
        "test_one_step_features_are_scaled_signals_of_what_is_not_affine",
    ),
]
