"""Lecture 3: the proximal point method, or implicit gradient descent.

    u = argmin_u J(u) + lambda rho(u, w)

The new weights trade the loss off against a dissimilarity rho to the old ones, which is 0 and
smallest at u = w. With rho = 1/2 |u - w|^2 the minimum satisfies u = w - (1/lambda) grad J(u):
gradient descent of step size 1/lambda with the gradient taken where the step ends. It is stable
for every step size. The other algorithms of the lecture approximate it: with J to first order
and rho to second, 1/2 (u - w)^T G (u - w), it is u = w - (1/lambda) G^-1 grad J(w), so gradient
descent for G = I and the natural gradient for G = F; J to second order adds H to lambda G.

    >>> loss = lambda u: jnp.sum(jnp.array([1.0, 9.0]) * u**2) / 2
    >>> result = proximal_point(
    ...     loss, half_squared_distance, jnp.ones(2), penalty=1.0, tolerance=1e-5, max_steps=9
    ... )
    >>> print((10 * result.solution).round(3), Ending(int(result.ending)).name)
    [5. 1.] CONVERGED

Source: CSC2541 lecture 3; Rockafellar (1976); Parikh and Boyd (2014).
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from reference.pytrees import Scalar, Tree, inner_product, norm, plus_multiple
from reference.taylor import Ending, conjugate_gradient, hessian_vector_product

Loss = Callable[[Tree], Scalar]
Dissimilarity = Callable[[Tree, Tree], Scalar]


class ProximalPointResult(NamedTuple):
    """`gradient_norm` is that of the proximal objective at `solution`; `ending` an `Ending`."""

    solution: Tree
    steps: Int[Array, ""]
    gradient_norm: Scalar
    ending: Int[Array, ""]


def half_squared_distance(u: Tree, w: Tree) -> Scalar:
    """1/2 |u - w|^2, the dissimilarity of implicit gradient descent."""
    difference = plus_multiple(u, -1, w)
    return inner_product(difference, difference) / 2


def quadratic_proximal_point(
    A: Float[Array, "D D"], b: Float[Array, " D"], w: Float[Array, " D"], penalty: Scalar | float
) -> Float[Array, " D"]:
    """(A + lambda I)^-1 (b + lambda w), for J = 1/2 u^T A u - b^T u and rho = 1/2 |u - w|^2.

    The same as w - (A + lambda I)^-1 grad J(w): Newton's step, damped. Assumes A symmetric and
    A + lambda I positive definite. Cost: one dense solve.

    >>> print(quadratic_proximal_point(jnp.eye(1), jnp.zeros(1), jnp.ones(1), penalty=3.0))
    [0.75]
    """
    return jnp.linalg.solve(A + penalty * jnp.eye(len(b), dtype=A.dtype), b + penalty * w)


def proximal_point(
    loss: Loss,
    dissimilarity: Dissimilarity,
    w: Tree,
    *,
    penalty: Scalar | float,
    tolerance: float,
    max_steps: int,
    max_inner_steps: int = 100,
) -> ProximalPointResult:
    """argmin_u J(u) + lambda rho(u, w), by Newton's method from w, each step by CG.

    Ends where the gradient of the objective is at most `tolerance` times |grad J(w)|, which is
    that at the start, or says why not. Assumes the objective twice differentiable and convex
    between w and u, and lambda large enough that full Newton steps go down: there is no line
    search. Negative curvature met by CG ends it at the last u.
    Cost: a step takes a gradient and, for each step of CG, a Hessian-vector product.
    """

    def objective(u: Tree) -> Scalar:
        return loss(u) + penalty * dissimilarity(u, w)

    def newton_step(state: ProximalPointResult) -> ProximalPointResult:
        cg = conjugate_gradient(
            lambda v: hessian_vector_product(objective, state.solution, v),
            jax.grad(objective)(state.solution),
            tolerance=tolerance,
            max_steps=max_inner_steps,
        )
        refused = cg.ending == Ending.NONPOSITIVE_CURVATURE
        u = plus_multiple(state.solution, jnp.where(refused, 0, -1), cg.solution)
        gradient_norm = norm(jax.grad(objective)(u))
        ending = jnp.select(
            [~jnp.isfinite(gradient_norm), gradient_norm <= target, refused],
            [jnp.int32(Ending.NOT_FINITE), Ending.CONVERGED, Ending.NONPOSITIVE_CURVATURE],
            Ending.STEP_LIMIT,
        )
        return ProximalPointResult(u, state.steps + ~refused, gradient_norm, ending)

    start_norm = norm(jax.grad(objective)(w))
    target = tolerance * start_norm
    ending = jnp.where(start_norm == 0, jnp.int32(Ending.CONVERGED), Ending.STEP_LIMIT)
    return jax.lax.while_loop(
        lambda state: (state.ending == Ending.STEP_LIMIT) & (state.steps < max_steps),
        newton_step,
        ProximalPointResult(w, jnp.zeros((), jnp.int32), start_norm, ending),
    )


def proximal_point_iterates(
    loss: Loss,
    dissimilarity: Dissimilarity,
    w_0: Tree,
    penalty: Scalar | float,
    num_steps: int,
    *,
    tolerance: float,
    max_steps: int,
) -> Tree:
    """w_{k+1} = argmin_u J(u) + lambda rho(u, w_k), k = 0 .. num_steps, along a new first axis.

    On a quadratic with rho = 1/2 |u - w|^2 a mode of curvature a shrinks by
    lambda / (a + lambda) a step, never overshooting, where gradient descent of step size
    1/lambda multiplies it by 1 - a / lambda. Assumptions as for `proximal_point`, whose
    `tolerance` and `max_steps` of Newton's method these are. Cost: `num_steps` of those.
    """

    def advance(w: Tree, _: None) -> tuple[Tree, Tree]:
        w = proximal_point(
            loss, dissimilarity, w, penalty=penalty, tolerance=tolerance, max_steps=max_steps
        ).solution
        return w, w

    _, iterates = jax.lax.scan(advance, w_0, length=num_steps)
    return jax.tree.map(lambda w, ws: jnp.concatenate([w[None], ws]), w_0, iterates)
