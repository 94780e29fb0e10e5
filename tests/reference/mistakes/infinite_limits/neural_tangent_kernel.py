"""Plausible mistakes in `reference.infinite_limits.neural_tangent_kernel`."""

from tests.reference.mistakes import Mistake

SUM = "test_recursion_is_the_sum_over_layers_that_it_abbreviates"

MISTAKES = [
    Mistake(
        "the slope at the layer's output for that at its input",
        "slope = weight_variance * dual_kernel(activation.derivative_covariance, K)",
        "slope = weight_variance * dual_kernel(activation.derivative_covariance, second_moment)",
        SUM,
    ),
    Mistake(
        "no weight variance on the way back",
        "slope = weight_variance * dual_kernel(activation.derivative_covariance, K)",
        "slope = dual_kernel(activation.derivative_covariance, K)",
        SUM,
    ),
    Mistake(
        "only the first layer trained",
        "Theta = fan_in * second_moment + bias_rate + slope * Theta",
        "Theta = slope * Theta",
        SUM,
    ),
    Mistake(
        "the biases not trained",
        "Theta = fan_in * second_moment + bias_rate + slope * Theta",
        "Theta = fan_in * second_moment + slope * Theta",
        SUM,
    ),
    Mistake(
        "a layer's kernel replaced where the next one is due",
        "return (weight_variance * second_moment + bias_variance, Theta), None",
        "return (weight_variance * second_moment, Theta), None",
        SUM,
    ),
    Mistake(
        "a layer's own width for that of its inputs",
        "jnp.array([inputs.shape[1], *hidden_widths], inputs.dtype)",
        "jnp.array([*hidden_widths, 1], inputs.dtype)",
        "test_mean_standard_kernel_with_one_hidden_layer_is_exact",
    ),
    Mistake(
        "k0 and k1 exchanged",
        "first_order = arc_cosine_kernel(inputs, 1)",
        "first_order = arc_cosine_kernel(inputs, 0)",
        "test_one_hidden_relu_layer_is_k1_plus_the_inner_product_times_k0",
    ),
    Mistake(
        "the inner product left out",
        "first_order + (inputs @ inputs.T) * arc_cosine_kernel(inputs, 0)",
        "first_order + arc_cosine_kernel(inputs, 0)",
        "test_one_hidden_relu_layer_is_k1_plus_the_inner_product_times_k0",
    ),
]
