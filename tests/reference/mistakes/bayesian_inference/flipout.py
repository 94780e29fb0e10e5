"""Plausible mistakes in `reference.bayesian_inference.flipout`."""

from tests.reference.mistakes import Mistake

OWN_WEIGHTS = "test_outputs_are_those_of_every_examples_own_weights"
SMOOTHED = "test_evolution_strategies_find_the_gradient_of_the_smoothed_loss"

MISTAKES = [
    Mistake(
        "signs of the inputs only", "((inputs * S) @ E) * R", "((inputs * S) @ E)", OWN_WEIGHTS
    ),
    Mistake(
        "signs of the mean weights too",
        "inputs @ W + ((inputs",
        "(inputs * S) @ W + ((inputs",
        OWN_WEIGHTS,
    ),
    Mistake(
        "signs for the outputs of all alike", "* R[:, None, :]", "* R[:1, None, :]", OWN_WEIGHTS
    ),
    Mistake(
        "one key for both signs",
        "jax.random.rademacher(key_of_outputs,",
        "jax.random.rademacher(key_of_inputs,",
        "test_signs_are_signs_and_independent",
    ),
    Mistake("divided by the variance", "/ (population * std)", "/ (population * std**2)", SMOOTHED),
    Mistake(
        "half forgotten",
        "loss_of_outputs(centre - shift)) / 2",
        "loss_of_outputs(centre - shift))",
        SMOOTHED,
    ),
    Mistake("a sum over the population", "/ (population * std)", "/ std", SMOOTHED),
]
