"""Lecture 6: the tangent kernel of a network at hand, without its Jacobian.

    Theta[n, m, j, k] = <df_j(x_n)/dw, df_k(x_m)/dw>,      or per leaf with rates:  J diag(r) J^T

The dense way holds N K gradients of length P and multiplies them pairwise. For a perceptron the
gradient of one layer is an outer product, of the layer's input a and the sensitivity
delta_j = df_j/dh, so inner products of gradients are products of inner products:

    Theta = sum over layers of  (r_W <a_n, a_m> + r_b) <delta_{n,j}, delta_{m,k}>

For any network, a column of Theta is a gradient followed by a forward derivative.

Multiplications, for N inputs, K outputs, P weights, hidden widths n_l:

    dense        N K P + N^2 K^2 P
    products     N K P + 2 N^2 K P
    layerwise    N K P + N^2 sum_l (n_l + K^2 n_l)         (traced: K n_l)

`tangent_kernel` takes the least. Layerwise wins, unless there are several hidden layers and twice
as many outputs as units in them.

    >>> w = [{"weights": jnp.array([[2.0]]), "biases": jnp.zeros(1)}]
    >>> print(tangent_kernel(w, jnp.array([[1.0], [3.0]]), phi=jnp.tanh)[:, :, 0, 0])
    [[ 2.  4.]
     [ 4. 10.]]

Source: Jacot, Gabriel and Hongler (2018); Novak, Sohl-Dickstein and Schoenholz (2022), fast
finite width kernels, for the three ways and their costs.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from reference.infinite_limits.finite_width import Rates, perceptron_outputs
from reference.pytrees import Tree

Network = Callable[[Tree, Array], Array]

# --- Any network ---------------------------------------------------------------------------------


def dense_tangent_kernel(
    network: Network, w: Tree, inputs: Float[Array, "N D"], *, rates: Rates | None = None
) -> Float[Array, "N N K K"]:
    """Theta = J diag(r) J^T by one dense Jacobian an example: the oracle.

    `network(w, inputs)` maps (N, D) to (N, K), each row from its own example.
    Cost: N K gradients of one example, N^2 K^2 P multiplications, N K P memory.
    """
    J = jax.vmap(jax.jacrev(lambda w, x: network(w, x[None])[0]), (None, 0))(w, inputs)

    def contraction(J: Array, rate: float | Array) -> Array:
        rows = J.reshape(*J.shape[:2], -1)
        return rate * jnp.einsum("njp,mkp->nmjk", rows, rows)

    return jax.tree.reduce(jnp.add, jax.tree.map(contraction, J, _or_ones(rates, w)))


def tangent_kernel_product(
    network: Network,
    w: Tree,
    inputs: Float[Array, "N D"],
    V: Float[Array, "N K"],
    *,
    rates: Rates | None = None,
) -> Float[Array, "N K"]:
    """Theta V = J diag(r) (J^T V): how the outputs move when descent sees the error V.

    Cost: one gradient and one forward derivative of the batch, whatever N and K.
    """
    outputs, pull_back = jax.vjp(lambda w: network(w, inputs), w)
    (gradient,) = pull_back(V.astype(outputs.dtype))
    return jax.jvp(lambda w: network(w, inputs), (w,), (_rescaled(gradient, rates),))[1]


def tangent_kernel_by_products(
    network: Network, w: Tree, inputs: Float[Array, "N D"], *, rates: Rates | None = None
) -> Float[Array, "N N K K"]:
    """Theta, column by column: J diag(r) (dw of output k at x_m), for all m and k.

    Gradients are of one example, forward derivatives of the whole batch.
    Cost: N K gradients of one example, N^2 K forward derivatives; memory K P, an example at once.
    """

    def columns(x: Array) -> Array:
        outputs, pull_back = jax.vjp(lambda w: network(w, x[None])[0], w)
        gradients = jax.vmap(lambda e: _rescaled(pull_back(e)[0], rates))(
            jnp.eye(len(outputs), dtype=outputs.dtype)
        )
        _, push_forward = jax.linearize(lambda w: network(w, inputs), w)
        return jax.vmap(push_forward)(gradients)

    return jax.lax.map(columns, inputs).transpose(2, 0, 3, 1)  # from m, k, n, j


# --- Perceptrons ---------------------------------------------------------------------------------


def layerwise_tangent_kernel(
    w: Tree,
    inputs: Float[Array, "N D"],
    *,
    phi: Callable[[Array], Array],
    rates: Rates | None = None,
) -> Float[Array, "N N K K"]:
    """sum over layers of (r_W <a_n, a_m> + r_b) <delta_{n,j}, delta_{m,k}>, for a perceptron.

    The full kernel, every pair of outputs. The last layer's delta is I, and costs nothing.
    Cost: N K backward passes, then N^2 (n_in + K^2 n_out) multiplications a layer.
    """
    grams, slopes = _forward_pass(w, inputs, phi, rates)
    N, K = len(inputs), w[-1]["weights"].shape[1]
    # The sum keeps the axes n j m k, as a product of matrices leaves them: turning every term,
    # not their sum, takes half as long again where N is large and the layers thin.
    Theta = grams[-1][:, None, :, None] * jnp.eye(K, dtype=inputs.dtype)[:, None, :]
    for gram, delta in zip(grams[:-1], _sensitivities(w, slopes), strict=True):
        rows = delta.reshape(N * K, -1)
        Theta += gram[:, None, :, None] * (rows @ rows.T).reshape(N, K, N, K)
    return Theta.transpose(0, 2, 1, 3)


def traced_tangent_kernel(
    w: Tree,
    inputs: Float[Array, "N D"],
    *,
    phi: Callable[[Array], Array],
    rates: Rates | None = None,
) -> Float[Array, "N N"]:
    """(1/K) sum_k Theta[:, :, k, k]: the mean over outputs, near the Theta of infinite width.

    Divided by K; the trace itself is K times this. The hidden layers see the last weights only
    through W W^T, so where outputs outnumber the units before them a square root of W W^T
    replaces W. Cost: N min(K, n) backward passes and N^2 (n_in + min(K, n) n_out) a layer.
    """
    grams, slopes = _forward_pass(w, inputs, phi, rates)
    num_in, K = w[-1]["weights"].shape
    if num_in < K:
        w = [*w[:-1], {"weights": jnp.linalg.qr(w[-1]["weights"].T, mode="r").T}]
    total = K * grams[-1]
    for gram, delta in zip(grams[:-1], _sensitivities(w, slopes), strict=True):
        rows = delta.reshape(len(delta), -1)
        total += gram * (rows @ rows.T)
    return total / K


class ContractionCosts(NamedTuple):
    """Multiplications of the three ways to the full kernel of a perceptron."""

    dense: int
    products: int
    layerwise: int


def contraction_costs(num_examples: int, widths: Sequence[int]) -> ContractionCosts:
    """N K P + N^2 K^2 P, N K P + 2 N^2 K P and N K P + N^2 (sum n_in + K^2 sum of hidden n_l).

    `widths` from the inputs to the outputs; P counts weights, not biases.

    >>> costs = contraction_costs(100, (20, 64, 64, 10))
    >>> print(costs.dense // costs.layerwise, costs.products // costs.layerwise)
    44 8
    """
    N, K = num_examples, widths[-1]
    P = sum(num_in * num_out for num_in, num_out in pairwise(widths))
    gradients = N * K * P
    layers = sum(widths[:-1]) + K**2 * sum(widths[1:-1])
    return ContractionCosts(
        gradients + N**2 * K**2 * P, gradients + 2 * N**2 * K * P, gradients + N**2 * layers
    )


def tangent_kernel(
    w: Tree,
    inputs: Float[Array, "N D"],
    *,
    phi: Callable[[Array], Array],
    rates: Rates | None = None,
) -> Float[Array, "N N K K"]:
    """Theta of a perceptron by whichever of layers and products takes fewer multiplications.

    By `contraction_costs` (the dense way never takes the fewest), known from the shapes alone.
    Standard parameterisation unless given `rates`: those of `ntk_rates` give the NTK one.
    """
    widths = [len(layer["weights"]) for layer in w] + [w[-1]["weights"].shape[1]]
    costs = contraction_costs(len(inputs), widths)
    if costs.layerwise <= costs.products:
        return layerwise_tangent_kernel(w, inputs, phi=phi, rates=rates)
    return tangent_kernel_by_products(
        lambda w, x: perceptron_outputs(w, x, phi), w, inputs, rates=rates
    )


# --- Shared by the above -------------------------------------------------------------------------


def _or_ones(rates: Rates | None, w: Tree) -> Rates:
    return jax.tree.map(lambda _: 1.0, w) if rates is None else rates


def _rescaled(gradient: Tree, rates: Rates | None) -> Tree:
    if rates is None:
        return gradient
    return jax.tree.map(lambda leaf, rate: leaf * rate, gradient, rates)


def _forward_pass(
    w: Tree, inputs: Array, phi: Callable[[Array], Array], rates: Rates | None
) -> tuple[list[Array], list[Array]]:
    """r_W <a_n, a_m> + r_b for every layer, and phi'(h) for every hidden one."""
    grams, slopes, a = [], [], inputs
    for layer, rate in zip(w, _or_ones(rates, w), strict=True):
        grams.append(rate["weights"] * (a @ a.T) + rate["biases"])
        h = a @ layer["weights"] + layer["biases"]
        a, slope = jax.jvp(phi, (h,), (jnp.ones_like(h),))
        slopes.append(slope)
    return grams, slopes[:-1]


def _sensitivities(w: Tree, slopes: list[Array]) -> list[Float[Array, "N K _"]]:
    """delta[n, k] = df_k(x_n)/dh for every hidden layer, the first one first."""
    deltas = []
    for layer, slope in zip(w[:0:-1], slopes[::-1], strict=True):
        ahead = deltas[-1] @ layer["weights"].T if deltas else layer["weights"].T
        deltas.append(ahead * slope[:, None, :])
    return deltas[::-1]
