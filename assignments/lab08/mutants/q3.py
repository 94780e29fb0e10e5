"""Mistakes that the checks of question 3 refuse: flipout, its gradients, variances."""

import jax
import jax.numpy as jnp

from grader.checks import mutant

OUTPUTS = ("outputs_of_layers", "outputs_at_the_edges", "outputs_are_uncorrelated")


@mutant(
    "q3",
    of="flipout_outputs",
    refused_by=OUTPUTS,
    says="All examples share the noise E: the signs are missing.",
)
def shared_noise(X, M, E, signs_in, signs_out):
    return X @ (M + E)


@mutant(
    "q3",
    of="flipout_outputs",
    refused_by=OUTPUTS,
    says="The noise is missing: these are the outputs of the mean weights.",
)
def mean_weights_only(X, M, E, signs_in, signs_out):
    return X @ M


@mutant(
    "q3",
    of="flipout_outputs",
    refused_by=("outputs_of_layers", "outputs_at_the_edges"),
    says="The signs of the outputs are missing: E_n has a sign for each row and one for each column.",
)
def signs_of_inputs_only(X, M, E, signs_in, signs_out):
    return X @ M + (X * signs_in) @ E


@mutant(
    "q3",
    of="flipout_outputs",
    refused_by=("outputs_of_layers", "outputs_at_the_edges"),
    says="The signs of the inputs are missing: E_n has a sign for each row and one for each column.",
)
def signs_of_outputs_only(X, M, E, signs_in, signs_out):
    return X @ M + (X @ E) * signs_out


@mutant(
    "q3",
    of="flipout_outputs",
    refused_by=OUTPUTS,
    says="The signs flip the mean weights as well: only the noise is flipped.",
)
def mean_flipped_too(X, M, E, signs_in, signs_out):
    return ((X * signs_in) @ (M + E)) * signs_out


@mutant(
    "q3",
    of="flipout_outputs",
    refused_by=("outputs_of_layers", "outputs_at_the_edges"),
    says=(
        "The signs of the outputs multiply the part of the mean weights too: they belong to the noise, "
        "so multiply before you add."
    ),
)
def mean_flipped_by_outputs(X, M, E, signs_in, signs_out):
    return (X @ M + (X * signs_in) @ E) * signs_out


@mutant(
    "q3",
    of="flipout_outputs",
    refused_by="outputs_of_layers",
    says="All examples get the signs of the first one: every row has its own.",
)
def signs_of_the_first_example(X, M, E, signs_in, signs_out):
    return X @ M + ((X * signs_in[0]) @ E) * signs_out[0]


@mutant(
    "q3",
    of="flipout_outputs",
    refused_by=("outputs_of_layers", "outputs_at_the_edges"),
    says="The noise is subtracted.",
)
def noise_subtracted(X, M, E, signs_in, signs_out):
    return X @ M - ((X * signs_in) @ E) * signs_out


@mutant(
    "q3",
    of="flipout_outputs",
    refused_by="outputs_at_the_edges",
    says="A squeeze removed an axis of length one: Y has the shape (N, K) always.",
)
def squeezed_outputs(X, M, E, signs_in, signs_out):
    return jnp.squeeze(X @ M + ((X * signs_in) @ E) * signs_out)


@mutant(
    "q3",
    of="flipout_outputs",
    refused_by="outputs_cost_two_products",
    says=(
        "Right, but a weight matrix is formed for every example. Signs of inputs can go to X, those of "
        "outputs to the product, and E stays one matrix."
    ),
)
def weights_for_every_example(X, M, E, signs_in, signs_out):
    weights = M + E * signs_in[:, :, None] * signs_out[:, None, :]
    return jnp.einsum("nd,ndk->nk", X, weights)


@mutant(
    "q3",
    of="flipout_outputs",
    refused_by="outputs_cost_two_products",
    says=(
        "Right, but there is a loop over the examples, each with a weight matrix of its own: the signs "
        "can be applied to whole arrays, before and after one product."
    ),
)
def example_by_example(X, M, E, signs_in, signs_out):
    def one(example):
        x, s, r = example
        return x @ (M + E * jnp.outer(s, r))

    return jax.lax.map(one, (X, signs_in, signs_out))


# --- Gradients ------------------------------------------------------------------------------------


@mutant(
    "q3",
    of="flipout_gradients",
    refused_by="gradients_of_layers",
    says="The signs are missing in the gradient in std.",
)
def gradient_without_signs(X, Z, signs_in, signs_out, G):
    return X.T @ G, Z * (X.T @ G)


@mutant(
    "q3",
    of="flipout_gradients",
    refused_by="gradients_of_layers",
    says="The second gradient is the one in E: std is multiplied by Z, and so is its gradient.",
)
def gradient_in_the_noise(X, Z, signs_in, signs_out, G):
    return X.T @ G, (X * signs_in).T @ (G * signs_out)


@mutant(
    "q3",
    of="flipout_gradients",
    refused_by="gradients_of_layers",
    says="The signs of the outputs are missing in the gradient in std: they multiply G.",
)
def gradient_without_signs_of_outputs(X, Z, signs_in, signs_out, G):
    return X.T @ G, Z * ((X * signs_in).T @ G)


@mutant(
    "q3",
    of="flipout_gradients",
    refused_by="gradients_of_layers",
    says="The gradient in M has the signs too: the mean weights are not flipped.",
)
def signs_in_the_mean_gradient(X, Z, signs_in, signs_out, G):
    flipped = (X * signs_in).T @ (G * signs_out)
    return flipped, Z * flipped


@mutant(
    "q3",
    of="flipout_gradients",
    refused_by="gradients_of_layers",
    says=(
        "The gradients are divided by N: G is the gradient of the loss already, so that they are sums "
        "over the examples."
    ),
)
def gradients_averaged(X, Z, signs_in, signs_out, G):
    N = len(X)
    return X.T @ G / N, Z * ((X * signs_in).T @ (G * signs_out)) / N


@mutant(
    "q3",
    of="flipout_gradients",
    refused_by="gradients_of_layers",
    says="The gradients went through float32: keep the dtype of the arrays that you are given.",
)
def gradients_in_float32(X, Z, signs_in, signs_out, G):
    X, Z, G = (a.astype(jnp.float32) for a in (X, Z, G))
    signs_in, signs_out = signs_in.astype(jnp.float32), signs_out.astype(jnp.float32)
    return X.T @ G, Z * ((X * signs_in).T @ (G * signs_out))


@mutant(
    "q3",
    of="flipout_gradients",
    refused_by="gradients_cost_two_products",
    says=(
        "Right, but the gradient of every example is formed as a matrix, and then they are added up: a "
        "product of two matrices sums over the examples by itself."
    ),
)
def gradient_of_every_example(X, Z, signs_in, signs_out, G):
    def of_example(x, s, r, g):
        return jnp.outer(x, g), Z * jnp.outer(s * x, r * g)

    each = jax.vmap(of_example)(X, signs_in, signs_out, G)
    return tuple(jnp.sum(part, axis=0) for part in each)


# --- Variances ------------------------------------------------------------------------------------


@mutant(
    "q3",
    of="mean_output_variances",
    refused_by="variances_of_the_mean",
    says="The two variances are in the wrong order: first with shared noise, then with flipout.",
)
def variances_swapped(X, std):
    return jnp.mean(X**2, axis=0) @ std**2 / len(X), jnp.mean(X, axis=0) ** 2 @ std**2


@mutant(
    "q3",
    of="mean_output_variances",
    refused_by="variances_of_the_mean",
    says=(
        "The first variance is one example's, averaged: with shared noise the examples are correlated, "
        "and the mean output has the mean input."
    ),
)
def mean_of_variances(X, std):
    square = jnp.mean(X**2, axis=0) @ std**2
    return square, square / len(X)


@mutant(
    "q3",
    of="mean_output_variances",
    refused_by="variances_of_the_mean",
    says=(
        "With flipout you divided the variance for shared noise by N: the variances of the examples "
        "add up, each with its own squared inputs."
    ),
)
def shared_over_n(X, std):
    shared = jnp.mean(X, axis=0) ** 2 @ std**2
    return shared, shared / len(X)


@mutant(
    "q3",
    of="mean_output_variances",
    refused_by="variances_of_the_mean",
    says="The factor 1/N is missing with flipout: this is the variance of one example's output.",
)
def one_example_with_flipout(X, std):
    return jnp.mean(X, axis=0) ** 2 @ std**2, jnp.mean(X**2, axis=0) @ std**2


@mutant(
    "q3",
    of="mean_output_variances",
    refused_by="variances_of_the_mean",
    says="These are sums with the standard deviations: variances have their squares.",
)
def deviations_not_squared(X, std):
    return jnp.mean(X, axis=0) ** 2 @ std, jnp.mean(X**2, axis=0) @ std / len(X)


@mutant(
    "q3",
    of="mean_output_variances",
    refused_by="variances_of_the_mean",
    says="These are the variances of the sum over the batch: the mean has 1/N^2 of them.",
)
def variances_of_the_sum(X, std):
    return jnp.sum(X, axis=0) ** 2 @ std**2, jnp.sum(X**2, axis=0) @ std**2
