"""Plausible mistakes in `reference.second_order.trust_region`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "the Newton step, cut to length",
        "v = -_quotient(gamma, gaps + mu)",
        "v = -_quotient(gamma, h); v = v * jnp.minimum(1, radius / jnp.sqrt(v @ v))",
        "test_step_fulfils_the_conditions_that_characterise_the_minimiser",
    ),
    Mistake(
        "the least multiplier allowed forgotten",
        "least = jnp.maximum(h[0], 0)",
        "least = h[0] + 1e-3",
        "test_interior_step_of_a_singular_model_is_the_shortest_minimiser",
    ),
    Mistake(
        "hard case not filled up",
        "jnp.where(place == Place.HARD_CASE, missing, 0)",
        "0 * missing",
        "test_hard_case_moves_along_the_lowest_eigenvector_to_the_boundary",
    ),
    Mistake(
        "multiplier for mu",
        "TrustRegionStep(Q @ v, mu - h[0],",
        "TrustRegionStep(Q @ v, mu,",
        "test_step_fulfils_the_conditions_that_characterise_the_minimiser",
    ),
    Mistake(
        "derivative of |v| for that of 1/|v|",
        "/ length**3",
        "/ length",
        "test_step_fulfils_the_conditions_that_characterise_the_minimiser",
    ),
    Mistake(
        "radius grows after interior steps too",
        "jnp.where(place == Place.INTERIOR, radius, jnp.minimum(2 * radius, max_radius))",
        "jnp.minimum(2 * radius, max_radius)",
        "test_radius_follows_the_reduction_ratio",
    ),
    Mistake(
        "bad steps taken",
        "jnp.where(ratio > 0, v, 0)",
        "v",
        "test_radius_follows_the_reduction_ratio",
    ),
]
