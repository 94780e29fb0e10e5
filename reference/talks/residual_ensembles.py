"""Talk: residual networks as ensembles of shallow ones, and what data parallelism is good for.

A product over L residual blocks is a sum over 2^L paths, each through some of them:

    y = (I + A_L) .. (I + A_1) x = sum over subsets S of blocks of  prod_{i in S} A_i  x

The number of paths of length |S| = k is binomial, so that nearly all have a length near L/2. But
a path's gradient shrinks with its length if blocks have gains below 1, and the gradient comes
mostly through short paths: for gains a_i of each block, in proportion to the coefficient of
z^k in prod_i (1 + a_i z).

Steps to a target fall with the batch B as S = S_min (1 + B_crit / B), and examples S B grow:

    (S / S_min - 1) (E / E_min - 1) = 1,        E = S B,  E_min = S_min B_crit

so parallel work pays until the knee at B_crit, and not much beyond it.

Linear blocks only; letters: L blocks, D features; L+1 lengths 0 .. L.

    >>> print(path_length_distribution(jnp.ones(3)))
    [0.125 0.375 0.375 0.125]

Source: Veit, Wilber and Belongie (2016), path lengths; McCandlish et al. (2018), the hyperbola.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from reference.pytrees import Scalar

Values = Float[Array, "..."]


def path_length_distribution(gains: Float[Array, " L"]) -> Float[Array, " L+1"]:
    """Coefficients of prod_i (1 + a_i z) / (1 + a_i): the share of paths of length k = 0 .. L.

    With gains 1 it counts paths, Binomial(L, 1/2); with gains a > 0 it weighs each by its
    gradient, Binomial(L, a / (1 + a)), whose mean is L a / (1 + a). Cost: L^2.
    Source: Veit, Wilber and Belongie (2016), the count.
    """

    def through_block(shares: Array, p: Scalar) -> tuple[Array, None]:
        longer = jnp.pad(shares, (1, 0))[:-1]
        return (1 - p) * shares + p * longer, None

    start = jnp.pad(jnp.ones((1,), gains.dtype), (0, len(gains)))
    return jax.lax.scan(through_block, start, gains / (1 + gains))[0]


def gradient_by_path_length(
    blocks: Float[Array, "L D D"], gradient: Float[Array, " D"]
) -> Float[Array, "L+1 D"]:
    """sum over |S| = k of (prod_{i in S} A_i)^T g, k = 0 .. L: what paths of length k send back.

    `gradient` is g = dl/dy, `blocks` A_1 first; the rows add up to dl/dx. All 2^L paths at the
    cost of L (L + 1) products of a matrix and a vector, as coefficients of a polynomial in z.
    """

    def through_block(parts: Array, A: Array) -> tuple[Array, None]:
        return parts + jnp.pad(parts @ A, ((1, 0), (0, 0)))[:-1], None

    start = jnp.pad(gradient[None], ((0, len(blocks)), (0, 0)))
    return jax.lax.scan(through_block, start, blocks, reverse=True)[0]


def steps_to_target(
    batch_sizes: Values, min_steps: Scalar | float, critical_batch_size: Scalar | float
) -> Values:
    """S(B) = S_min (1 + B_crit / B): half as many for twice the batch, until B nears B_crit.

    Where every step gains as much as gradient noise lets it, S_min / (1 + B_crit / B) of it.
    Source: McCandlish et al. (2018).

    >>> print(steps_to_target(jnp.array([1.0, 100.0, 1e6]), 1000.0, 100.0).round())
    [101000.   2000.   1000.]
    """
    return min_steps * (1 + critical_batch_size / batch_sizes)


def parallel_efficiency(batch_sizes: Values, critical_batch_size: Scalar | float) -> Values:
    """E_min / E(B) = 1 / (1 + B / B_crit): useful examples among those spent, 1/2 at the knee.

    >>> print(parallel_efficiency(jnp.array([1.0, 100.0, 300.0]), 100.0)[1:])
    [0.5  0.25]
    """
    return 1 / (1 + batch_sizes / critical_batch_size)
