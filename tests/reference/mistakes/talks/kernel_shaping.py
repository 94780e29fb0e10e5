"""Plausible mistakes in `reference.talks.kernel_shaping`."""

from tests.reference.mistakes import Mistake

FORMULA = "test_correlation_map_is_the_formula_in_the_angle"
SOLVED = "test_slope_solved_for_gives_the_network_its_correlation_at_zero"

MISTAKES = [
    Mistake(
        "not normalised: the mean square shrinks",
        "jnp.sqrt(2 / (1 + jnp.square(alpha)))",
        "jnp.sqrt(1 / (1 + jnp.square(alpha)))",
        "test_maps_are_means_over_random_units",
    ),
    Mistake(
        "normalised by 1 + alpha",
        "jnp.sqrt(2 / (1 + jnp.square(alpha)))",
        "jnp.sqrt(2) / (1 + alpha)",
        "test_maps_are_means_over_random_units",
    ),
    Mistake(
        "1 - alpha not squared", "bend = jnp.square(1 - alpha) /", "bend = (1 - alpha) /", FORMULA
    ),
    Mistake(
        "a mixture that ends in the identity of c",
        "c + bend * (relu_correlation(c) - c)",
        "c + bend * relu_correlation(c)",
        FORMULA,
    ),
    Mistake(
        "only the ReLU's half of the variance",
        "(q / 2 + a * q / 2)",
        "(q / 2)",
        "test_variance_map_is_the_identity",
    ),
    Mistake(
        "a layer too few",
        "jax.lax.fori_loop(0, num_layers,",
        "jax.lax.fori_loop(1, num_layers,",
        "test_network_map_is_the_map_iterated",
    ),
    Mistake(
        "the bracket's wrong half kept", "above = reached > eta", "above = reached < eta", SOLVED
    ),
    Mistake("too few halvings", "jnp.finfo(eta.dtype).nmant + 12", "12", SOLVED),
    Mistake(
        "the quadratic's other root",
        "return (1 - b) / (1 + jnp.sqrt(b * (2 - b)))",
        "return (1 - b) / (1 - jnp.sqrt(b * (2 - b)))",
        SOLVED,
    ),
]
