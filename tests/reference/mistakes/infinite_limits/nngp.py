"""Plausible mistakes in `reference.infinite_limits.nngp`."""

from tests.reference.mistakes import Mistake

LOOP = "test_kernel_is_a_loop_over_pairs_and_layers"
BAYES = "test_posterior_is_that_of_bayesian_linear_regression"

MISTAKES = [
    Mistake(
        "the inputs not divided by their number",
        "weight_variance * (inputs @ inputs.T) / inputs.shape[1] + bias_variance",
        "weight_variance * (inputs @ inputs.T) + bias_variance",
        LOOP,
    ),
    Mistake(
        "s_w for its square",
        "return weight_variance * dual_kernel(activation.covariance, K) + bias_variance, None",
        "return weight_variance**0.5 * dual_kernel(activation.covariance, K) + bias_variance, None",
        LOOP,
    ),
    Mistake(
        "no bias after the first layer",
        "return weight_variance * dual_kernel(activation.covariance, K) + bias_variance, None",
        "return weight_variance * dual_kernel(activation.covariance, K), None",
        LOOP,
    ),
    Mistake("a hidden layer too many", "length=num_hidden)", "length=num_hidden + 1)", LOOP),
    Mistake("one input's variance used for both", "dual(q[:, None], q, K)", "dual(q, q, K)", LOOP),
    Mistake(
        "the noise's standard deviation",
        "noise_variance * jnp.eye",
        "noise_variance**0.5 * jnp.eye",
        BAYES,
    ),
    Mistake("test inputs before training inputs", "K[:N, N:]", "K[N:, :N].T[::-1]", BAYES),
    Mistake(
        "the mean through one triangular factor only",
        "return half.T @ whitened,",
        "return half.T @ targets,",
        BAYES,
    ),
]
