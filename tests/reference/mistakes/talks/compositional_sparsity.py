"""Plausible mistakes in `reference.talks.compositional_sparsity`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "D nodes",
        "(num_inputs - 1) * resolution**2",
        "num_inputs * resolution**2",
        "test_counts_are_the_sizes_of_the_tables",
    ),
    Mistake(
        "the axes of the grid swapped",
        'indexing="ij"',
        'indexing="xy"',
        "test_tables_hold_the_nodes_at_the_points",
    ),
    Mistake(
        "points outside extrapolated",
        "(jnp.clip(jnp.stack([x, y]), -1, 1) + 1)",
        "(jnp.stack([x, y]) + 1)",
        "test_interpolation_is_that_of_scipy",
    ),
    Mistake(
        "weights of the corners swapped",
        "below = (1 - v) * table[i, j] + v * table[i, j + 1]",
        "below = v * table[i, j] + (1 - v) * table[i, j + 1]",
        "test_interpolation_is_that_of_scipy",
    ),
    Mistake(
        "every level from the first table",
        "level = tables[first : first + len(values) // 2]",
        "level = tables[: len(values) // 2]",
        "test_nodes_are_read_in_the_order_of_levels",
    ),
    Mistake(
        "one level too many",
        "height = num_inputs.bit_length() - 1",
        "height = num_inputs.bit_length()",
        "test_error_bound_adds_the_levels",
    ),
    Mistake(
        "the exponent of all inputs",
        "accuracy ** (-2 / smoothness)",
        "accuracy ** (-num_inputs / smoothness)",
        "test_units_grow_with_the_power_of_the_widest_part",
    ),
]
