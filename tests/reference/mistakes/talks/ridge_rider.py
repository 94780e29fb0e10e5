"""Plausible mistakes in `reference.talks.ridge_rider`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "the ridge followed by the order of eigenvalues",
        "chosen = jnp.argmax(jnp.abs(overlaps))",
        "chosen = index",
        "test_a_ridge_goes_on_through_a_crossing_of_eigenvalues_and_ends_where_it_turns",
    ),
    Mistake(
        "the overlap without its size",
        "chosen = jnp.argmax(jnp.abs(overlaps))",
        "chosen = jnp.argmin(overlaps)",
        "test_every_direction_is_an_eigenvector_turned_to_the_last",
    ),
    Mistake(
        "rows of Q for its columns",
        "e = jnp.sign(overlaps[chosen]) * Q[:, chosen]",
        "e = jnp.sign(overlaps[chosen]) * Q[chosen]",
        "test_every_direction_is_an_eigenvector_turned_to_the_last",
    ),
    Mistake(
        "on over positive curvature",
        "jnp.where(values[chosen] < 0, x + step_size * e, x)",
        "x + step_size * e",
        "test_a_ridge_goes_on_through_a_crossing_of_eigenvalues_and_ends_where_it_turns",
    ),
    Mistake(
        "the product not conjugated",
        "[c.conj()[None],",
        "[c[None],",
        "test_tracked_eigenpair_is_that_of_lapack_nearby",
    ),
    Mistake(
        "the phase left open",
        "jnp.vdot(c, v) - 1",
        "jnp.vdot(c, v) - 1j",
        "test_tracked_eigenpair_is_that_of_lapack_nearby",
    ),
    Mistake(
        "the separation not rescaled",
        "unit = jax.tree.map(lambda leaf: leaf / size, grown)",
        "unit = grown",
        "test_exponent_of_few_steps_is_the_growth_of_a_product_of_jacobians",
    ),
    Mistake(
        "Q not carried on",
        "jax.jacfwd(flat_step)(x) @ Q)",
        "jax.jacfwd(flat_step)(x))",
        "test_exponents_of_a_linear_map_are_logarithms_of_its_moduli",
    ),
    Mistake(
        "a sum for a mean",
        "return log_growth / num_steps",
        "return log_growth",
        "test_exponent_of_few_steps_is_the_growth_of_a_product_of_jacobians",
    ),
]
