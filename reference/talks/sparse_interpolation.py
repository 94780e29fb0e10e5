"""Talk: interpolators of least l1 and lp norm, on a sparse truth with noise.

    min_w |w|_p   subject to   X w = y,      y = X w_true + noise,      N < D

At p = 1 (basis pursuit) the solution is sparse, and without noise often the truth itself; with
noise it must fit that too, and its error falls only as sigma^2 / log(D / N). At p = 2 it misses
most of the truth. In between, 1 < p < 2, the two are traded.

Whether w is a minimum is decided by duality: with 1/p + 1/q = 1,

    min |w|_p = max_nu y^T nu   subject to   |X^T nu|_q <= 1

so any nu, scaled to satisfy its constraint, says how far w can be from the minimum.

    >>> X, y = jnp.array([[1.0, 2.0]]), jnp.array([5.0])
    >>> print(minimum_l1_interpolator(X, y).weights.round(3))
    [0.  2.5]
    >>> print(minimum_l2_interpolator(X, y).round(3))
    [1. 2.]

X has independent rows. Source: Chen, Donoho and Saunders (1998), basis pursuit; Boyd et al.
(2011), section 6.2, its ADMM; Wang, Donhauser and Yang (2022), the error at p = 1; Donhauser,
Ruggeri, Stojanovic and Yang (2022), 1 < p < 2.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from reference.pytrees import Scalar
from reference.talks.sparse_recovery import soft_threshold
from reference.taylor.conjugate_gradients import Ending

# The weights first, then what else an iteration carries.
_State = tuple[Array, ...]

# --- Interpolators -------------------------------------------------------------------------------


class Interpolator(NamedTuple):
    """w with X w = y up to rounding; |w|_p exceeds the least by at most `duality_gap`.

    `ending`, an `Ending`, is CONVERGED when the gap is at most the tolerance times |w|_p.
    """

    weights: Float[Array, " D"]
    duality_gap: Scalar
    steps: Int[Array, ""]
    ending: Int[Array, ""]


def minimum_l2_interpolator(X: Float[Array, "N D"], y: Float[Array, " N"]) -> Float[Array, " D"]:
    """X^T (X X^T)^-1 y. Cost: one QR decomposition of X^T, O(D N^2)."""
    return _row_space(X, y)[1]


def minimum_l1_interpolator(
    X: Float[Array, "N D"],
    y: Float[Array, " N"],
    *,
    tolerance: float = 1e-4,
    max_steps: int = 10_000,
) -> Interpolator:
    """argmin |w|_1 with X w = y, by ADMM from w_2, the l2 solution.

    With P the projector on the span of X's rows,

        z = soft_threshold(w + u, tau),   u += w - z,   w = z - u + w_2 - P (z - u)

    u / tau is a subgradient of |z|_1, and P u / tau = X^T nu at the end: the dual's certificate.
    tau, the mean of |w_2|, makes the steps those of the problem in other units too.
    Cost: one QR decomposition, then 8 N D flops a step, half of them for the gap.
    """
    Q, w_2 = _row_space(X, y)
    tau = jnp.mean(jnp.abs(w_2))
    tau = jnp.where(tau == 0, 1, tau)

    def advance(state: _State) -> _State:
        w, u = state
        z = soft_threshold(w + u, tau)
        u = u + w - z
        return z - u + w_2 - Q @ ((z - u) @ Q), u

    def gap(state: _State) -> Scalar:
        w, u = state
        certificate = Q @ (u @ Q) / tau
        feasible = certificate / jnp.maximum(jnp.max(jnp.abs(certificate)), 1)
        return jnp.sum(jnp.abs(w)) - feasible @ w_2  # y^T nu = w_2^T X^T nu

    start = w_2, jnp.zeros_like(w_2)
    return _iterated(advance, gap, start, 1, tolerance, max_steps)


def minimum_lp_interpolator(
    X: Float[Array, "N D"],
    y: Float[Array, " N"],
    p: float,
    *,
    tolerance: float = 1e-4,
    max_steps: int = 1000,
) -> Interpolator:
    """argmin |w|_p with X w = y, 1 < p <= 2, by reweighted least squares.

    From the l2 solution, for y not 0,

        w = S X^T (X S X^T)^-1 y,      S = diag(|w|^(2-p))

    At the solution |w|^(p-1) sign(w) = X^T nu for some nu, and near it the error shrinks by 2 - p
    a step. Cost: a QR decomposition a step, O(D N^2).
    """
    Q, w_2 = _row_space(X, y)

    def advance(state: _State) -> _State:
        # S^1/2 outside the least squares: better conditioned than solving with X S X^T.
        s = jnp.abs(state[0]) ** (1 - p / 2)
        return (s * _row_space(X * s, y)[1],)

    def gap(state: _State) -> Scalar:
        w = state[0]
        g = jnp.sign(w) * jnp.abs(w) ** (p - 1)
        certificate = Q @ (g @ Q)
        return _norm(w, p) - certificate @ w_2 / _norm(certificate, p / (p - 1))

    return _iterated(advance, gap, (w_2,), p, tolerance, max_steps)


# --- Errors expected -----------------------------------------------------------------------------


def l1_error_estimate(N: int, D: int, noise_variance: Scalar | float) -> Scalar:
    """sigma^2 / log(D / N), to which |w - w_true|^2 tends at p = 1.

    For standard normal X, a truth sparse enough, N and D / N growing; the next term is smaller
    by a root of log(D / N) only. Source: Wang, Donhauser and Yang (2022), main theorem.
    """
    return jnp.asarray(noise_variance) / jnp.log(D / N)


def l2_expected_error(
    N: int, D: int, truth_square: Scalar | float, noise_variance: Scalar | float
) -> Scalar:
    """E |w - w_true|^2 = (1 - N / D) |w_true|^2 + sigma^2 N / (D - N - 1) at p = 2.

    Exact for standard normal X, D > N + 1: what the rows do not see of the truth, and the trace of
    (X X^T)^-1, an inverse Wishart matrix.
    """
    return jnp.asarray((1 - N / D) * truth_square + noise_variance * (N / (D - N - 1)))


def _row_space(X: Array, y: Array) -> tuple[Array, Array]:
    """An orthonormal basis Q of the span of X's rows, and within it the w with X w = y."""
    Q, R = jnp.linalg.qr(X.T)
    return Q, Q @ jax.scipy.linalg.solve_triangular(R, y, trans="T")


def _norm(w: Array, p: float) -> Scalar:
    return jnp.sum(jnp.abs(w) ** p) ** (1 / p)


def _iterated(
    advance: Callable[[_State], _State],
    gap: Callable[[_State], Scalar],
    start: _State,
    p: float,
    tolerance: float,
    max_steps: int,
) -> Interpolator:
    """Steps of `advance`, the weights being the state's first part, until its gap is small."""

    def far(state: _State) -> Array:
        return gap(state) > tolerance * _norm(state[0], p)

    state, steps = jax.lax.while_loop(
        lambda carry: far(carry[0]) & (carry[1] < max_steps),
        lambda carry: (advance(carry[0]), carry[1] + 1),
        (start, jnp.zeros((), jnp.int32)),
    )
    ending = jnp.where(far(state), jnp.int32(Ending.STEP_LIMIT), jnp.int32(Ending.CONVERGED))
    ending = jnp.where(jnp.isfinite(gap(state)), ending, jnp.int32(Ending.NOT_FINITE))
    return Interpolator(state[0], gap(state), steps, ending)
