"""Plausible mistakes in `reference.infinite_limits.finite_width`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "the variance divided by the number of outputs of a layer",
        'weight_variance / len(layer["weights"])',
        'weight_variance / layer["weights"].shape[1]',
        "test_standard_parameters_have_the_variances_asked_for",
    ),
    Mistake(
        "biases scaled as weights are",
        '"biases": bias_variance}',
        '"biases": bias_variance / len(layer["weights"])}',
        "test_standard_parameters_have_the_variances_asked_for",
    ),
    Mistake(
        "parameters multiplied by a variance, not its root",
        "leaf * jnp.sqrt(rate)",
        "leaf * rate",
        "test_rates_are_the_squares_of_what_parameters_are_multiplied_by",
    ),
    Mistake(
        "one key for weights and biases of all layers: correlated",
        "jax.random.normal(key_of_weights, (num_in, num_out), dtype)",
        "jax.random.normal(key_of_weights, (num_in, 1), dtype) * jnp.ones(num_out, dtype)",
        "test_unit_normal_parameters_have_the_moments_of_unit_normals",
    ),
    Mistake(
        "an activation after the last layer",
        "    return h\n",
        "    return phi(h)\n",
        "test_outputs_are_those_of_the_perceptron_in_problems_and_of_loops",
    ),
]
