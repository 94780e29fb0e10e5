"""Plausible mistakes in `reference.infinite_limits.dual_activations`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "theta for pi - theta",
        "(_scaled_sine(scale, k) + (jnp.pi - _angle(scale, k)) * k)",
        "(_scaled_sine(scale, k) + _angle(scale, k) * k)",
        "test_relu_duals_are_the_integrals_that_define_them",
    ),
    Mistake(
        "the arc-cosine kernel's factor 2 left in the covariance",
        "return _ramp(_scale(variance_u, variance_v), covariance) / 2",
        "return _ramp(_scale(variance_u, variance_v), covariance)",
        "test_relu_duals_are_the_integrals_that_define_them",
    ),
    Mistake(
        "the slope of kappa_1 from its formula term by term: infinite at 1",
        "    return _ramp(scale, k), sine / jnp.pi * scale_dot + _gate(scale, k) * k_dot",
        "    return _ramp(scale, k), (k_dot / sine - k / sine * k_dot) + _gate(scale, k) * k_dot",
        "test_slopes_are_finite_where_correlations_end_and_variances_vanish",
    ),
    Mistake(
        "a product of roots, so that c is 1 only to rounding",
        "jnp.sqrt(jnp.where(product > 0, product, 1))",
        "jnp.sqrt(jnp.where(q_u > 0, q_u, 1)) * jnp.sqrt(jnp.where(q_v > 0, q_v, 1))",
        "test_duals_are_exact_at_correlation_plus_and_minus_one",
    ),
    Mistake(
        "kappa_0 does not see its variances change",
        "(k / jnp.where(moving, scale, 1) * scale_dot - k_dot)",
        "(-k_dot)",
        "test_slopes_inside_are_finite_differences",
    ),
    Mistake(
        "2/pi for 4/pi: the slope of erf is 2/sqrt(pi), squared",
        "return 4 / jnp.pi / jnp.sqrt(",
        "return 2 / jnp.pi / jnp.sqrt(",
        "test_erf_duals_are_the_integrals_that_define_them",
    ),
    Mistake(
        "arctan where arcsin belongs",
        "cosine = jnp.sqrt(_erf_determinant(variance_u, variance_v, covariance))",
        "cosine = jnp.sqrt((1 + 2 * variance_u) * (1 + 2 * variance_v))",
        "test_erf_duals_are_the_integrals_that_define_them",
    ),
    Mistake(
        "the physicists' recurrence for the probabilists' weight",
        "jnp.sqrt(jnp.arange(1, num_nodes, dtype=dtype))",
        "jnp.sqrt(jnp.arange(1, num_nodes, dtype=dtype) / 2)",
        "test_gauss_hermite_rule_is_numpys",
    ),
    Mistake(
        "c for its angle's sine in the second coordinate",
        "(c * z[:, None] + s * z)",
        "(c * z[:, None] + (1 - jnp.abs(c)) * z)",
        "test_quadrature_is_exact_for_polynomials",
    ),
]
