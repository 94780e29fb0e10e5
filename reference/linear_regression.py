"""Lecture 1: linear regression as a toy model of training.

Gradient descent on a quadratic is exactly solvable. With J(w) = 1/2 w^T A w - b^T w, the
eigenvectors of A decouple the dynamics into modes, each with its own rate 1 - alpha a_j:

    w_{k+1} = w_k - alpha (A w_k - b),      A = (1/N) Phi^T Phi,      b = (1/N) Phi^T t

Which minimiser it finds, how fast, what the scaling of the inputs does to that, and how the
minimiser generalises are read off in closed form. Mode j oscillates *and converges* for
1 < alpha a_j < 2; it diverges beyond.

    >>> A, b = jnp.diag(jnp.array([1.0, 3.0])), jnp.array([1.0, 3.0])
    >>> print(gradient_descent_iterates(A, b, jnp.zeros(2), step_size=0.5, num_steps=3))
    [[0.    0.   ]
     [0.5   1.5  ]
     [0.75  0.75 ]
     [0.875 1.125]]

Source: CSC2541 lecture 1.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from reference.pytrees import Scalar

# --- Gradient descent on a quadratic -------------------------------------------------------------


def gradient_descent_iterates(
    A: Float[Array, "D D"],
    b: Float[Array, " D"],
    w_0: Float[Array, " D"],
    step_size: Scalar | float,
    num_steps: int,
) -> Float[Array, "T D"]:
    """w_k = w_inf + (I - alpha A)^k (w_0 - w_inf), with w_inf = A^-1 b, for k = 0 .. num_steps.

    A is any symmetric matrix, singular ones included: the same w_k is computed as
    (I - alpha A)^k w_0 + alpha sum_{i<k} (I - alpha A)^i b, which needs no inverse. Along the
    null space of A the sum is k, so that the part of b there makes w drift.
    Cost: one `eigh`, then O(T D^2).
    """
    _, Q, _, modes = _modes(A, b, w_0, step_size, num_steps)
    return modes @ Q.T


def predicted_losses(
    A: Float[Array, "D D"],
    b: Float[Array, " D"],
    w_0: Float[Array, " D"],
    step_size: Scalar | float,
    num_steps: int,
) -> Float[Array, " T"]:
    """J(w_k) = 1/2 w_k^T A w_k - b^T w_k along gradient descent, k = 0 .. num_steps.

    The constant of the regression cost, |t|^2 / 2N, is left out, so the minimum is negative.
    Cost: one `eigh`, then O(T D).
    """
    a, _, b, modes = _modes(A, b, w_0, step_size, num_steps)
    return jnp.sum(a / 2 * modes**2 - b * modes, axis=1)


def predicted_excess_losses(
    A: Float[Array, "D D"],
    b: Float[Array, " D"],
    w_0: Float[Array, " D"],
    step_size: Scalar | float,
    num_steps: int,
) -> Float[Array, " T"]:
    """J(w_k) - min J = sum_j a_j/2 e_j^2 (1 - alpha a_j)^{2k}, with e = Q^T (w_0 - w_inf).

    Keeps its relative precision as it goes to 0, which a difference of losses does not.
    Assumes that A is positive semi-definite and b in its range (else min J is -infinity), as
    they are in regression; modes with a_j = 0 do not move. Cost: one `eigh`, then O(T D).
    """
    a, Q = jnp.linalg.eigh(A)
    positive = a > _cutoff(A) * a[-1]
    gradient = a * (Q.T @ w_0) - Q.T @ b
    excess = jnp.where(positive, gradient**2 / (2 * a), 0)
    return _powers(1 - step_size * a, num_steps) ** 2 @ excess


def stability_limit(A: Float[Array, "D D"]) -> Scalar:
    """2 / a_max: gradient descent on J converges if and only if 0 < alpha < 2 / a_max.

    Assumes A positive semi-definite, not zero, and b in its range. Cost: one `eigvalsh`.

    >>> print(stability_limit(jnp.diag(jnp.array([1.0, 4.0]))))
    0.5
    """
    return 2 / jnp.linalg.eigvalsh(A)[-1]


def condition_number(A: Float[Array, "D D"]) -> Scalar:
    """kappa = a_max / a_min of a positive semi-definite A; infinite where A is singular.

    At the best step size, 2 / (a_min + a_max), the error shrinks by (kappa - 1) / (kappa + 1) a
    step. "Singular" is to working precision: a_min <= D eps a_max. Cost: one `eigvalsh`.
    """
    a = jnp.linalg.eigvalsh(A)
    return jnp.where(a[0] > _cutoff(A) * a[-1], a[-1] / a[0], jnp.inf)


# --- Which minimiser -----------------------------------------------------------------------------


def minimum_norm_solution(Phi: Float[Array, "N D"], t: Float[Array, " N"]) -> Float[Array, " D"]:
    """Phi^+ t: of all minimisers of |Phi w - t|^2 the shortest; any shape, any rank.

    Gradient descent from 0 converges to it, and so does ridge as its penalty goes to 0.
    Cost: one thin SVD, O(N D min(N, D)).

    >>> print(minimum_norm_solution(jnp.array([[1.0, 1.0]]), jnp.array([2.0])).round(4))
    [1. 1.]
    """
    return _filtered_solution(Phi, t, shrinkage=0.0)


def gradient_flow_limit(
    Phi: Float[Array, "N D"], t: Float[Array, " N"], w_0: Float[Array, " D"]
) -> Float[Array, " D"]:
    """Phi^+ t + (I - Phi^+ Phi) w_0: where gradient flow, and stable descent, from w_0 end.

    The minimiser nearest to w_0: the null space of Phi is never left or entered, so what w_0
    has there stays. Written as w_0 + Phi^+ (t - Phi w_0). Cost: one thin SVD.
    """
    return w_0 + minimum_norm_solution(Phi, t - Phi @ w_0)


def ridge_solution(
    Phi: Float[Array, "N D"], t: Float[Array, " N"], penalty: Scalar | float
) -> Float[Array, " D"]:
    """argmin (1/2N) |Phi w - t|^2 + (lambda/2) |w|^2 = (Phi^T Phi + N lambda I)^-1 Phi^T t.

    N lambda, not lambda: the data term is a mean over examples. `penalty` >= 0, and 0 gives
    the limit, the minimum-norm solution. By SVD, so Phi^T Phi is not formed and its condition
    number not squared. Cost: one thin SVD.

    >>> print(ridge_solution(jnp.ones((2, 1)), jnp.array([1.0, 3.0]), penalty=1.0).round(4))
    [1.]
    """
    return _filtered_solution(Phi, t, shrinkage=Phi.shape[0] * penalty)


# --- How it generalises --------------------------------------------------------------------------


def excess_risk(
    w: Float[Array, " D"], w_true: Float[Array, " D"], covariance: Float[Array, "D D"]
) -> Scalar:
    """R(w) - R(w_true) = 1/2 (w - w_true)^T S (w - w_true), for the risk R = E 1/2 (x^T w - t)^2.

    `covariance` is S = E[x x^T], not centred. The 1/2 is the course's; others leave it out.
    """
    error = w - w_true
    return error @ covariance @ error / 2


def double_descent_risks(
    Phi: Float[Array, "N D"],
    t: Float[Array, " N"],
    w_true: Float[Array, " D"],
    covariance: Float[Array, "D D"],
    sample_sizes: Int[Array, " S"],
    *,
    penalty: Scalar | float = 0.0,
) -> Float[Array, " S"]:
    """Excess risk of the fit to the first n rows, for each n in `sample_sizes` (n <= N).

    With penalty 0 the fit is the minimum-norm one and the risk peaks at n = D, where the
    smallest singular value nearly vanishes; with penalty lambda it is ridge with n lambda, and
    lambda of the order of the noise removes the peak. `vmap` over (Phi, t) for draws of data,
    then take medians: at n = D the mean does not exist. Cost: one SVD a size.
    Source: CSC2541 lecture 1; Advani and Saxe (2017) for the peak.
    """

    def risk(n: Int[Array, ""]) -> Scalar:
        # A zero row with target zero adds nothing to a least-squares cost, so all sizes share
        # one shape.
        kept = jnp.arange(Phi.shape[0]) < n
        w = _filtered_solution(Phi * kept[:, None], t * kept, shrinkage=n * penalty)
        return excess_risk(w, w_true, covariance)

    return jax.vmap(risk)(sample_sizes)


# --- Scaling of the inputs -----------------------------------------------------------------------


def input_second_moment(
    mean: Float[Array, " D"], covariance: Float[Array, "D D"]
) -> Float[Array, "D+1 D+1"]:
    """E[(x, 1) (x, 1)^T] = [[S + m m^T, m], [m^T, 1]]: the Hessian of regression with a bias.

    Homogeneous coordinate last. White inputs (S = I) off centre have one outlier eigenvalue:
    |m|^2 + 1 for E[x x^T] alone (not |m| + 1), and with the homogeneous coordinate
    1 + (|m|^2 + |m| sqrt(|m|^2 + 4)) / 2, its inverse being the smallest: kappa ~ |m|^4.

    >>> print(input_second_moment(jnp.array([2.0]), jnp.eye(1)))
    [[5. 2.]
     [2. 1.]]
    """
    m = jnp.append(mean, jnp.ones((), mean.dtype))
    return jnp.pad(covariance, (0, 1)) + jnp.outer(m, m)


def centred(X: Float[Array, "N D"]) -> Float[Array, "N D"]:
    """X less the mean of its rows."""
    return X - jnp.mean(X, axis=0)


def input_covariance(X: Float[Array, "N D"]) -> Float[Array, "D D"]:
    """S = (1/N) sum_n (x_n - m) (x_n - m)^T. Divides by N, as a mean loss does, not N - 1."""
    return centred(X).T @ centred(X) / X.shape[0]


def whitening_transform(X: Float[Array, "N D"]) -> Float[Array, "D D"]:
    """ZCA: the symmetric W = S^{-1/2}, so that W S W^T = I; S is `input_covariance(X)`.

    `centred(X) @ W` is white. Directions without variance (always some if N <= D) are mapped
    to 0, and W S W^T is then the projection on the others. Any U W with U orthogonal whitens
    as well; this one moves the inputs least. Cost: one `eigh`.
    """
    S = input_covariance(X)
    s, Q = jnp.linalg.eigh(S)
    inverse_roots = jnp.where(s > _cutoff(S) * s[-1], 1 / jnp.sqrt(s), 0)
    return (Q * inverse_roots) @ Q.T


# --- Shared by the above -------------------------------------------------------------------------


def _modes(
    A: Array, b: Array, w_0: Array, step_size: Scalar | float, num_steps: int
) -> tuple[Array, Array, Array, Array]:
    """a, Q of A = Q diag(a) Q^T, then Q^T b and the rows Q^T w_k."""
    a, Q = jnp.linalg.eigh(A)
    powers = _powers(1 - step_size * a, num_steps)
    sums = jnp.cumsum(jnp.pad(powers[:-1], ((1, 0), (0, 0))), axis=0)
    return a, Q, Q.T @ b, powers * (Q.T @ w_0) + step_size * sums * (Q.T @ b)


def _powers(rates: Float[Array, " D"], num_steps: int) -> Float[Array, "T D"]:
    """rates^k for k = 0 .. num_steps, with 0^0 = 1."""
    return rates ** jnp.arange(num_steps + 1)[:, None]


def _filtered_solution(Phi: Array, t: Array, shrinkage: Scalar | float) -> Array:
    """V diag(s / (s^2 + shrinkage)) U^T t, with Phi = U diag(s) V^T; null directions get 0."""
    U, s, Vt = jnp.linalg.svd(Phi, full_matrices=False)
    filters = jnp.where(s > _cutoff(Phi) * s[0], s / (s**2 + shrinkage), 0)
    return (filters * (t @ U)) @ Vt


def _cutoff(M: Array) -> float:
    """Spectrum below this fraction of the largest is rounding: max(N, D) eps, as in LAPACK."""
    return max(M.shape) * float(jnp.finfo(M.dtype).eps)
