"""Plausible mistakes in `reference.infinite_limits.edge_of_chaos`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "the covariance for the correlation",
        "(weight_variance * activation.covariance(q, q, c * q) + bias_variance) / q",
        "(weight_variance * activation.covariance(q, q, c) + bias_variance) / q",
        "test_correlation_map_is_a_mean_over_random_units",
    ),
    Mistake(
        "not normalised by the variance",
        "activation.covariance(q, q, c * q) + bias_variance) / q",
        "activation.covariance(q, q, c * q) + bias_variance)",
        "test_one_is_a_fixed_point_of_every_correlation_map",
    ),
    Mistake(
        "the bias left out of the correlation",
        "(weight_variance * activation.covariance(q, q, c * q) + bias_variance) / q",
        "(weight_variance * activation.covariance(q, q, c * q)) / q",
        "test_one_is_a_fixed_point_of_every_correlation_map",
    ),
    Mistake(
        "a slope without the weight variance",
        "return weight_variance * activation.derivative_covariance(q, q, c * q)",
        "return activation.derivative_covariance(q, q, c * q)",
        "test_slope_is_that_of_the_correlation_map_and_of_gradients",
    ),
    Mistake(
        "the search started at 1, a fixed point always",
        "jnp.zeros_like(q), scale=",
        "jnp.ones_like(q), scale=",
        "test_fixed_point_of_the_correlation_is_stable_and_where_iteration_ends",
    ),
    Mistake(
        "the critical line with the wrong sign of its bias",
        "q - weight_variance * activation.covariance(q, q, q)",
        "weight_variance * activation.covariance(q, q, q) - q",
        "test_critical_initialisation_keeps_the_variance_and_has_slope_one",
    ),
    Mistake(
        "E[phi'] squared for E[phi'^2]",
        "weight_variance = 1 / activation.derivative_covariance(q, q, q)",
        "weight_variance = 1 / activation.derivative_covariance(q, q, 0 * q)",
        "test_critical_initialisation_keeps_the_variance_and_has_slope_one",
    ),
    Mistake(
        "a depth scale of the wrong sign",
        "return -1 / jnp.log(slope)",
        "return 1 / jnp.log(slope)",
        "test_correlations_approach_their_fixed_point_at_the_depth_scale",
    ),
    Mistake(
        "every search says that it converged",
        "return FixedPoint(value, steps, jnp.abs(gap(value)), is_rounding(value))",
        "return FixedPoint(value, steps, jnp.abs(gap(value)), steps >= 0)",
        "test_relu_variance_has_its_fixed_point_in_closed_form_or_none",
    ),
]
