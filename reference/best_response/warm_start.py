"""Lecture 12: cold and warm starts of an overparameterised inner problem, and what they favour.

    w*(u) in argmin_w 1/2 |Phi(u) w - t(u)|^2,        Phi: N x D of rank N < D

has a subspace of solutions, and descent takes the one nearest to its start, a projection:

    Pi_k w = w + Phi_k^+ (t_k - Phi_k w):       cold  w_k = Pi_k w_0,      warm  w_k = Pi_k w_{k-1}

Cold starts forget: w_k depends on u_k alone. Warm starts carry along the null space of Phi_k
whatever earlier hyperparameters put there, so that the path matters, and the inner weights can
learn the outer problem through a u far too small to hold it. If only the targets depend on u,
all corrections lie in one row space and the two agree.

K counts outer steps in this module.

    >>> Phis = jnp.array([[[1.0, 0.0]], [[0.0, 1.0]]])
    >>> ts, w_0 = jnp.ones((2, 1)), jnp.zeros(2)
    >>> print(cold_start_solutions(Phis, ts, w_0))
    [[1. 0.]
     [0. 1.]]
    >>> print(warm_start_solutions(Phis, ts, w_0))
    [[1. 0.]
     [1. 1.]]

Source: Vicol, Lorraine, Pedregosa, Duvenaud and Grosse (2022), on implicit bias in
overparameterized bilevel optimization.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from reference.pytrees import Scalar

# --- The inner solution --------------------------------------------------------------------------


def nearest_solution(
    Phi: Float[Array, "N D"], t: Float[Array, " N"], w: Float[Array, " D"]
) -> Float[Array, " D"]:
    """Pi w = w + Phi^T (Phi Phi^T)^-1 (t - Phi w): of the solutions of Phi w = t the nearest to w.

    Where gradient descent from w ends. Assumes that Phi has full row rank, so that it can be
    differentiated in Phi (by the SVD it could not, at equal singular values).
    Cost: O(N^2 D + N^3).
    """
    return w + Phi.T @ jnp.linalg.solve(Phi @ Phi.T, t - Phi @ w)


def descended_weights(
    Phi: Float[Array, "N D"],
    t: Float[Array, " N"],
    w: Float[Array, " D"],
    step_size: Scalar | float,
    *,
    num_steps: int,
) -> Float[Array, " D"]:
    """w after gradient descent on 1/2 |Phi w - t|^2: a solution solved in part.

    The limit is `nearest_solution`, if step_size < 2 / |Phi|^2. Cost: 2 num_steps products.
    """
    return jax.lax.fori_loop(0, num_steps, lambda _, w: w - step_size * Phi.T @ (Phi @ w - t), w)


# --- Along a path of hyperparameters --------------------------------------------------------------


def cold_start_solutions(
    Phis: Float[Array, "K N D"], ts: Float[Array, "K N"], w_0: Float[Array, " D"]
) -> Float[Array, "K D"]:
    """w_k = Pi_k w_0: every inner problem is solved afresh from the same start.

    From w_0 = 0 the minimum-norm solutions. Cost: K `nearest_solution`s, independent.
    """
    return jax.vmap(nearest_solution, in_axes=(0, 0, None))(Phis, ts, w_0)


def warm_start_solutions(
    Phis: Float[Array, "K N D"], ts: Float[Array, "K N"], w_0: Float[Array, " D"]
) -> Float[Array, "K D"]:
    """w_k = Pi_k w_{k-1}: every inner problem is solved from the last one's solution.

    Alternating projections (Kaczmarz) if the same problems come around again: if all have a
    solution in common, it tends to the one nearest to w_0. Cost: K `nearest_solution`s, in turn.
    """

    def advance(w: Array, problem: tuple[Array, Array]) -> tuple[Array, Array]:
        w = nearest_solution(*problem, w)
        return w, w

    return jax.lax.scan(advance, w_0, (Phis, ts))[1]


def partially_warm_started_weights(
    Phis: Float[Array, "K N D"],
    ts: Float[Array, "K N"],
    w_0: Float[Array, " D"],
    step_size: Scalar | float,
    *,
    num_steps: int,
) -> Float[Array, "K D"]:
    """w_k = `num_steps` steps of descent on problem k from w_{k-1}: alternation as it is done.

    Cost: 2 K num_steps products.
    """

    def advance(w: Array, problem: tuple[Array, Array]) -> tuple[Array, Array]:
        w = descended_weights(*problem, w, step_size, num_steps=num_steps)
        return w, w

    return jax.lax.scan(advance, w_0, (Phis, ts))[1]


def warm_start_excess(
    Phi: Float[Array, "N D"], w_before: Float[Array, " D"], w_0: Float[Array, " D"]
) -> Float[Array, " D"]:
    """w_warm - w_cold = (I - Phi^+ Phi) (w_{k-1} - w_0): what a warm start remembers.

    Zero if w_{k-1} - w_0 is in the row space of the current Phi. Cost: O(N^2 D + N^3).
    """
    return nearest_solution(Phi, jnp.zeros_like(Phi[:, 0]), w_before - w_0)


# --- How the solution responds -------------------------------------------------------------------


def projection_response(
    problem: Callable[[Array], tuple[Array, Array]],
    u: Float[Array, " Q"],
    w_before: Float[Array, " D"],
) -> Float[Array, "D Q"]:
    """d/du Pi(u) w_before: how the solution moves if descent starts at the same place again.

    `problem` maps u to (Phi, t). Cost: min(Q, D) tangents of `nearest_solution`.
    """
    return jax.jacfwd(lambda u: nearest_solution(*problem(u), w_before))(u)


def minimum_norm_response(
    problem: Callable[[Array], tuple[Array, Array]], u: Float[Array, " Q"], w: Float[Array, " D"]
) -> Float[Array, "D Q"]:
    """-H^+ d^2 f/dw du = -Phi^+ d/du (Phi(u) w - t(u)): the implicit function theorem's least move.

    H = Phi^T Phi is singular, and its pseudo-inverse picks the least of the moves that keep w,
    assumed to be a solution at u, a solution. It is the part of `projection_response` in the row
    space; in the null space that has (I - Phi^+ Phi) dPhi^T (Phi Phi^T)^-1 (t - Phi w_before)
    more. What truncated Neumann series, conjugate gradients from 0 and slow warm starts see is
    this one. Cost: Q tangents and one solve.
    """
    Phi, _ = problem(u)

    def residual(u: Array) -> Array:
        Phi, t = problem(u)
        return Phi @ w - t

    return -Phi.T @ jnp.linalg.solve(Phi @ Phi.T, jax.jacfwd(residual)(u))


def bilevel_iterates(
    problem: Callable[[Array], tuple[Array, Array]],
    outer_loss: Callable[[Array], Scalar],
    u_0: Float[Array, " Q"],
    w_0: Float[Array, " D"],
    step_size: Scalar | float,
    *,
    num_steps: int,
    warm: bool,
) -> tuple[Float[Array, "T Q"], Float[Array, "T D"]]:
    """u_{k+1} = u_k - alpha R_k^T grad F(w_k), w_k = Pi(u_k) w_{k-1} if `warm`, else Pi(u_k) w_0.

    R_k is the response of the start in question: `projection_response` from w_0 for a cold
    start, so that u descends on F(w_cold(u)); `minimum_norm_response` at w_k for a warm one.
    Returns u_0 .. and the w_k that belong to them. Cost: one solve and Q tangents a step.
    """

    def advance(carry: tuple[Array, Array], _: None) -> tuple[tuple, tuple]:
        u, w_before = carry
        start = w_before if warm else w_0
        w = nearest_solution(*problem(u), start)
        response = (
            minimum_norm_response(problem, u, w) if warm else projection_response(problem, u, w_0)
        )
        return (u - step_size * response.T @ jax.grad(outer_loss)(w), w), (u, w)

    return jax.lax.scan(advance, (u_0, w_0), length=num_steps + 1)[1]
