"""Mistakes that the checks of question 3 refuse: batch normalisation, its gradient, step sizes."""

import jax
import jax.numpy as jnp

from grader.checks import mutant

# --- batch_norm ----------------------------------------------------------------------------------


@mutant(
    "q3",
    of="batch_norm",
    refused_by="batch_norm_of_random_activations",
    says="The variance has 1/(N - 1): batch statistics are means over the N examples.",
)
def unbiased_variance(S, epsilon):
    return (S - S.mean(axis=0)) / jnp.sqrt(S.var(axis=0, ddof=1) + epsilon)


@mutant(
    "q3",
    of="batch_norm",
    refused_by="batch_norm_of_random_activations",
    says="epsilon is added to the standard deviation; it belongs to the variance, inside the root.",
)
def epsilon_outside_the_root(S, epsilon):
    return (S - S.mean(axis=0)) / (S.std(axis=0) + epsilon)


@mutant(
    "q3",
    of="batch_norm",
    refused_by="batch_norm_of_random_activations",
    says="Each example is normalised over the units, which is layer normalisation.",
)
def layer_normalisation(S, epsilon):
    centred = S - S.mean(axis=1, keepdims=True)
    return centred / jnp.sqrt(S.var(axis=1, keepdims=True) + epsilon)


@mutant(
    "q3",
    of="batch_norm",
    refused_by="batch_norm_of_random_activations",
    says="The mean is not subtracted: columns of Z have mean 0.",
)
def not_centred(S, epsilon):
    return S / jnp.sqrt(S.var(axis=0) + epsilon)


@mutant(
    "q3",
    of="batch_norm",
    refused_by="batch_norm_of_random_activations",
    says="Divided by the variance: its root is missing.",
)
def divided_by_the_variance(S, epsilon):
    return (S - S.mean(axis=0)) / (S.var(axis=0) + epsilon)


@mutant(
    "q3",
    of="batch_norm",
    refused_by="batch_norm_of_random_activations",
    says="One mean and one variance for all units: each column has its own.",
)
def statistics_of_all_units(S, epsilon):
    return (S - S.mean()) / jnp.sqrt(S.var() + epsilon)


@mutant(
    "q3",
    of="batch_norm",
    refused_by="batch_norm_of_a_large_mean",
    says=(
        "The variance is a mean of squares less the square of the mean: with a large mean that is a "
        "difference of nearly equal numbers. Centre first."
    ),
)
def variance_as_a_difference(S, epsilon):
    mean = S.mean(axis=0)
    variance = (S**2).mean(axis=0) - mean**2
    return (S - mean) / jnp.sqrt(jnp.abs(variance) + epsilon)


@mutant(
    "q3",
    of="batch_norm",
    refused_by="batch_norm_of_a_large_mean",
    says="The computation went through float32: keep the dtype of the arrays that you are given.",
)
def normalised_in_float32(S, epsilon):
    S32 = jnp.asarray(S, jnp.float32)
    return ((S32 - S32.mean(axis=0)) / jnp.sqrt(S32.var(axis=0) + epsilon)).astype(S.dtype)


# --- batch_norm_gradient -------------------------------------------------------------------------


def _pull_back(X, W, U, epsilon, *, mean=lambda m: m, variance=lambda v: v):
    """The gradient with the batch statistics passed through `mean` and `variance`."""

    def normalised(W):
        S = X @ W
        deviations = S - mean(S.mean(axis=0))
        return deviations / jnp.sqrt(variance(S.var(axis=0)) + epsilon)

    return jax.vjp(normalised, W)[1](U)[0]


@mutant(
    "q3",
    of="batch_norm_gradient",
    refused_by=("gradient_of_random_layers", "gradient_of_rescaled_units"),
    says=(
        "Mean and variance are treated as constants. They depend on W, and without their part the "
        "gradient is not orthogonal to the weights."
    ),
)
def constant_statistics(X, W, U, epsilon):
    stop = jax.lax.stop_gradient
    return _pull_back(X, W, U, epsilon, mean=stop, variance=stop)


@mutant(
    "q3",
    of="batch_norm_gradient",
    refused_by="gradient_of_random_layers",
    says="The gradient flows through the mean, but the variance is treated as a constant.",
)
def constant_variance(X, W, U, epsilon):
    return _pull_back(X, W, U, epsilon, variance=jax.lax.stop_gradient)


@mutant(
    "q3",
    of="batch_norm_gradient",
    refused_by="gradient_of_random_layers",
    says="The gradient flows through the variance, but the mean is treated as a constant.",
)
def constant_mean(X, W, U, epsilon):
    return _pull_back(X, W, U, epsilon, mean=jax.lax.stop_gradient)


@mutant(
    "q3",
    of="batch_norm_gradient",
    refused_by="gradient_of_random_layers",
    says="U contains the mean over the examples already: don't divide by N again.",
)
def divided_by_the_examples(X, W, U, epsilon):
    return _pull_back(X, W, U, epsilon) / len(X)


@mutant(
    "q3",
    of="batch_norm_gradient",
    refused_by=("gradient_of_random_layers", "gradient_of_one_unit"),
    says="This is the gradient in S = X W, not in W.",
)
def gradient_in_the_activations(X, W, U, epsilon):
    def normalised(S):
        return (S - S.mean(axis=0)) / jnp.sqrt(S.var(axis=0) + epsilon)

    return jax.vjp(normalised, X @ W)[1](U)[0]


@mutant(
    "q3",
    of="batch_norm_gradient",
    refused_by=("gradient_of_random_layers", "gradient_of_one_unit"),
    says="Without the normalisation the gradient is X^T U: that is what was returned.",
)
def gradient_without_normalisation(X, W, U, epsilon):
    return X.T @ U


@mutant(
    "q3",
    of="batch_norm_gradient",
    refused_by="gradient_of_random_layers",
    says="epsilon is left out of the gradient.",
)
def gradient_without_epsilon(X, W, U, epsilon):
    return _pull_back(X, W, U, 0.0)


@mutant(
    "q3",
    of="batch_norm_gradient",
    refused_by="gradient_of_rescaled_units",
    says=(
        "An epsilon of its own was added, which matters for units with tiny weights: it is an "
        "argument, and may be 0."
    ),
)
def gradient_with_its_own_epsilon(X, W, U, epsilon):
    return _pull_back(X, W, U, epsilon + 1e-8)


@mutant(
    "q3",
    of="batch_norm_gradient",
    refused_by="gradient_to_all_digits",
    says="A finite difference keeps some ten digits at best: differentiate, don't difference.",
)
def gradient_by_differences(X, W, U, epsilon):
    def cost(W):
        S = X @ W
        return jnp.sum(U * (S - S.mean(axis=0)) / jnp.sqrt(S.var(axis=0) + epsilon))

    def entry(i):
        h = 1e-5 * jnp.zeros(W.size).at[i].set(1).reshape(W.shape)
        return (cost(W + h) - cost(W - h)) / 2e-5

    return jax.vmap(entry)(jnp.arange(W.size)).reshape(W.shape)


@mutant(
    "q3",
    of="batch_norm_gradient",
    refused_by="gradient_costs_few_products",
    says=(
        "Right, but a loop over the weights costs a forward pass for each of them: reverse mode "
        "gets all of them with one pass back."
    ),
)
def gradient_by_basis_vectors(X, W, U, epsilon):
    def normalised(W):
        S = X @ W
        return (S - S.mean(axis=0)) / jnp.sqrt(S.var(axis=0) + epsilon)

    def entry(i):
        basis = jnp.zeros(W.size, W.dtype).at[i].set(1).reshape(W.shape)
        return jnp.sum(U * jax.jvp(normalised, (W,), (basis,))[1])

    return jax.lax.map(entry, jnp.arange(W.size)).reshape(W.shape)


@mutant(
    "q3",
    of="batch_norm_gradient",
    refused_by="gradient_costs_few_products",
    says=(
        "Right, but the normalisation's Jacobian is formed, N^2 entries for each unit: pull U back "
        "instead."
    ),
)
def gradient_by_jacobians(X, W, U, epsilon):
    def normalised(s):
        return (s - s.mean()) / jnp.sqrt(s.var() + epsilon)

    J = jax.vmap(jax.jacrev(normalised), in_axes=1)(X @ W)
    return X.T @ jnp.einsum("onm,no->mo", J, U)


# --- effective_step_sizes ------------------------------------------------------------------------


@mutant(
    "q3",
    of="effective_step_sizes",
    refused_by="effective_step_sizes_of_units",
    says=(
        "Divided by the norm only once. The gradient at a unit vector is |w| times longer, and all "
        "lengths are |w| times shorter: that is two factors."
    ),
)
def divided_by_the_norm(step_size, W):
    return step_size / jnp.linalg.norm(W, axis=0)


@mutant(
    "q3",
    of="effective_step_sizes",
    refused_by="effective_step_sizes_of_units",
    says="The norm is that of the whole matrix: each unit is scale-invariant by itself.",
)
def norm_of_the_matrix(step_size, W):
    return jnp.full(W.shape[1], step_size) / jnp.sum(W**2)


@mutant(
    "q3",
    of="effective_step_sizes",
    refused_by="effective_step_sizes_of_units",
    says="The norms are those of the rows, an input each. A unit's weights are a column.",
)
def norms_of_the_rows(step_size, W):
    return step_size / jnp.sum(W**2, axis=1)


@mutant(
    "q3",
    of="effective_step_sizes",
    refused_by="effective_step_sizes_of_units",
    says="The effective step size falls with the norm; you multiplied by |w|^2.",
)
def multiplied_by_the_square(step_size, W):
    return step_size * jnp.sum(W**2, axis=0)


@mutant(
    "q3",
    of="effective_step_sizes",
    refused_by="effective_step_sizes_of_units",
    says="The mean of the squared weights is not their squared norm: sum over the inputs.",
)
def mean_of_the_squares(step_size, W):
    return step_size / jnp.mean(W**2, axis=0)
