"""Plausible mistakes in `reference.talks.total_variation_networks`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "p = 1 / L",
        "** (2 / len(layers))",
        "** (1 / len(layers))",
        "test_path_penalty_is_the_least_weight_decay_of_rescalings",
    ),
    Mistake(
        "L forgotten",
        "return len(layers) / 2 * jnp.sum",
        "return jnp.sum",
        "test_path_penalty_is_the_least_weight_decay_of_rescalings",
    ),
    Mistake(
        "scaled to the geometric mean of the squares",
        "** (1 / len(layers)) / norms",
        "** (2 / len(layers)) / norms",
        "test_balanced_layers_are_the_same_function_of_equal_norms",
    ),
    Mistake(
        "a ReLU at the output too",
        'return jnp.einsum("jrc,jnc->nr", layers[-1], h)',
        'return jax.nn.relu(jnp.einsum("jrc,jnc->nr", layers[-1], h))',
        "test_network_is_the_sum_of_its_subnetworks",
    ),
    Mistake(
        "differences of the values, not of slopes",
        "jnp.diff(values) / jnp.diff(x)",
        "jnp.diff(values)",
        "test_spline_network_interpolates_at_the_penalty_of_its_variation",
    ),
    Mistake(
        "unsigned jumps",
        "jnp.sign(jumps) * w, w, w",
        "w, w, w",
        "test_spline_network_interpolates_at_the_penalty_of_its_variation",
    ),
    Mistake(
        "layers not balanced",
        "w = jnp.sqrt(jnp.abs(jumps))",
        "w = jnp.ones_like(jumps)",
        "test_spline_network_interpolates_at_the_penalty_of_its_variation",
    ),
    Mistake(
        "biases penalised",
        "jnp.sum(network.a**2 + network.w**2)",
        "jnp.sum(network.a**2 + network.w**2 + network.b**2)",
        "test_spline_network_interpolates_at_the_penalty_of_its_variation",
    ),
    Mistake(
        "the line penalised like a constant: slope not projected out",
        "jnp.stack([jnp.ones_like(x), x], axis=1)",
        "jnp.stack([jnp.ones_like(x)], axis=1)",
        "test_trend_filter_is_the_least_over_all_signs",
    ),
    Mistake(
        "a sum of squares for the mean",
        "jnp.mean((values - y) ** 2) / 2",
        "jnp.sum((values - y) ** 2) / 2",
        "test_trend_filter_is_the_least_over_all_signs",
    ),
]
