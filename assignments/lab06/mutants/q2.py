"""Mistakes that the checks of question 2 refuse: the neural tangent kernel in the limit."""

import jax.numpy as jnp

from grader.checks import mutant


def _duals(K):
    q = jnp.diagonal(K)
    scale = jnp.sqrt(q[:, None] * q)
    c = jnp.clip(jnp.where(scale > 0, K / jnp.where(scale > 0, scale, 1), 0), -1, 1)
    theta = jnp.arccos(c)
    sine = jnp.sqrt((1 - c) * (1 + c))
    return scale * (sine + (jnp.pi - theta) * c) / (2 * jnp.pi), (jnp.pi - theta) / (2 * jnp.pi)


def _recursion(X, num_hidden, sigma_w, sigma_b, layer, first=lambda K: K):
    """Theta <- layer(K^l, K^{l+1}, gate, Theta), from first(K^1)."""
    K = sigma_w**2 * (X @ X.T) / X.shape[1] + sigma_b**2
    Theta = first(K)
    for _ in range(num_hidden):
        moment, gate = _duals(K)
        K, below = sigma_w**2 * moment + sigma_b**2, K
        Theta = layer(below, K, gate, Theta)
    return Theta


@mutant(
    "q2",
    of="ntk_kernel",
    refused_by=("ntk_of_random_inputs", "ntk_of_edge_cases", "ntk_in_float32"),
    says=(
        "This is the kernel of the standard parameterisation, with the weights' scale left out of the "
        "gradients: here sigma_w and sigma_b are part of the function, and of each derivative."
    ),
)
def standard_parameterisation(X, num_hidden, sigma_w, sigma_b):
    def layer(below, K, gate, Theta):
        return _duals(below)[0] + 1 + sigma_w**2 * gate * Theta

    first = X @ X.T / X.shape[1] + 1
    return _recursion(X, num_hidden, sigma_w, sigma_b, layer, first=lambda K: first)


@mutant(
    "q2",
    of="ntk_kernel",
    refused_by=("ntk_of_random_inputs", "ntk_is_a_sum_of_arc_cosine_kernels", "ntk_in_float32"),
    says="This is the NNGP kernel: what the layers below the last one contribute is missing.",
)
def last_layer_only(X, num_hidden, sigma_w, sigma_b):
    return _recursion(X, num_hidden, sigma_w, sigma_b, lambda below, K, gate, Theta: K)


@mutant(
    "q2",
    of="ntk_kernel",
    refused_by=("ntk_of_random_inputs", "ntk_grows_with_depth"),
    says="What comes from below passes through the weights of the layer: sigma_w squared is missing.",
)
def weights_left_out_on_the_way(X, num_hidden, sigma_w, sigma_b):
    return _recursion(
        X, num_hidden, sigma_w, sigma_b, lambda below, K, gate, Theta: K + gate * Theta
    )


@mutant(
    "q2",
    of="ntk_kernel",
    refused_by=("ntk_of_random_inputs", "ntk_is_a_sum_of_arc_cosine_kernels"),
    says=(
        "Each layer adds the kernel of its outputs, K^{l+1}: you added the one before, as if the "
        "gradient of a weight were the pre-activation below."
    ),
)
def kernel_of_the_layer_before(X, num_hidden, sigma_w, sigma_b):
    return _recursion(
        X,
        num_hidden,
        sigma_w,
        sigma_b,
        lambda below, K, gate, Theta: below + sigma_w**2 * gate * Theta,
    )


@mutant(
    "q2",
    of="ntk_kernel",
    refused_by=("ntk_of_random_inputs", "ntk_is_a_sum_of_arc_cosine_kernels"),
    says=(
        "The derivatives' expectation is taken at the wrong layer: ReLU acts on h^l, whose covariance "
        "is K^l, not K^{l+1}."
    ),
)
def gate_of_the_layer_above(X, num_hidden, sigma_w, sigma_b):
    return _recursion(
        X,
        num_hidden,
        sigma_w,
        sigma_b,
        lambda below, K, gate, Theta: K + sigma_w**2 * _duals(K)[1] * Theta,
    )


@mutant(
    "q2",
    of="ntk_kernel",
    refused_by=("ntk_of_random_inputs", "ntk_grows_with_depth", "ntk_in_float32"),
    says=(
        "The derivatives' expectation is twice too large: two equal inputs are active together with "
        "probability 1/2."
    ),
)
def gate_without_the_half(X, num_hidden, sigma_w, sigma_b):
    return _recursion(
        X,
        num_hidden,
        sigma_w,
        sigma_b,
        lambda below, K, gate, Theta: K + 2 * sigma_w**2 * gate * Theta,
    )


@mutant(
    "q2",
    of="ntk_kernel",
    refused_by=("ntk_of_random_inputs", "ntk_of_edge_cases"),
    says=(
        "The first layer is trained too: the recursion starts from Theta^1 = K^1, you started from 0."
    ),
)
def first_layer_not_trained(X, num_hidden, sigma_w, sigma_b):
    return _recursion(
        X,
        num_hidden,
        sigma_w,
        sigma_b,
        lambda below, K, gate, Theta: K + sigma_w**2 * gate * Theta,
        first=jnp.zeros_like,
    )


@mutant(
    "q2",
    of="ntk_kernel",
    refused_by=("ntk_of_random_inputs", "ntk_of_edge_cases"),
    says="The biases are trained too: each layer adds sigma_b squared to the tangent kernel.",
)
def biases_not_trained(X, num_hidden, sigma_w, sigma_b):
    return _recursion(
        X,
        num_hidden,
        sigma_w,
        sigma_b,
        lambda below, K, gate, Theta: K - sigma_b**2 + sigma_w**2 * gate * Theta,
        first=lambda K: K - sigma_b**2,
    )


@mutant(
    "q2",
    of="ntk_kernel",
    refused_by="ntk_of_random_inputs",
    says="sigma_b squared is added twice in each layer: K^{l+1} contains it already.",
)
def bias_added_twice(X, num_hidden, sigma_w, sigma_b):
    return _recursion(
        X,
        num_hidden,
        sigma_w,
        sigma_b,
        lambda below, K, gate, Theta: K + sigma_b**2 + sigma_w**2 * gate * Theta,
    )


@mutant(
    "q2",
    of="ntk_kernel",
    refused_by=("ntk_of_random_inputs", "ntk_in_float32"),
    says=(
        "The last term is a matrix product here: the kernels are multiplied entry by entry, as each "
        "entry is an expectation for its own pair of inputs."
    ),
)
def matrix_product(X, num_hidden, sigma_w, sigma_b):
    return _recursion(
        X, num_hidden, sigma_w, sigma_b, lambda below, K, gate, Theta: K + sigma_w**2 * gate @ Theta
    )


@mutant(
    "q2",
    of="ntk_kernel",
    refused_by=("ntk_of_random_inputs", "ntk_of_edge_cases"),
    says="The kernels of all layers are returned: only that of the whole network is wanted.",
)
def kernels_of_all_layers(X, num_hidden, sigma_w, sigma_b):
    depths = range(num_hidden + 1)
    return jnp.stack(
        [
            _recursion(
                X, L, sigma_w, sigma_b, lambda below, K, gate, Theta: K + sigma_w**2 * gate * Theta
            )
            for L in depths
        ]
    )


@mutant(
    "q2",
    of="ntk_kernel",
    refused_by="ntk_of_parallel_inputs",
    says=(
        "Some correlations of parallel inputs come out a rounding beyond 1, where the arc cosine is "
        "NaN: keep them in [-1, 1]."
    ),
)
def tangent_kernel_not_clipped(X, num_hidden, sigma_w, sigma_b):
    def layer(below, K, gate, Theta):
        s = jnp.sqrt(jnp.diagonal(below))
        gate = (jnp.pi - jnp.arccos(below / (s[:, None] * s))) / (2 * jnp.pi)
        return K + sigma_w**2 * gate * Theta

    return _recursion(X, num_hidden, sigma_w, sigma_b, layer)


@mutant(
    "q2",
    of="ntk_kernel",
    refused_by="ntk_of_edge_cases",
    says="An input of zeros without biases has variance 0 in each layer: you divided 0 by 0.",
)
def tangent_kernel_divides_by_zero(X, num_hidden, sigma_w, sigma_b):
    def layer(below, K, gate, Theta):
        q = jnp.diagonal(below)
        cosine = jnp.clip(below / jnp.sqrt(q[:, None] * q), -1, 1)
        return K + sigma_w**2 * (jnp.pi - jnp.arccos(cosine)) / (2 * jnp.pi) * Theta

    return _recursion(X, num_hidden, sigma_w, sigma_b, layer)
