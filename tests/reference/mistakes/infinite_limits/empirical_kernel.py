"""Plausible mistakes in `reference.infinite_limits.empirical_kernel`."""

from tests.reference.mistakes import Mistake

ALL = "test_all_ways_to_the_kernel_are_the_jacobian_times_itself"
TRACED = "test_traced_kernel_is_the_mean_over_outputs"

MISTAKES = [
    Mistake(
        "the slope of the activation left out on the way back",
        "deltas.append(ahead * slope[:, None, :])",
        "deltas.append(ahead * jnp.ones_like(slope)[:, None, :])",
        ALL,
    ),
    Mistake(
        "outputs of the two examples exchanged",
        ".transpose(0, 2, 1, 3)",
        ".transpose(0, 2, 3, 1)",
        ALL,
    ),
    Mistake(
        "the biases forgotten",
        'rate["weights"] * (a @ a.T) + rate["biases"]',
        'rate["weights"] * (a @ a.T)',
        ALL,
    ),
    Mistake(
        "rates as factors of the gradient, so squared in the kernel",
        "return rate * jnp.einsum(",
        "return rate**2 * jnp.einsum(",
        ALL,
    ),
    Mistake(
        "outputs of the two examples exchanged in products",
        ".transpose(2, 0, 3, 1)",
        ".transpose(2, 0, 1, 3)",
        ALL,
    ),
    Mistake("the trace, not the mean over outputs", "return total / K", "return total", TRACED),
    Mistake(
        "the last layer counted once, not for each output",
        "total = K * grams[-1]",
        "total = grams[-1]",
        TRACED,
    ),
    Mistake(
        "rates forgotten in products",
        "(w,), (_rescaled(gradient, rates),))[1]",
        "(w,), (gradient,))[1]",
        "test_product_is_the_kernel_times_the_error",
    ),
    Mistake(
        "the way that takes more",
        "if costs.layerwise <= costs.products:",
        "if costs.layerwise > costs.products:",
        "test_the_cheapest_way_is_taken",
    ),
    Mistake(
        "outputs not squared in the count",
        "K**2 * sum(widths[1:-1])",
        "K * sum(widths[1:-1])",
        "test_costs_are_counted_by_hand_for_a_small_network",
    ),
    Mistake(
        "outputs not reduced to the units before them",
        "    if num_in < K:",
        "    if num_in < 0:",
        "test_traced_kernel_does_not_grow_with_outputs_beyond_the_hidden_units",
    ),
]
