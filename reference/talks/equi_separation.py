"""Talk: the law of equi-separation, each layer of a trained network separates classes as much more.

How mixed the classes are in the features of layer l = 0 .. L, 0 being the inputs,

    D_l = tr(SS_W SS_B^+),     D_l = D_0 rho^l  in trained networks,

the scatter within classes measured by that between them. A network that has learned comes near a
line in log D_l; how near is the R^2 of a least-squares fit.

Letters: J classes; Y are labels, one-hot, (N, J); F features of a layer.

    >>> fit = geometric_fit(jnp.array([8.0, 4.0, 2.0, 1.0]))
    >>> print(fit.ratio.round(4), fit.start.round(4), fit.r_squared.round(4))
    0.5 8.0 1.0

Source: He and Su (2023), a law of data separation in deep learning.
"""

from collections.abc import Sequence
from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from reference.pytrees import Scalar
from reference.talks.neural_collapse import class_means

# --- How mixed -----------------------------------------------------------------------------------


def scatter_matrices(
    H: Float[Array, "N F"], Y: Float[Array, "N J"]
) -> tuple[Float[Array, "F F"], Float[Array, "F F"]]:
    """SS_W = (1/N) sum_n (h_n - mu_class)^2 and SS_B = (1/N) sum_j N_j (mu_j - mu)^2.

    Squares are outer products, mu the mean of all features: the two add up to their covariance
    also where classes differ in size, unlike `neural_collapse.class_scatters`, which weighs them
    alike. Cost: N F^2.
    """
    means = class_means(H, Y)
    within, between = H - Y @ means, Y @ (means - Y.mean(axis=0) @ means)
    return within.T @ within / len(H), between.T @ between / len(H)


def separation_fuzziness(H: Float[Array, "N F"], Y: Float[Array, "N J"]) -> Scalar:
    """D = tr(SS_W SS_B^+), the less the better separated.

    Unchanged by rotations, scalings and shifts of features, and by any invertible map if SS_B is
    invertible. The pseudo-inverse keeps the J - 1 directions that centred means can span; if they
    span fewer, to rounding, only those. Cost: eigh of F x F.
    """
    within, between = scatter_matrices(H, Y)
    values, Q = jnp.linalg.eigh(between)
    kept = min(Y.shape[1] - 1, H.shape[1])
    values, Q = values[-kept:], Q[:, -kept:]
    positive = values > H.shape[1] * jnp.finfo(H.dtype).eps * values[-1]
    spread = jnp.sum(Q * (within @ Q), axis=0)
    return jnp.sum(jnp.where(positive, spread / jnp.where(positive, values, 1), 0))


def layer_fuzziness(
    features: Sequence[Float[Array, "N _"]], Y: Float[Array, "N J"]
) -> Float[Array, " _"]:
    """D_0 .. D_L of the features of every layer, the inputs' first."""
    return jnp.stack([separation_fuzziness(H, Y) for H in features])


# --- The law -------------------------------------------------------------------------------------


class GeometricFit(NamedTuple):
    """D_l ~ start ratio^l, and R^2 of log D_l: 1 if the law holds exactly."""

    start: Scalar
    ratio: Scalar
    r_squared: Scalar


def geometric_fit(fuzziness: Float[Array, " L"]) -> GeometricFit:
    """Least squares of log D_l = log start + l log ratio.

    R^2 = 1 - residual / total sum of squares = the squared correlation of l and log D_l. Assumes
    D_l > 0, at least two layers, and not all D_l alike (where R^2 is 0 / 0).
    """
    logs = jnp.log(fuzziness)
    depths = jnp.arange(len(logs), dtype=logs.dtype)
    l, d = depths - jnp.mean(depths), logs - jnp.mean(logs)  # noqa: E741
    slope = (l @ d) / (l @ l)
    intercept = jnp.mean(logs) - slope * jnp.mean(depths)
    return GeometricFit(jnp.exp(intercept), jnp.exp(slope), slope**2 * (l @ l) / (d @ d))
