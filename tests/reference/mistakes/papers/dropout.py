"""Plausible mistakes in `reference.papers.dropout`."""

from tests.reference.mistakes import Mistake

MASKS = "test_mean_loss_over_all_masks_is_the_loss_and_the_penalty"
COVARIANCE = "test_gradient_noise_covariance_is_that_over_all_masks"

MISTAKES = [
    Mistake(
        "p for p / (1 - p)",
        "p / (1 - p) * jnp.mean(inputs**2, axis=0)",
        "p * jnp.mean(inputs**2, axis=0)",
        MASKS,
    ),
    Mistake("half left out", "@ w**2 / 2", "@ w**2", MASKS),
    Mistake(
        "weight decay, blind to the inputs",
        "jnp.mean(inputs**2, axis=0)",
        "jnp.mean(inputs, axis=0) ** 2",
        MASKS,
    ),
    Mistake(
        "p taken for the probability to keep",
        "jax.random.bernoulli(key, p,",
        "jax.random.bernoulli(key, 1 - p,",
        "test_noise_has_mean_zero_and_two_values",
    ),
    Mistake(
        "the loss's curvature left out",
        "J * (H_z @ J)",
        "J * J",
        "test_penalty_of_a_classifier_is_the_softmax_fishers_and_blind_to_the_label",
    ),
    Mistake(
        "one pair counted twice on the diagonal", "values - eye * values", "values", COVARIANCE
    ),
    Mistake("E b^2 = 1", "* (1 + ratio * eye)", "* (1 + 0 * eye)", COVARIANCE),
    Mistake(
        "gradient of the mean loss without the penalty",
        "(jnp.sum(a) - t) + ratio * a * x",
        "(jnp.sum(a) - t)",
        COVARIANCE,
    ),
    Mistake(
        "the whole hidden layer for its noise",
        "h * eta)",
        "h * (1 + eta))",
        "test_first_order_noise_is_the_derivative_of_the_gradient_along_the_mask",
    ),
]
