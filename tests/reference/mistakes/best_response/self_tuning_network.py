"""Plausible mistakes in `reference.best_response.self_tuning_network`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "columns scaled for rows",
        "gates[:, None] * layer.gated_weights",
        "layer.gated_weights * (layer.gated_weights.T @ gates)",
        "test_weights_are_scaled_by_rows",
    ),
    Mistake(
        "the bias not gated",
        "layer.biases + bias_gates * layer.gated_biases",
        "layer.biases + layer.gated_biases",
        "test_weights_are_scaled_by_rows",
    ),
    Mistake(
        "gates of the outputs after the bias",
        "plain + gates * (inputs @ layer.gated_weights.T) + bias_gates * layer.gated_biases",
        "gates * plain + inputs @ layer.gated_weights.T + bias_gates * layer.gated_biases",
        "test_outputs_are_those_of_weights_formed_for_every_example",
    ),
    Mistake(
        "lambda for N lambda",
        "2 * jnp.log(d) - jnp.log(num_examples).astype(d.dtype) - log_penalty",
        "2 * jnp.log(d) - log_penalty",
        "test_gated_linear_network_is_ridge_regression",
    ),
    Mistake(
        "singular values for eigenvalues",
        "sigmoid(2 * jnp.log(d)",
        "sigmoid(jnp.log(d)",
        "test_gated_linear_network_is_ridge_regression",
    ),
    Mistake(
        "the sign of the entropy",
        "- entropy_weight * gaussian_entropy",
        "+ entropy_weight * gaussian_entropy",
        "test_perturbed_loss_adds_the_curvature_and_takes_the_entropy",
    ),
    Mistake(
        "the entropy's constant",
        "(1 + jnp.log(2 * jnp.pi)",
        "(jnp.log(2 * jnp.pi)",
        "test_entropy_is_that_of_a_normal_density",
    ),
    Mistake(
        "the response at the unperturbed hyperparameters",
        "return loss(response(state.phi, theta), theta)",
        "return loss(response(state.phi, state.theta), theta)",
        "test_perturbed_loss_adds_the_curvature_and_takes_the_entropy",
    ),
    Mistake(
        "hyperparameters tuned with the response of before",
        "tuned_state = SelfTuningState(phi, theta, log_std)",
        "tuned_state = SelfTuningState(state.phi, theta, log_std)",
        "test_a_step_is_that_of_gradients_by_hand",
    ),
]
