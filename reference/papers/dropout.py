"""Paper: "The implicit and explicit regularization effects of dropout" (Wei, Kakade and Ma 2020).

Inputs, or hidden units, h are multiplied by masks b = 1 + eta with mean 1: b_j is 0 with
probability p and 1 / (1 - p) else, so that E eta_j^2 = p / (1 - p). Dropout does two things:

    explicit:  the mean loss over masks is another loss,   E L(h o b) = L(h) + R(h)
    implicit:  single masks add noise of mean zero to its gradient

To second order R = (1/2) (p / (1 - p)) sum_j h_j^2 (J^T H_z J)_jj, with J the Jacobian of the
outputs in h and H_z the loss's Hessian in the outputs: exact for least squares, where

    E 1/2 (w^T (x o b) - t)^2 = 1/2 (w^T x - t)^2 + (1/2) (p / (1 - p)) sum_j x_j^2 w_j^2,

ridge regression in coordinates scaled by the inputs. (Without the 1/2 of the loss, there is none
in front of the penalty.) To first order the noise is that of eta -> grad_w <dL/dh, h o eta>.

Letters: F features of a layer. p is the probability to *drop*.

    >>> w, x = jnp.array([1.0, 2.0]), jnp.array([[3.0, 1.0]])
    >>> print(least_squares_penalty(w, x, 0.5))
    6.5
    >>> print(penalty(lambda h: h @ w, lambda z: z**2 / 2, x[0], 0.5))
    6.5

Source: Wei, Kakade and Ma (2020); Wager, Wang and Liang (2013) for the penalty of linear models.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from reference.pytrees import Scalar, Tree, inner_product

# --- Masks ---------------------------------------------------------------------------------------


def dropout_noise(
    key: Key[Array, ""], values: Float[Array, "..."], p: Scalar | float
) -> Float[Array, "..."]:
    """eta = b - 1: -1 with probability p, p / (1 - p) else; of `values` only shape and dtype count.

    `values * (1 + eta)` is inverted dropout: unbiased, so nothing is scaled at test time.
    """
    dropped = jax.random.bernoulli(key, p, values.shape)
    return jnp.where(dropped, -1, jnp.asarray(p / (1 - p), values.dtype))


# --- Explicit regularisation ---------------------------------------------------------------------


def least_squares_penalty(
    w: Float[Array, " D"], inputs: Float[Array, "N D"], p: Scalar | float
) -> Scalar:
    """(1/2) (p / (1 - p)) (1/N) sum_n sum_j x_nj^2 w_j^2: added by dropout of the inputs, exactly.

    To the mean of 1/2 (x_n^T w - t_n)^2; the targets do not matter. Cost: O(N D).
    """
    return p / (1 - p) * jnp.mean(inputs**2, axis=0) @ w**2 / 2


def penalty(
    head: Callable[[Float[Array, " F"]], Float[Array, "*K"]],
    loss_of_output: Callable[[Float[Array, "*K"]], Scalar],
    hidden: Float[Array, " F"],
    p: Scalar | float,
) -> Scalar:
    """R = (1/2) (p / (1 - p)) sum_j h_j^2 (J^T H_z J)_jj, for one example's layer h -> z = head(h).

    The second order in eta, without the head's own second derivatives (which may be negative):
    exact for a linear head and a quadratic loss. H_z does not depend on the label for the
    cross-entropy, so neither does R. Cost: F Gauss-Newton products, here by dense matrices.
    Source: Wei, Kakade and Ma (2020), the approximate explicit regularizer.
    """
    z = head(hidden)
    J = jax.jacrev(head)(hidden).reshape(z.size, -1)
    H_z = jax.hessian(loss_of_output)(z).reshape(z.size, z.size)
    return p / (1 - p) * jnp.sum(hidden**2 * jnp.sum(J * (H_z @ J), axis=0)) / 2


# --- Implicit regularisation ---------------------------------------------------------------------


def gradient_noise_covariance(
    w: Float[Array, " D"], x: Float[Array, " D"], t: Scalar, p: Scalar | float
) -> Float[Array, "D D"]:
    """Cov over masks of grad_w 1/2 (w^T (x o b) - t)^2, for one example; exact to all orders.

    With r the masked residual, E[g_i g_j] = x_i x_j E[r^2 | i and j kept] for i != j, and
    E[g_i^2] is that times 1 / (1 - p), since E b_i = 1 and E b_i^2 = 1 / (1 - p). Given the kept,
    r has a known mean, and a variance from the others. Masks of N examples are independent:
    the covariance of the mean gradient is the mean of theirs, over N. Cost: O(D^2).
    """
    ratio, a = p / (1 - p), w * x
    eye = jnp.eye(len(w), dtype=w.dtype)

    def of_pair(values: Array) -> Array:
        """values_i + values_j, and values_i on the diagonal: a sum over the set {i, j}."""
        return values[:, None] + values - eye * values

    mean = jnp.sum(a) - t + ratio * of_pair(a)
    variance = ratio * (jnp.sum(a**2) - of_pair(a**2))
    second_moment = jnp.outer(x, x) * (mean**2 + variance) * (1 + ratio * eye)
    expected = x * (jnp.sum(a) - t) + ratio * a * x
    return second_moment - jnp.outer(expected, expected)


def first_order_gradient_noise(
    hidden: Callable[[Tree], Float[Array, " F"]],
    loss_of_hidden: Callable[[Tree, Float[Array, " F"]], Scalar],
    w: Tree,
    eta: Float[Array, " F"],
) -> Tree:
    """grad_w <dL/dh(w, h(w)), h(w) o eta>: the gradient's noise to first order in eta.

    With mean zero over masks, so added to the gradient of loss and penalty it restores what
    dropout does beyond its explicit part. `loss_of_hidden(w, h)` is the rest of the network,
    which may hold parameters as well. Cost: 2 to 3 gradients.
    Source: Wei, Kakade and Ma (2020), the section on the implicit regularizer.
    """

    def slope(w: Tree) -> Scalar:
        h = hidden(w)
        return inner_product(jax.grad(loss_of_hidden, argnums=1)(w, h), h * eta)

    return jax.grad(slope)(w)
