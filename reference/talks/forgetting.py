"""Talk: how much a linear model forgets when tasks are learned one after another.

Tasks X_m w = y_m, m = 1 .. M, that one w_* solves together. Gradient descent on one of them until
convergence projects w onto its solutions (block Kaczmarz), and the error loses what it can:

    w <- w - X_m^+ (X_m w - y_m),     w - w_* <- P_m (w - w_*),     P_m = I - X_m^+ X_m

Forgetting is the mean over tasks of |X_m w - y_m|^2 (a sum over examples, no 1/2). Tasks are taken
in turn, n cycles, k = n M steps. Then for w_0 = 0, |w_*| <= 1, |X_m|_2 <= 1 and r the largest rank

    forgetting <= M^2 min(1 / sqrt(k), (D - r) / (2 k))

Two tasks forget the most at an angle that depends on k: equal or orthogonal ones forget nothing.

Letters: M tasks, of N examples each.

    >>> c = jnp.array([0.0, 0.75, 1.0])
    >>> print(forgetting_at_angle(c, num_cycles=2).round(4))
    [0.     0.0527 0.    ]

Source: Evron et al. (2022), two tasks by principal angles and cyclic orderings of more.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from reference.pytrees import Scalar

# --- Learning and forgetting ---------------------------------------------------------------------


def task_projection(
    w: Float[Array, " D"], X: Float[Array, "N D"], y: Float[Array, " N"]
) -> Float[Array, " D"]:
    """w - X^+ (X w - y): the nearest least-squares solution of a task, where descent from w ends.

    Cost: an SVD of X.
    """
    return w - jnp.linalg.pinv(X) @ (X @ w - y)


def cyclic_iterates(
    Xs: Float[Array, "M N D"], ys: Float[Array, "M N"], w_0: Float[Array, " D"], num_cycles: int
) -> Float[Array, "T D"]:
    """w after each of k = 0 .. num_cycles M tasks, taken in the order 1 .. M, 1 .. M, ...

    Cost: an SVD a step.
    """

    def learn(w: Array, task: tuple[Array, Array]) -> tuple[Array, Array]:
        w = task_projection(w, *task)
        return w, w

    def cycle(w: Array, _: None) -> tuple[Array, Array]:
        return jax.lax.scan(learn, w, (Xs, ys))

    _, iterates = jax.lax.scan(cycle, w_0, length=num_cycles)
    return jnp.concatenate([w_0[None], iterates.reshape(-1, len(w_0))])


def forgetting(w: Float[Array, " D"], Xs: Float[Array, "M N D"], ys: Float[Array, "M N"]) -> Scalar:
    """(1/M) sum_m |X_m w - y_m|^2, which after whole cycles is the mean over all tasks learned."""
    return jnp.mean(jnp.sum((Xs @ w - ys) ** 2, axis=1))


# --- How much ------------------------------------------------------------------------------------


def forgetting_at_angle(cosines_squared: Float[Array, " _"], num_cycles: int) -> Float[Array, " _"]:
    """(1/2) c^{k - 1} (1 - c), k = 2 n, c = cos^2 of the angle between two tasks' solution spaces.

    Of a unit error u within task 1's: each later projection shrinks it by the cosine, and of v in
    task 2's only the sine is seen by task 1. Most at c = 1 - 1/k, and at most 1 / (2 e (k - 1)).
    """
    k = 2 * num_cycles
    return cosines_squared ** (k - 1) * (1 - cosines_squared) / 2


def two_task_forgetting(
    X_1: Float[Array, "N_1 D"],
    X_2: Float[Array, "N_2 D"],
    error: Float[Array, " D"],
    num_cycles: int,
) -> Scalar:
    """sum_i (1/2) c_i^{k - 1} (1 - c_i) (u_i^T error)^2 after n >= 1 cycles from w_0 - w_* = error.

    Exact. c_i, u_i are eigenpairs of P_1 P_2 P_1: squared cosines of the principal angles between
    the tasks' solution spaces, and principal vectors in that of task 1. Assumes orthonormal rows,
    X_m X_m^T = I, so that a task's loss is a squared distance. Cost: eigh of D x D.
    """
    P_1, P_2 = (jnp.eye(len(error), dtype=error.dtype) - X.T @ X for X in (X_1, X_2))
    c, U = jnp.linalg.eigh(P_1 @ P_2 @ P_1)
    return jnp.sum(forgetting_at_angle(jnp.clip(c, 0, 1), num_cycles) * (error @ U) ** 2)


def cyclic_forgetting_bound(
    Xs: Float[Array, "M N D"], error: Float[Array, " D"], num_cycles: int
) -> Scalar:
    """M^2 min(1 / sqrt(k), (D - r) / (2 k)) |error|^2 max_m |X_m|_2^2, k = n M, error = w_0 - w_*.

    Why: let A = P_M .. P_1 and e = A^n error. To reach task m within the next cycle, e makes m
    moves of squared lengths that sum to at most |e|^2 - |A e|^2 =: gap, so |(I - P_m) e|^2 <= m gap
    and, task M being solved, the mean over tasks is at most (M - 1)/2 gap. Two bounds on gap:

    * gap <= tr (A^n)^T (I - A^T A) A^n falls with n, and n of them sum to at most rank A <= D - r.
    * gap <= 2 |A^n (I - A)|, A = (1 - a) I + a R with a = M / (M + 1), |R| <= 1. Telescoped
      it is 2 a times the largest binomial probability, that at most 1 / sqrt(2 e n a (1 - a)).

    Both give M (M - 1) in place of M^2, and the second a factor sqrt(2 / e) besides.
    Cost: two SVDs a task.
    """
    M, _, D = Xs.shape
    k = num_cycles * M
    singular_values = jnp.linalg.svd(Xs, compute_uv=False)
    largest = jnp.max(singular_values)
    rank = jnp.max(jnp.linalg.matrix_rank(Xs)).astype(error.dtype)
    scale = M**2 * jnp.sum(error**2) * largest**2
    return scale * jnp.minimum(k**-0.5, (D - rank) / (2 * k))
