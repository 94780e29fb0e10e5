"""Plausible mistakes in `reference.best_response.recurrent_gradients`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "every window counts its steps from 0",
        "lambda state, t: step(state, theta, t), state, first + jnp.arange(num_steps)",
        "lambda state, t: step(state, theta, t), state, jnp.arange(num_steps)",
        "test_unrolling_in_parts_is_unrolling",
    ),
    Mistake(
        "the mean for the sum of the losses",
        "return state, jnp.sum(losses)",
        "return state, jnp.mean(losses)",
        "test_unrolling_in_parts_is_unrolling",
    ),
    Mistake(
        "no direct effect of theta on a step",
        "(state, theta), (column, direction)",
        "(state, theta), (column, 0 * direction)",
        "test_forward_accumulation_is_backpropagation",
    ),
    Mistake(
        "the old Jacobian forgotten",
        "return (states[0], columns), slopes",
        "return (states[0], 0 * columns), slopes",
        "test_forward_accumulation_is_backpropagation",
    ),
    Mistake(
        "scales that do not cancel",
        "of_theta / a + pulled / b",
        "of_theta / b + pulled / a",
        "test_rank_one_estimates_average_to_the_gradient_over_all_signs",
    ),
    Mistake(
        "the direct slope of the loss left out",
        "return carry, slope * of_theta + direct_slope",
        "return carry, slope * of_theta",
        "test_rank_one_estimates_average_to_the_gradient_over_all_signs",
    ),
    Mistake(
        "a scale that depends on the sign",
        "a * pushed + b * nu, of_theta / a",
        "a * (1 + 0.3 * nu[0]) * pushed + b * nu, of_theta / a / (1 + 0.3 * nu[1])",
        "test_rank_one_estimates_average_to_the_gradient_over_all_signs",
    ),
    Mistake(
        "every window starts anew",
        "return end, slope",
        "return state_0, slope",
        "test_truncated_gradient_leaves_out_what_crosses_the_windows",
    ),
]
