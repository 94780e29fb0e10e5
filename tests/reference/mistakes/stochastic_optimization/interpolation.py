"""Plausible mistakes in `reference.stochastic_optimization.interpolation`."""

from tests.reference.mistakes import Mistake

SEQUENCES = "test_expected_moments_are_means_over_all_sequences_of_batches"

MISTAKES = [
    Mistake(
        "second moment for covariance",
        "g - jnp.mean(g, axis=0)",
        "g",
        "test_noise_covariance_is_that_of_all_batches_times_their_size",
    ),
    Mistake(
        "divided by N - 1",
        "centred.T @ centred / len(g)",
        "centred.T @ centred / (len(g) - 1)",
        "test_noise_covariance_is_that_of_all_batches_times_their_size",
    ),
    Mistake(
        "noise that does not shrink with the batch", "spread / batch_size", "spread", SEQUENCES
    ),
    Mistake(
        "the mean's own part counted as noise", " - (M - eye) @ U @ (M - eye).T", "", SEQUENCES
    ),
    Mistake(
        "the gradient summed over the batch",
        "(x @ w - t) / batch_size",
        "(x @ w - t)",
        "test_runs_have_the_expected_loss",
    ),
    Mistake("half left out of the loss", "/ (2 * len(b))", "/ len(b)", SEQUENCES),
    Mistake(
        "the mean for the largest |x|^2",
        "jnp.max(jnp.sum(inputs**2, axis=1))",
        "jnp.mean(jnp.sum(inputs**2, axis=1)) / 2",
        "test_distance_to_the_solution_shrinks_at_least_as_announced",
    ),
    Mistake(
        "null directions counted in the rate",
        "jnp.where(a > cutoff, a, jnp.inf)",
        "a",
        "test_distance_to_the_solution_shrinks_at_least_as_announced",
    ),
]
