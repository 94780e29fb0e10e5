"""Plausible mistakes in `reference.talks.hyperparameter_gradients`."""

from tests.reference.mistakes import Mistake

BY_HAND = "test_an_outer_step_trains_first_and_then_follows_the_series"
AUGMENTED = "test_augmented_loss_is_the_mean_over_draws_of_augmented_inputs"

MISTAKES = [
    Mistake(
        "lambda for M lambda",
        "S @ S.T + len(S) * penalty * jnp.eye",
        "S @ S.T + penalty * jnp.eye",
        "test_distilled_weights_are_ridge_on_the_synthetic_rows",
    ),
    Mistake(
        "the targets do not undo the penalty's shrinkage",
        "S @ w + len(S) * penalty * (",
        "S @ w + 0 * len(S) * penalty * (",
        "test_distilled_targets_teach_the_weights_of_the_real_data",
    ),
    Mistake(
        "the series sees the loss without its penalty",
        "/ 2 + penalty * w @ w / 2",
        "/ 2",
        "test_distillation_hypergradients_are_those_of_the_closed_form",
    ),
    Mistake(
        "hyperparameters climb",
        "plus_multiple(theta, -outer_step_size",
        "plus_multiple(theta, outer_step_size",
        BY_HAND,
    ),
    Mistake(
        "training starts anew at every outer step",
        "descended_weights(inner_loss, w, theta, inner_step_size",
        "descended_weights(inner_loss, w_0, theta, inner_step_size",
        BY_HAND,
    ),
    Mistake(
        "the series uses the outer step size",
        "inner_loss, outer_loss, w, theta, inner_step_size, num_terms",
        "inner_loss, outer_loss, w, theta, outer_step_size, num_terms",
        BY_HAND,
    ),
    Mistake(
        "the noise's penalty is shrunk by N",
        "jnp.sum((L.T @ w) ** 2) / 2",
        "jnp.sum((L.T @ w) ** 2) / 2 / len(Phi)",
        AUGMENTED,
    ),
    Mistake(
        "the noise is the same for all examples",
        "(len(Phi), L.shape[1])",
        "(1, L.shape[1])",
        AUGMENTED,
    ),
    Mistake(
        "the best response to L^T L",
        "/ len(Phi) + L @ L.T",
        "/ len(Phi) + jnp.sum(L.T @ L) * jnp.eye(len(L))",
        "test_augmented_weights_minimise_the_augmented_loss_and_isotropic_noise_is_ridge",
    ),
]
