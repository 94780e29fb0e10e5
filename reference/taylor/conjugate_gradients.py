"""Lecture 2: conjugate gradients, which solve A x = b by products with A alone.

    x_k = argmin 1/2 x^T A x - b^T x   over   span(b, A b .. A^{k-1} b)

n steps are enough in exact arithmetic, as many as A has distinct eigenvalues, and
O(sqrt(kappa)) for a given precision. Every solve says how it ended.

    >>> A, b = jnp.diag(jnp.array([1.0, 4.0])), jnp.array([1.0, 8.0])
    >>> print(conjugate_gradient_iterates(lambda x: A @ x, b, num_steps=2).round(4))
    [[0.     0.    ]
     [0.2529 2.0233]
     [1.     2.    ]]

Source: CSC2541 lecture 2; Shewchuk (1994).
"""

from collections.abc import Callable
from enum import IntEnum
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from reference.pytrees import Scalar, Tree, as_vector, inner_product, norm, plus_multiple


class Ending(IntEnum):
    """How an iterative method ended; a plain integer inside `jit`."""

    CONVERGED = 0
    STEP_LIMIT = 1
    NONPOSITIVE_CURVATURE = 2
    NOT_FINITE = 3


class ConjugateGradientResult(NamedTuple):
    """`residual_norm` is |b - A x| computed anew, not by the recurrence; `ending` an `Ending`."""

    solution: Tree
    steps: Int[Array, ""]
    residual_norm: Scalar
    ending: Int[Array, ""]


class _State(NamedTuple):
    x: Tree
    r: Tree  # residual b - A x, by recurrence
    d: Tree  # search direction
    rz: Scalar  # <r, M^-1 r>
    curvature: Scalar  # <d, A d> of the step before
    steps: Int[Array, ""]


def conjugate_gradient(
    matvec: Callable[[Tree], Tree],
    b: Tree,
    x_0: Tree | None = None,
    *,
    tolerance: float,
    max_steps: int,
    preconditioner: Callable[[Tree], Tree] | None = None,
) -> ConjugateGradientResult:
    """Solves A x = b until |b - A x| <= tolerance |b|, or says why not.

    Assumes A symmetric positive definite, or semi-definite with b in its range, and so is
    `preconditioner`, r -> M^-1 r, with M near A. A direction with <d, A d> <= 0 ends it at the
    last good x. The test of convergence uses the recurrence for the residual, which in
    float32 may get ahead of the truth: compare `residual_norm`.
    Cost: one matvec a step, and one or (given x_0) two more.
    Source: Shewchuk (1994), eqs. 45-49, and section 12 for the preconditioner.

    >>> A, b = jnp.diag(jnp.array([1.0, 4.0])), jnp.array([1.0, 8.0])
    >>> result = conjugate_gradient(lambda x: A @ x, b, tolerance=1e-5, max_steps=10)
    >>> print(result.solution.round(4), result.steps, Ending(int(result.ending)).name)
    [1. 2.] 2 CONVERGED
    """
    precondition = preconditioner or _identity
    target = tolerance * norm(b)

    state = jax.lax.while_loop(
        lambda state: _unfinished(state, target) & (state.steps < max_steps),
        lambda state: _conjugate_step(matvec, precondition, state),
        _start(matvec, precondition, b, x_0),
    )
    residual_norm = norm(plus_multiple(b, -1, matvec(state.x)))
    return ConjugateGradientResult(state.x, state.steps, residual_norm, _ending(state, target))


def conjugate_gradient_iterates(matvec: Callable[[Tree], Tree], b: Tree, num_steps: int) -> Tree:
    """x_0 = 0, x_1 .. x_{num_steps}, along a new first axis of every leaf.

    x_k minimises 1/2 x^T A x - b^T x over the Krylov space span(b, A b .. A^{k-1} b). Once the
    residual is rounding (|r| <= eps |b|) the iterates stay where they are, rather than follow
    0/0. Assumptions as for `conjugate_gradient`. Cost: one matvec a step.
    """
    target = jnp.finfo(as_vector(b).dtype).eps * norm(b)

    def advance(state: _State, _: None) -> tuple[_State, Tree]:
        moved, goes_on = _conjugate_step(matvec, _identity, state), _unfinished(state, target)
        state = jax.tree.map(lambda new, old: jnp.where(goes_on, new, old), moved, state)
        return state, state.x

    start = _start(matvec, _identity, b, None)
    _, iterates = jax.lax.scan(advance, start, length=num_steps)
    return jax.tree.map(lambda x, xs: jnp.concatenate([x[None], xs]), start.x, iterates)


def conjugate_gradient_bound(
    condition_number: Scalar | float, num_steps: int
) -> Float[Array, " T"]:
    """|x_k - x|_A / |x_0 - x|_A <= 2 ((sqrt(kappa) - 1) / (sqrt(kappa) + 1))^k, |e|_A^2 = e^T A e.

    So O(sqrt(kappa)) steps, where gradient descent needs O(kappa).
    Source: Shewchuk (1994), eq. 52.
    """
    root = jnp.sqrt(condition_number)
    return 2 * ((root - 1) / (root + 1)) ** jnp.arange(num_steps + 1)


def _identity(r: Tree) -> Tree:
    return r


def _start(
    matvec: Callable[[Tree], Tree],
    precondition: Callable[[Tree], Tree],
    b: Tree,
    x_0: Tree | None,
) -> _State:
    x = jax.tree.map(jnp.zeros_like, b) if x_0 is None else x_0
    r = b if x_0 is None else plus_multiple(b, -1, matvec(x_0))
    z = precondition(r)
    rz = inner_product(r, z)
    return _State(x, r, z, rz, jnp.ones_like(rz), jnp.zeros((), jnp.int32))


def _conjugate_step(
    matvec: Callable[[Tree], Tree], precondition: Callable[[Tree], Tree], state: _State
) -> _State:
    """One step; none, but for the curvature it saw, if <d, A d> is not positive (or NaN)."""
    Ad = matvec(state.d)
    curvature = inner_product(state.d, Ad)
    usable = curvature > 0
    alpha = jnp.where(usable, state.rz / curvature, 0)

    x = plus_multiple(state.x, alpha, state.d)
    r = plus_multiple(state.r, -alpha, Ad)
    z = precondition(r)
    rz = inner_product(r, z)
    d = plus_multiple(z, rz / state.rz, state.d)
    return _State(x, r, d, rz, curvature, state.steps + usable)


def _unfinished(state: _State, target: Scalar) -> Array:
    return (norm(state.r) > target) & (state.curvature > 0)


def _ending(state: _State, target: Scalar) -> Int[Array, ""]:
    r = norm(state.r)
    return jnp.select(
        [r <= target, ~jnp.isfinite(r + state.curvature), state.curvature <= 0],
        [jnp.int32(Ending.CONVERGED), Ending.NOT_FINITE, Ending.NONPOSITIVE_CURVATURE],
        Ending.STEP_LIMIT,
    )
