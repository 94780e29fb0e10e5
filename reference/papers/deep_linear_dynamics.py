"""Paper: the dynamics of learning in deep linear networks, by Saxe, McClelland and Ganguli.

A linear network y = W2 W1 x learns a linear map, but its descent is not linear in time. For
white inputs, E[x x^T] = I, and the correlations S = E[y x^T] = U diag(s) V^T, the flow

    tau dW1/dt = W2^T (S - W2 W1),        tau dW2/dt = (S - W2 W1) W1^T

from small balanced weights aligned with U and V never leaves them, W2 W1 = U diag(u) V^T, and
each mode runs alone along a sigmoid:

    tau du/dt = 2 u (s - u),        u(t) = s e^{2 s t / tau} / (e^{2 s t / tau} - 1 + s / u_0)

Modes are learnt one after another, the strong ones first, after a time near
(tau / 2s) log(s / u_0): progress in stages, where a shallow network's is exponential.

The flow is that of the mean loss E|y - W2 W1 x|^2 / 2 with tau the inverse of the learning rate:
k steps of size alpha take time t / tau = alpha k. Letters: R modes, T times, H hidden units.

    >>> t = jnp.array([0.0, 1.0, 2.0, 4.0])
    >>> print(mode_strength(t, jnp.array(2.0), jnp.array(0.01)).round(1))
    [0.  0.4 1.9 2. ]

Source: Saxe, McClelland and Ganguli (2014), the two-layer solution from decoupled
modes, and (2019), a theory of semantic development, which rests on it.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from reference.pytrees import Scalar

Values = Float[Array, "..."]


def mode_strength(t: Values, s: Values, u_0: Values, *, tau: Scalar | float = 1.0) -> Values:
    """u(t) = s e^{2st/tau} / (e^{2st/tau} - 1 + s/u_0), for s >= 0 and u_0 > 0; broadcasts.

    Computed as u_0 / (e^{-x} + (u_0/s) (1 - e^{-x})) with x = 2st/tau, which does not overflow
    and has the right limit at s = 0, u_0 / (1 + 2 u_0 t / tau): a mode that only decays.
    """
    x = 2 * s * t / tau
    small = jnp.abs(x) < jnp.finfo(x.dtype).eps
    growth = 2 * t / tau * jnp.where(small, 1, -jnp.expm1(-x) / jnp.where(small, 1, x))
    return u_0 / (jnp.exp(-x) + u_0 * growth)


def learning_time(s: Values, u_0: Values, u_f: Values, *, tau: Scalar | float = 1.0) -> Values:
    """t = (tau / 2s) log(u_f (s - u_0) / (u_0 (s - u_f))): when a mode gets from u_0 to u_f.

    Both on one side of s. For u_0 << s it is about (tau / 2s) log(s / u_0) to the middle, u_f =
    s/2, with a width of order tau / s. Source: Saxe, McClelland and Ganguli (2014).

    >>> print(learning_time(jnp.array(2.0), jnp.array(0.02), jnp.array(1.0)).round(3))
    1.149
    """
    return tau / (2 * s) * jnp.log(u_f * (s - u_0) / (u_0 * (s - u_f)))


def balanced_weights(
    key: Key[Array, ""], S: Float[Array, "K D"], num_hidden: int, u_0: Scalar | float
) -> tuple[Float[Array, "H D"], Float[Array, "K H"]]:
    """W1 = sqrt(u_0) R V^T and W2 = sqrt(u_0) U R^T, with R^T R = I random, S = U diag(s) V^T.

    Balanced, W1 W1^T = W2^T W2, which the flow conserves, and every mode at u_0. Assumes
    num_hidden >= min(K, D). Modes with the same s are no trouble: any U, V of the SVD will do.
    """
    U, _, Vt = jnp.linalg.svd(S, full_matrices=False)
    R = jnp.linalg.qr(jax.random.normal(key, (num_hidden, len(Vt)), S.dtype))[0]
    return jnp.sqrt(u_0) * (R @ Vt), jnp.sqrt(u_0) * (U @ R.T)


def gradient_descent_products(
    S: Float[Array, "K D"],
    W1: Float[Array, "H D"],
    W2: Float[Array, "K H"],
    step_size: Scalar | float,
    num_steps: int,
) -> Float[Array, "T K D"]:
    """W2 W1 along gradient descent on E|y - W2 W1 x|^2 / 2 with white inputs, T = num_steps + 1.

    Both layers move at once. Follows the flow at t / tau = step_size k, to first order in the
    step. Cost: 3 products of matrices a step.
    """

    def step(weights: tuple[Array, Array], _: None) -> tuple[tuple[Array, Array], Array]:
        W1, W2 = weights
        error = S - W2 @ W1
        return (W1 + step_size * W2.T @ error, W2 + step_size * error @ W1.T), W2 @ W1

    (W1, W2), products = jax.lax.scan(step, (W1, W2), length=num_steps)
    return jnp.concatenate([products, (W2 @ W1)[None]])


def mode_strengths(products: Float[Array, "T K D"], S: Float[Array, "K D"]) -> Float[Array, "T R"]:
    """u_r = U_r^T (W2 W1) V_r, in the singular vectors of S, the strongest mode first.

    All that there is of W2 W1 as long as it is aligned with S. R = min(K, D).
    """
    U, _, Vt = jnp.linalg.svd(S, full_matrices=False)
    return jnp.einsum("kr,tkd,rd->tr", U, products, Vt)
