"""Plausible mistakes in `reference.talks.reconstruction`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "signals not in the subspace's coordinates",
        "num_examples, U.shape[1]), U.dtype) @ U.T",
        "num_examples, U.shape[0]), U.dtype)",
        "test_signals_lie_in_the_subspace_and_noise_is_white",
    ),
    Mistake(
        "the map transposed",
        "solve_triangular(upper, Q.T @ X).T",
        "solve_triangular(upper, Q.T @ X)",
        "test_trained_denoiser_is_least_squares",
    ),
    Mistake(
        "noise only in the subspace",
        "noise_std**2 * jnp.sum(W**2)",
        "noise_std**2 * jnp.sum((W @ U) ** 2)",
        "test_risk_is_the_mean_loss",
    ),
    Mistake(
        "noise in the standard deviation",
        "num_dimensions / 2 * noise_std**2 / (1 + noise_std**2)",
        "num_dimensions / 2 * noise_std / (1 + noise_std)",
        "test_best_denoiser_shrinks_the_projection",
    ),
    Mistake(
        "D / N for D / (N - D - 1)",
        "(num_examples - num_measured - 1)",
        "num_examples",
        "test_excess_risk_of_training_is_predicted_and_falls_as_one_over_n",
    ),
    Mistake(
        "noise shrunk once",
        "a**2 * noise_std**2",
        "a * noise_std**2",
        "test_shrinkage_risk_is_that_of_the_matrix",
    ),
    Mistake(
        "noise per measured value",
        "a * R / (D - R) * outside",
        "a * R / D * outside",
        "test_self_supervised_loss_has_the_mean_of_the_risk",
    ),
    Mistake(
        "noise subtracted from all of y",
        "outside / jnp.sum(coefficients**2)",
        "outside / jnp.sum(y**2)",
        "test_adapted_shrinkage_is_where_the_self_supervised_loss_is_flat",
    ),
]
