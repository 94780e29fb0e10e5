"""Plausible mistakes in `reference.papers.large_batch`."""

from tests.reference.mistakes import Mistake

SHARE = "test_squared_norms_of_batches_have_the_share_of_noise_announced"
UNBIASED = "test_estimates_are_unbiased_over_all_batches"
SEARCH = "test_best_step_and_its_gain_are_those_of_a_search"

MISTAKES = [
    Mistake(
        "divided by N - 1", "/ len(gradients) / (G @ G)", "/ (len(gradients) - 1) / (G @ G)", SHARE
    ),
    Mistake(
        "second moment for covariance",
        "jnp.sum((gradients - G) ** 2)",
        "jnp.sum(gradients**2)",
        SHARE,
    ),
    Mistake(
        "curvature only of the noise", "/ (G @ H @ G)\n\n\nclass", "/ (G @ G)\n\n\nclass", SEARCH
    ),
    Mistake(
        "the naive signal",
        "(large_batch * large - small_batch * small) / (large_batch - small_batch)",
        "0 * (large_batch + small_batch) + large",
        UNBIASED,
    ),
    Mistake(
        "a difference not scaled by the batches",
        "(1 / small_batch - 1 / large_batch)",
        "(small_batch / large_batch)",
        UNBIASED,
    ),
    Mistake(
        "the scale inverted",
        "(1 + noise_scale / batch_size)",
        "(1 + batch_size / noise_scale)",
        SEARCH,
    ),
    Mistake("the gain without its half", "(2 * G @ H @ G)", "(G @ H @ G)", SEARCH),
    Mistake(
        "steps and examples exchanged",
        "self.least_examples / self.least_steps",
        "self.least_steps / self.least_examples",
        "test_fit_finds_the_curve_that_runs_lie_on",
    ),
    Mistake(
        "the naive estimate right for all batches",
        "noise_scale * batch_size / (batch_size + noise_scale)",
        "noise_scale + 0 * batch_size",
        "test_naive_ratio_tends_to_less_than_the_batch_size",
    ),
]
