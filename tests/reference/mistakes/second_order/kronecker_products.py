"""Plausible mistakes in `reference.second_order.kronecker_products`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "column-major order",
        "jnp.kron(factors.A, factors.G)",
        "jnp.kron(factors.G, factors.A)",
        "test_kronecker_matrix_acts_on_the_row_major_ravel",
    ),
    Mistake(
        "pi inverted",
        "root * pi * jnp.eye(len(A), dtype=A.dtype)",
        "root / pi * jnp.eye(len(A), dtype=A.dtype)",
        "test_preconditioned_gradient_inverts_the_product_of_the_damped_factors",
    ),
    Mistake(
        "damping not rooted",
        "damping**0.5",
        "damping",
        "test_preconditioned_gradient_inverts_the_product_of_the_damped_factors",
    ),
    Mistake(
        "ratio of traces, not of mean eigenvalues",
        "jnp.trace(factors.A) / len(factors.A), jnp.trace(factors.G) / len(factors.G)",
        "jnp.trace(factors.A), jnp.trace(factors.G)",
        "test_damping_ratio_minimises_the_trace_of_the_excess",
    ),
    Mistake(
        "pi not rooted",
        "jnp.sqrt(jnp.where(both, a, 1) / jnp.where(both, g, 1))",
        "jnp.where(both, a, 1) / jnp.where(both, g, 1)",
        "test_damping_ratio_minimises_the_trace_of_the_excess",
    ),
    Mistake(
        "0/0 in a layer without curvature",
        "both = (a > 0) & (g > 0)",
        "both = (a >= 0) & (g >= 0)",
        "test_layer_without_curvature_is_damped_evenly",
    ),
    Mistake(
        "damping added to each eigenvalue of a factor",
        "jnp.outer(a, g) + damping",
        "jnp.outer(a + damping, g + damping)",
        "test_exactly_damped_gradient_inverts_the_damped_product",
    ),
]
