"""Plausible mistakes in `reference.problems`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "Q A Q, not Q A Q^T",
        "return (Q * eigenvalues) @ Q.T",
        "return (Q * eigenvalues) @ Q",
        "test_symmetric_matrix_has_the_eigenvalues_asked_for",
    ),
    Mistake(
        "the standard deviation squared",
        "Phi @ w_true + noise_std * noise",
        "Phi @ w_true + noise_std**2 * noise",
        "test_linear_examples_have_white_inputs_and_noise_of_the_given_size",
    ),
    Mistake(
        "inputs scaled after the targets were made of them",
        "return Phi, Phi @ w_true",
        "return 2 * Phi, Phi @ w_true",
        "test_linear_examples_have_white_inputs_and_noise_of_the_given_size",
    ),
    Mistake(
        "tanh after the last layer too",
        'return activations @ w[-1]["weights"] + w[-1]["biases"]',
        'return jnp.tanh(activations @ w[-1]["weights"] + w[-1]["biases"])',
        "test_perceptron_is_the_composition_of_its_layers",
    ),
]
