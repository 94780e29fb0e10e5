"""Plausible mistakes in `reference.talks.neural_collapse`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "means as if classes were balanced",
        "Y.T @ H / jnp.sum(Y, axis=0)[:, None]",
        "Y.T @ H / (len(Y) / Y.shape[1])",
        "test_class_means_are_means",
    ),
    Mistake(
        "the scatter around the overall mean",
        "H - Y @ means, means - jnp.mean(means, axis=0)",
        "H - jnp.mean(H, axis=0), means - jnp.mean(means, axis=0)",
        "test_scatters_are_covariances_within_and_between",
    ),
    Mistake(
        "the mean of examples, not of classes",
        "H - Y @ means, means - jnp.mean(means, axis=0)",
        "H - Y @ means, means - jnp.mean(H, axis=0)",
        "test_scatters_are_covariances_within_and_between",
    ),
    Mistake(
        "cosines of means off centre",
        "unit = centred / jnp.linalg.norm(centred, axis=1, keepdims=True)",
        "unit = means / jnp.linalg.norm(means, axis=1, keepdims=True)",
        "test_measures_of_a_collapsed_network",
    ),
    Mistake(
        "between over within",
        "jnp.trace(within @ jnp.linalg.pinv(between, hermitian=True))",
        "jnp.trace(between @ jnp.linalg.pinv(within, hermitian=True))",
        "test_variability_is_a_trace_in_the_span_of_the_means",
    ),
    Mistake(
        "a simplex of rows that are too short",
        "(J / (J - 1)) ** 0.5 *",
        "((J - 1) / J) ** 0.5 *",
        "test_frame_is_a_simplex",
    ),
    Mistake(
        "penalties without 1/2",
        'jnp.sum(w["biases"] ** 2)) / 2',
        'jnp.sum(w["biases"] ** 2))',
        "test_loss_is_cross_entropy_and_three_penalties",
    ),
    Mistake(
        "the number of classes in the gap",
        "1 / c - num_classes + 1, 1)",
        "1 / c - num_classes, 1)",
        "test_closed_form_is_the_minimum_over_gaps",
    ),
    Mistake(
        "a nuclear norm of one class too many",
        "jnp.exp(-s)) + c * (num_classes - 1) * s",
        "jnp.exp(-s)) + c * num_classes * s",
        "test_closed_form_is_the_minimum_over_gaps",
    ),
]
