"""Lecture 2: Taylor approximations, by products with matrices that are never formed.

    f(w + v) ~ f(w) + J v,      J(w + v) ~ J(w) + g^T v + 1/2 v^T H v,      G = J^T H_z J

A product with the Jacobian, the Hessian or the Gauss-Newton matrix costs a few gradients,
whatever the number P of parameters; conjugate gradients then solve with them. The dense
matrices are here as oracles for small P.

    >>> loss = lambda w: w["x"] ** 2 * w["y"]
    >>> w = {"x": jnp.array(1.0), "y": jnp.array(3.0)}
    >>> v = {"x": jnp.array(1.0), "y": jnp.array(0.0)}
    >>> {name: float(leaf) for name, leaf in hessian_vector_product(loss, w, v).items()}
    {'x': 6.0, 'y': 2.0}
    >>> print(hessian(loss, w))
    [[6. 2.]
     [2. 0.]]

Source: CSC2541 lecture 2.
"""

from collections.abc import Callable
from enum import IntEnum
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from reference.pytrees import (
    Scalar,
    Tree,
    as_vector,
    inner_product,
    norm,
    on_vectors,
    plus_multiple,
)

# --- Products ------------------------------------------------------------------------------------


def jacobian_vector_product(f: Callable[[Tree], Tree], w: Tree, v: Tree) -> Tree:
    """J v = d/de f(w + e v) at e = 0: the directional derivative of f, or R_v f.

    Shaped as f(w). Cost: one evaluation of f and its tangent, about 2 evaluations.
    Source: Pearlmutter (1994), the R operator.

    >>> print(jacobian_vector_product(lambda w: w**2, jnp.array([1.0, 3.0]), jnp.ones(2)))
    [2. 6.]
    """
    return jax.jvp(f, (w,), (v,))[1]


def vector_jacobian_product(f: Callable[[Tree], Tree], w: Tree, u: Tree) -> Tree:
    """J^T u, for a cotangent u shaped as f(w); the result is shaped as w.

    <u, J v> = <J^T u, v> for all v. Cost: one gradient.

    >>> print(vector_jacobian_product(lambda w: w[:1] * w[1], jnp.array([2.0, 3.0]), jnp.ones(1)))
    [3. 2.]
    """
    return jax.vjp(f, w)[1](u)[0]


def hessian_vector_product(loss: Callable[[Tree], Scalar], w: Tree, v: Tree) -> Tree:
    """H v = d/de grad(w + e v) at e = 0, forward over reverse.

    Assumes loss twice differentiable at w (at the kink of a ReLU its derivative counts as 0).
    Cost: about 2 to 3 gradients, and the memory of one. Source: Pearlmutter (1994).
    """
    return jacobian_vector_product(jax.grad(loss), w, v)


def gauss_newton_vector_product(
    network: Callable[[Tree], Tree], loss_of_output: Callable[[Tree], Scalar], w: Tree, v: Tree
) -> Tree:
    """G v = J^T H_z J v for the loss `loss_of_output(network(w))`; z is the network's output.

    G is the Hessian of the loss with the network linearised at w: H without the term that holds
    the residual and the network's own second derivatives. Positive semi-definite if
    loss_of_output is convex, and equal to H if the network is linear in w.
    Cost: about 2 to 3 gradients. Source: Schraudolph (2002); CSC2541 lecture 2.

    >>> half_square = lambda z: z**2 / 2
    >>> w, v = jnp.array(3.0), jnp.array(1.0)
    >>> print(gauss_newton_vector_product(lambda w: w**2, half_square, w, v))  # H = 54
    36.0
    """
    z, Jv = jax.jvp(network, (w,), (v,))
    HJv = hessian_vector_product(loss_of_output, z, Jv)
    return vector_jacobian_product(network, w, HJv)


# --- Dense oracles -------------------------------------------------------------------------------


def jacobian(f: Callable[[Tree], Tree], w: Tree) -> Float[Array, "K P"]:
    """J of f, both sides flattened by `as_vector`. Cost: K gradients and K P memory."""
    return jax.jit(jax.jacrev(on_vectors(lambda w: as_vector(f(w)), like=w)))(as_vector(w))


def hessian(loss: Callable[[Tree], Scalar], w: Tree) -> Float[Array, "P P"]:
    """H over the flattened parameters. Cost: P Hessian-vector products and P^2 memory."""
    # Compiled as a whole: a tenth of the time that its operations take to compile one by one.
    return jax.jit(jax.hessian(on_vectors(loss, like=w)))(as_vector(w))


def gauss_newton_matrix(
    network: Callable[[Tree], Tree], loss_of_output: Callable[[Tree], Scalar], w: Tree
) -> Float[Array, "P P"]:
    """G = J^T H_z J over the flattened parameters. Cost: K gradients, K^2 + P^2 memory.

    K counts all outputs of `network`: examples times outputs if it maps a batch.
    """
    J = jacobian(network, w)
    return J.T @ hessian(loss_of_output, network(w)) @ J


# --- Conjugate gradients -------------------------------------------------------------------------


class Ending(IntEnum):
    """How conjugate gradients ended; a plain integer inside `jit`."""

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


# --- Sensitivity of a minimum --------------------------------------------------------------------


def response_jacobian(
    loss: Callable[[Tree, Tree], Scalar], w: Tree, theta: Tree
) -> Float[Array, "P Q"]:
    """dr/dtheta = -[d^2 J/dw^2]^-1 d^2 J/dw dtheta, where r(theta) = argmin_w J(w, theta).

    Both sides flattened by `as_vector`. Assumes that w is that minimum (the gradient vanishes)
    and that H is regular there: the implicit function theorem.
    Cost: min(P, Q) products for the mixed block, P for H, and a dense solve, O(P^3).
    Source: CSC2541 lecture 2.

    >>> ridge = lambda w, theta: (w - 3) ** 2 / 2 + theta * w**2 / 2    # r = 3 / (1 + theta)
    >>> print(response_jacobian(ridge, jnp.array(1.5), jnp.array(1.0)))
    [[-0.75]]
    """
    H = hessian(lambda w: loss(w, theta), w)
    mixed = jacobian(lambda theta: jax.grad(loss)(w, theta), theta)
    return -jnp.linalg.solve(H, mixed)


def response_vector_product(
    loss: Callable[[Tree, Tree], Scalar],
    w: Tree,
    theta: Tree,
    v: Tree,
    *,
    tolerance: float,
    max_steps: int,
) -> ConjugateGradientResult:
    """(dr/dtheta) v for a direction v of theta, by conjugate gradients: forms no matrix.

    The `solution` is shaped as w. Assumptions as for `response_jacobian`, with H positive definite.
    Cost: one Hessian-vector product a step, and 2 to 3 gradients.
    """
    mixed_v = jacobian_vector_product(lambda theta: jax.grad(loss)(w, theta), theta, v)
    return conjugate_gradient(
        lambda u: hessian_vector_product(lambda w: loss(w, theta), w, u),
        jax.tree.map(jnp.negative, mixed_v),
        tolerance=tolerance,
        max_steps=max_steps,
    )
