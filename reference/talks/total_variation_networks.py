"""Talk: weight decay on parallel ReLU networks is sparsity, and in one dimension total variation.

    min (1/2) sum_{j,l} |W_jl|^2 = (L/2) sum_j c_j^{2/L},      c_j = prod_l |W_jl|

over rescalings of the layers that leave f(x) = sum_j W_jL relu( ... relu(W_j1 x)) as it is: a
subnetwork's L numbers of given product have the least sum of squares when equal. So the deeper, the
sparser among subnetworks: an l_p penalty with p = 2 / L.

For L = 2, one input, and biases and a line without penalty, c_j = |a_j w_j| is the jump of the
slope at a knot, and the penalty the total variation of f'. Weight-decayed networks then solve

    min_f (1/2N) sum_n (f(x_n) - y_n)^2 + lambda TV(f')

whose solutions include splines with knots at the inputs: linear trend filtering.

    >>> x, values = jnp.arange(4.0), jnp.array([0.0, 1.0, 2.0, 0.0])
    >>> print(slope_variation(values, x), network_penalty(spline_network(values, x)))
    3.0 3.0

M subnetworks or hidden units, L layers; inputs x are distinct and ascend. Source: Parhi and Nowak
(2021), the total variation; Kim et al. (2009), trend filtering; Zhang and Wang (2023), depth.
"""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from reference.pytrees import Scalar
from reference.talks.sparse_recovery import fista_iterates, largest_step_size

# --- Any depth -----------------------------------------------------------------------------------


def parallel_network(
    layers: Sequence[Float[Array, "M _ _"]], x: Float[Array, "N D"]
) -> Float[Array, "N K"]:
    """f(x) = sum_j W_jL relu(W_j,L-1 ... relu(W_j1 x)); W_jl = layers[l - 1][j], no biases."""
    h = jnp.broadcast_to(x, (layers[0].shape[0], *x.shape))
    for W in layers[:-1]:
        h = jax.nn.relu(jnp.einsum("jrc,jnc->jnr", W, h))
    return jnp.einsum("jrc,jnc->nr", layers[-1], h)


def weight_decay(layers: Sequence[Float[Array, "M _ _"]]) -> Scalar:
    """(1/2) sum_{j,l} |W_jl|^2, Frobenius norms."""
    return jnp.sum(_norms(layers) ** 2) / 2


def path_penalty(layers: Sequence[Float[Array, "M _ _"]]) -> Scalar:
    """(L/2) sum_j (prod_l |W_jl|)^{2/L}: the least weight decay among rescalings of the layers."""
    return len(layers) / 2 * jnp.sum(jnp.prod(_norms(layers), axis=0) ** (2 / len(layers)))


def balanced_layers(
    layers: Sequence[Float[Array, "M _ _"]],
) -> list[Float[Array, "M _ _"]]:
    """The same function with |W_jl| = (prod_l |W_jl|)^{1/L} for all l; no W_jl may be 0."""
    norms = _norms(layers)
    factors = jnp.prod(norms, axis=0) ** (1 / len(layers)) / norms
    return [W * factor[:, None, None] for W, factor in zip(layers, factors, strict=True)]


# --- Two layers, one input -----------------------------------------------------------------------


class ReluNetwork(NamedTuple):
    """f(x) = intercept + slope x + sum_j a_j relu(w_j x - b_j), its knots b_j / w_j."""

    a: Float[Array, " M"]
    w: Float[Array, " M"]
    b: Float[Array, " M"]
    intercept: Scalar
    slope: Scalar


def network_values(network: ReluNetwork, x: Float[Array, " N"]) -> Float[Array, " N"]:
    """f(x_n). Cost: N M."""
    hidden = jax.nn.relu(x[:, None] * network.w - network.b)
    return network.intercept + network.slope * x + hidden @ network.a


def network_penalty(network: ReluNetwork) -> Scalar:
    """(1/2) sum_j (a_j^2 + w_j^2) >= sum_j |a_j w_j| >= TV(f').

    Equal where |a_j| = |w_j|, and jumps at one knot have one sign.
    """
    return jnp.sum(network.a**2 + network.w**2) / 2


def slope_variation(values: Float[Array, " N"], x: Float[Array, " N"]) -> Scalar:
    """TV(f') = sum |slope_{n+1} - slope_n|, f the linear spline through (x_n, values_n).

    No function through them has less: the mean value theorem finds these slopes in each.
    """
    return jnp.sum(jnp.abs(jnp.diff(_slopes(values, x))))


def spline_network(values: Float[Array, " N"], x: Float[Array, " N"]) -> ReluNetwork:
    """The network of least penalty through (x_n, values_n): N - 2 units, a knot at each inner x_n.

    a_j w_j is the jump of the slope, |a_j| = w_j its root; left of x_2 only the line is active.
    """
    slopes = _slopes(values, x)
    jumps = jnp.diff(slopes)
    w = jnp.sqrt(jnp.abs(jumps))
    return ReluNetwork(jnp.sign(jumps) * w, w, w * x[1:-1], values[0] - slopes[0] * x[0], slopes[0])


def trend_filter_loss(
    values: Float[Array, " N"],
    x: Float[Array, " N"],
    y: Float[Array, " N"],
    penalty: Scalar | float,
) -> Scalar:
    """(1/2N) |values - y|^2 + lambda TV(f')."""
    return jnp.mean((values - y) ** 2) / 2 + penalty * slope_variation(values, x)


def trend_filter(
    x: Float[Array, " N"],
    y: Float[Array, " N"],
    penalty: Scalar | float,
    *,
    num_steps: int,
) -> Float[Array, " N"]:
    """argmin of `trend_filter_loss`: the lasso on the jumps, the line being projected out.

    values = line + H s with H_nj = (x_n - x_{j+1})_+ and penalty lambda |s|_1; solved by FISTA.
    From a penalty of `smallest_full_penalty` of the projected H and y on, it is the line fitted.
    Cost: N^2 a step.
    """
    H = jax.nn.relu(x[:, None] - x[1:-1])
    line, _ = jnp.linalg.qr(jnp.stack([jnp.ones_like(x), x], axis=1))
    A, t = H - line @ (line.T @ H), y - line @ (line.T @ y)
    start = jnp.zeros_like(x[2:])
    jumps = fista_iterates(A, t, start, penalty, largest_step_size(A), num_steps)[-1]
    return A @ jumps + line @ (line.T @ y)


def _norms(layers: Sequence[Array]) -> Array:
    """|W_jl|, of shape (L, M)."""
    return jnp.stack([jnp.sqrt(jnp.sum(W**2, axis=(1, 2))) for W in layers])


def _slopes(values: Array, x: Array) -> Array:
    return jnp.diff(values) / jnp.diff(x)
