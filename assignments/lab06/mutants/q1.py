"""Mistakes that the checks of question 1 refuse: the kernel at initialisation."""

import jax.numpy as jnp

from grader.checks import mutant


def _cosine(K, scale):
    return jnp.clip(jnp.where(scale > 0, K / jnp.where(scale > 0, scale, 1), 0), -1, 1)


def _scale(K):
    q = jnp.diagonal(K)
    return jnp.sqrt(q[:, None] * q)


def _moment(scale, cosine):
    theta = jnp.arccos(cosine)
    sine = jnp.sqrt((1 - cosine) * (1 + cosine))
    return scale * (sine + (jnp.pi - theta) * cosine) / (2 * jnp.pi)


def _gate(cosine):
    return (jnp.pi - jnp.arccos(cosine)) / (2 * jnp.pi)


def _duals(K):
    cosine = _cosine(K, _scale(K))
    return _moment(_scale(K), cosine), _gate(cosine)


def _kernels(X, num_hidden, sigma_w, sigma_b, moment=lambda K: _duals(K)[0], first_bias=1.0):
    kernels = [sigma_w**2 * (X @ X.T) / X.shape[1] + first_bias * sigma_b**2]
    for _ in range(num_hidden):
        kernels.append(sigma_w**2 * moment(kernels[-1]) + sigma_b**2)
    return jnp.stack(kernels)


# --- relu_duals ----------------------------------------------------------------------------------


@mutant(
    "q1",
    of="relu_duals",
    refused_by="duals_of_random_covariance",
    says=(
        "Both expectations are twice too large: ReLU lets half of the mass through. The factor is "
        "1/(2 pi), not 1/pi."
    ),
)
def duals_without_the_half(K):
    moment, gate = _duals(K)
    return 2 * moment, 2 * gate


@mutant(
    "q1",
    of="relu_duals",
    refused_by="duals_of_random_covariance",
    says="The two matrices are in the wrong order: the one of ReLU itself comes first.",
)
def duals_swapped(K):
    return _duals(K)[::-1]


@mutant(
    "q1",
    of="relu_duals",
    refused_by="duals_of_random_covariance",
    says=(
        "The angle itself stands where pi minus the angle belongs: two equal inputs, at angle 0, "
        "must have the largest covariance."
    ),
)
def angle_for_its_supplement(K):
    scale = _scale(K)
    cosine = _cosine(K, scale)
    theta = jnp.arccos(cosine)
    sine = jnp.sqrt((1 - cosine) * (1 + cosine))
    return scale * (sine + theta * cosine) / (2 * jnp.pi), theta / (2 * jnp.pi)


@mutant(
    "q1",
    of="relu_duals",
    refused_by="duals_of_random_covariance",
    says="The term with the sine of the angle is missing from E[relu(u) relu(v)].",
)
def sine_left_out(K):
    cosine = _cosine(K, _scale(K))
    return _scale(K) * _gate(cosine) * cosine, _gate(cosine)


@mutant(
    "q1",
    of="relu_duals",
    refused_by="duals_of_random_covariance",
    says=(
        "The correlation is K divided by the product of the standard deviations; you divided by the "
        "product of the variances, or multiplied by it afterwards."
    ),
)
def product_of_variances(K):
    scale = _scale(K) ** 2
    cosine = _cosine(K, scale)
    return _moment(scale, cosine), _gate(cosine)


@mutant(
    "q1",
    of="relu_duals",
    refused_by="nngp_of_parallel_inputs",
    says=(
        "Some correlations come out a rounding above 1, where the arc cosine is NaN: keep them in "
        "[-1, 1]."
    ),
)
def duals_not_clipped(K):
    s = jnp.sqrt(jnp.diagonal(K))
    cosine = K / (s[:, None] * s)
    return _moment(s[:, None] * s, cosine), _gate(cosine)


@mutant(
    "q1",
    of="relu_duals",
    refused_by="nngp_of_a_zero_input",
    says="An input of variance 0 has no correlations: 0/0 is NaN here, where the result is 0.",
)
def duals_divide_by_zero(K):
    scale = _scale(K)
    cosine = jnp.clip(K / scale, -1, 1)
    return _moment(scale, cosine), _gate(cosine)


# --- nngp_kernels --------------------------------------------------------------------------------


@mutant(
    "q1",
    of="nngp_kernels",
    refused_by=("nngp_of_random_inputs", "nngp_of_small_cases", "nngp_in_float32"),
    says="sigma_w and sigma_b are standard deviations: the kernel holds their squares.",
)
def deviations_for_variances(X, num_hidden, sigma_w, sigma_b):
    return _kernels(X, num_hidden, sigma_w**0.5, sigma_b**0.5)


@mutant(
    "q1",
    of="nngp_kernels",
    refused_by=("nngp_of_random_inputs", "nngp_of_small_cases", "nngp_keeps_variances"),
    says="The inputs' inner products are not divided by D: the first layer is scaled as any other.",
)
def inputs_not_scaled(X, num_hidden, sigma_w, sigma_b):
    return _kernels(X * X.shape[1] ** 0.5, num_hidden, sigma_w, sigma_b)


@mutant(
    "q1",
    of="nngp_kernels",
    refused_by=("nngp_of_random_inputs", "nngp_of_small_cases"),
    says="The first layer has biases too: its kernel lacks sigma_b squared.",
)
def first_layer_without_bias(X, num_hidden, sigma_w, sigma_b):
    return _kernels(X, num_hidden, sigma_w, sigma_b, first_bias=0.0)


@mutant(
    "q1",
    of="nngp_kernels",
    refused_by=("nngp_of_random_inputs", "nngp_keeps_variances"),
    says=(
        "E[relu(u) relu(v)] is twice too large in each layer: at sigma_w squared 2 the variances must "
        "stay as they are."
    ),
)
def moment_without_the_half(X, num_hidden, sigma_w, sigma_b):
    return _kernels(X, num_hidden, sigma_w, sigma_b, moment=lambda K: 2 * _duals(K)[0])


@mutant(
    "q1",
    of="nngp_kernels",
    refused_by=("nngp_of_random_inputs", "nngp_in_float32"),
    says=(
        "The variances are those of the first layer throughout: q and q' are the diagonal of the "
        "kernel of the layer before."
    ),
)
def variances_of_the_first_layer(X, num_hidden, sigma_w, sigma_b):
    scale = _scale(sigma_w**2 * (X @ X.T) / X.shape[1] + sigma_b**2)
    return _kernels(X, num_hidden, sigma_w, sigma_b, lambda K: _moment(scale, _cosine(K, scale)))


@mutant(
    "q1",
    of="nngp_kernels",
    refused_by="nngp_of_random_inputs",
    says=(
        "A layer's covariance is not its correlation: the factor sqrt(q q') is missing, as if every "
        "input had variance 1."
    ),
)
def correlations_for_covariances(X, num_hidden, sigma_w, sigma_b):
    return _kernels(X, num_hidden, sigma_w, sigma_b, lambda K: _moment(1, _cosine(K, _scale(K))))


@mutant(
    "q1",
    of="nngp_kernels",
    refused_by=("nngp_of_random_inputs", "nngp_of_small_cases"),
    says="Only the last kernel is returned: all L + 1 are wanted, one below the other.",
)
def last_kernel_only(X, num_hidden, sigma_w, sigma_b):
    return _kernels(X, num_hidden, sigma_w, sigma_b)[-1]


@mutant(
    "q1",
    of="nngp_kernels",
    refused_by=("nngp_of_random_inputs", "nngp_of_small_cases"),
    says="One layer too many: with L hidden layers the recursion is applied L times, from K^1.",
)
def one_layer_too_many(X, num_hidden, sigma_w, sigma_b):
    return _kernels(X, num_hidden + 1, sigma_w, sigma_b)[1:]


@mutant(
    "q1",
    of="nngp_kernels",
    refused_by=("nngp_of_parallel_inputs", "nngp_in_float32"),
    says=(
        "Some correlations of parallel inputs come out a rounding beyond 1, where the arc cosine is "
        "NaN: keep them in [-1, 1]."
    ),
)
def kernels_not_clipped(X, num_hidden, sigma_w, sigma_b):
    def moment(K):
        s = jnp.sqrt(jnp.diagonal(K))
        return _moment(s[:, None] * s, K / (s[:, None] * s))

    return _kernels(X, num_hidden, sigma_w, sigma_b, moment)


@mutant(
    "q1",
    of="nngp_kernels",
    refused_by="nngp_of_a_zero_input",
    says="An input of zeros without biases has variance 0 in each layer: you divided 0 by 0.",
)
def kernels_divide_by_zero(X, num_hidden, sigma_w, sigma_b):
    def moment(K):
        scale = _scale(K)
        return _moment(scale, jnp.clip(K / scale, -1, 1))

    return _kernels(X, num_hidden, sigma_w, sigma_b, moment)


@mutant(
    "q1",
    of="nngp_kernels",
    refused_by="nngp_keeps_variances",
    says=(
        "Correlations are held a little below 1, so that the variances lose some digits in each layer: "
        "the range is [-1, 1] itself."
    ),
)
def clipped_below_one(X, num_hidden, sigma_w, sigma_b):
    def moment(K):
        cosine = jnp.clip(_cosine(K, _scale(K)), -1 + 1e-6, 1 - 1e-6)
        return _moment(_scale(K), cosine)

    return _kernels(X, num_hidden, sigma_w, sigma_b, moment)
