"""Lecture 8: Flipout, weight noise that is nearly independent for every example of a batch.

With weights W + E_n for example n, one draw of E is turned into one for each of them by signs:

    E_n = E o (s_n r_n^T),     s_n, r_n uniform on {-1, 1}^D, {-1, 1}^K,     o elementwise
    Y = X W + ((X o S) E) o R,        rows of S and R the signs of the examples

If the entries of E are independent and symmetric about 0, every E_n is distributed as E, so that
gradients stay unbiased; and E_n and E_m are uncorrelated, so that the noise of a mean over the
batch falls as 1/N, where a shared E leaves a floor. The price is a second product of matrices.
Given |E|, all E_n share their magnitudes: uncorrelated, not independent.

Weights are (in, out) = (D, K).

    >>> import jax.numpy as jnp
    >>> E, S, R = jnp.ones((2, 1)), jnp.array([[1.0, -1.0]]), jnp.array([[-1.0]])
    >>> print(flipout_outputs(jnp.array([[3.0, 4.0]]), jnp.zeros((2, 1)), E, S, R))
    [[1.]]

Source: CSC2541 lecture 8; Wen et al. (2018).
"""

from collections.abc import Callable

import jax
from jaxtyping import Array, Float, Key

from reference.pytrees import Scalar

# --- Perturbations -------------------------------------------------------------------------------


def random_signs(
    key: Key[Array, ""], weights: Float[Array, "D K"], num_examples: int
) -> tuple[Float[Array, "N D"], Float[Array, "N K"]]:
    """S and R, independent and uniform on {-1, 1}; of the weights only shape and dtype count."""
    key_of_inputs, key_of_outputs = jax.random.split(key)
    D, K = weights.shape
    return (
        jax.random.rademacher(key_of_inputs, (num_examples, D), weights.dtype),
        jax.random.rademacher(key_of_outputs, (num_examples, K), weights.dtype),
    )


def flipout_perturbations(
    E: Float[Array, "D K"], S: Float[Array, "N D"], R: Float[Array, "N K"]
) -> Float[Array, "N D K"]:
    """E_n = E o (s_n r_n^T), written out. Cost: N D K memory, which flipout is there to avoid."""
    return E * S[:, :, None] * R[:, None, :]


def flipout_outputs(
    inputs: Float[Array, "N D"],
    W: Float[Array, "D K"],
    E: Float[Array, "D K"],
    S: Float[Array, "N D"],
    R: Float[Array, "N K"],
) -> Float[Array, "N K"]:
    """x_n^T (W + E_n) for all n, as X W + ((X o S) E) o R.

    Cost: two products of matrices, 4 N D K flops; linear in E, so gradients in a scale of E
    (a standard deviation to be learnt) pass through.
    Source: Wen et al. (2018), the mini-batch form.
    """
    return inputs @ W + ((inputs * S) @ E) * R


# --- Evolution strategies ------------------------------------------------------------------------


def flipout_es_gradient(
    key: Key[Array, ""],
    loss_of_outputs: Callable[[Float[Array, "N K"]], Scalar],
    inputs: Float[Array, "N D"],
    W: Float[Array, "D K"],
    std: Scalar | float,
    population: int,
) -> Float[Array, "D K"]:
    """(1 / M std) sum_m l_m E_m = (1 / M std) E o (S^T diag(l) R), M the size of the population.

    l_m = [loss(W + std E_m) - loss(W - std E_m)] / 2 is from an antithetic pair, and the E_m =
    E o (s_m r_m^T) from one draw E ~ N(0, I). An unbiased estimate of the gradient of
    E[loss(W + std E)], the loss smoothed by a Gaussian; no member's perturbation is ever formed.
    The magnitudes |E| are drawn once, which leaves a floor: for a linear loss of gradient G the
    mean square error is (2 + (D K - 1) / M) |G|^2.
    Cost: 2 M evaluations of the loss.
    Source: Wen et al. (2018), the section on evolution strategies.
    """
    key_of_noise, key_of_signs = jax.random.split(key)
    E = jax.random.normal(key_of_noise, W.shape, W.dtype)
    S, R = random_signs(key_of_signs, W, population)
    centre = inputs @ W

    def difference(s: Array, r: Array) -> Scalar:
        shift = std * ((inputs * s) @ E) * r
        return (loss_of_outputs(centre + shift) - loss_of_outputs(centre - shift)) / 2

    differences = jax.vmap(difference)(S, R)
    return E * (S.T @ (differences[:, None] * R)) / (population * std)
