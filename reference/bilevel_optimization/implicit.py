"""Lecture 11: hypergradients by the implicit function theorem.

Training gives w*(theta) = argmin_w L_t(w, theta); validation scores it by L_v(w*, theta). Where the
Hessian H = d^2 L_t / dw^2 at w* is positive definite, w* is a smooth function of theta and

    dL_v/dtheta = (partial of L_v in theta) - (d^2 L_t / dw dtheta)^T H^-1 (partial of L_v in w)

Only w* enters, not how training reached it: no trajectory is stored, and the memory is that of a
gradient, whatever the number of training steps. The price is that w* must be reached, for away
from it the formula is the derivative of nothing.

`inner_loss` is L_t, `outer_loss` is L_v, both functions of (w, theta), two pytrees.

    >>> inner_loss = lambda w, theta: (w - 3) ** 2 / 2 + theta * w**2 / 2    # w* = 3 / (1 + theta)
    >>> outer_loss = lambda w, theta: (w - 1) ** 2 / 2
    >>> w, theta = jnp.array(1.5), jnp.array(1.0)
    >>> print(dense_hypergradient(inner_loss, outer_loss, w, theta))    # (w* - 1) dw*/dtheta
    -0.375

Source: CSC2541 lecture 11; Bengio (2000); Pedregosa (2016); Lorraine, Vicol and Duvenaud (2020).
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int

from reference.pytrees import Scalar, Tree, as_tree, as_vector, inner_product
from reference.taylor import conjugate_gradient, hessian_vector_product, response_jacobian

Loss = Callable[[Tree, Tree], Scalar]


class ImplicitHypergradient(NamedTuple):
    """`inverse_product` is q = H^-1 g_v; the rest says how conjugate gradients found it.

    `ending` is a `reference.taylor.Ending`, `residual_norm` is |g_v - H q|.
    """

    hypergradient: Tree
    inverse_product: Tree
    steps: Int[Array, ""]
    residual_norm: Scalar
    ending: Int[Array, ""]


def dense_hypergradient(inner_loss: Loss, outer_loss: Loss, w: Tree, theta: Tree) -> Tree:
    """dL_v/dtheta with H formed and solved with: the oracle for few parameters; shaped as theta.

    Assumes that w is a stationary point of inner_loss in w, with H regular.
    Cost: P Hessian-vector products, min(P, Q) mixed ones and O(P^3).
    """
    g_v, direct = jax.grad(outer_loss, (0, 1))(w, theta)
    indirect = response_jacobian(inner_loss, w, theta).T @ as_vector(g_v)
    return as_tree(as_vector(direct) + indirect, like=theta)


def implicit_hypergradient(
    inner_loss: Loss,
    outer_loss: Loss,
    w: Tree,
    theta: Tree,
    *,
    tolerance: float,
    max_steps: int,
    curvature_product: Callable[[Tree], Tree] | None = None,
) -> ImplicitHypergradient:
    """dL_v/dtheta with q = H^-1 g_v by conjugate gradients: forms no matrix.

    Assumes that w is a minimum of inner_loss in w. `curvature_product`, v -> C v, replaces H by
    another positive definite C: with the Gauss-Newton matrix (plus the Hessian of a penalty)
    conjugate gradients are safe where H is indefinite, and the hypergradient is exact if the
    network is linear in w or fits every target, and biased otherwise.
    Cost: one product a step, and 2 to 3 gradients; memory of one gradient.
    Source: Pedregosa (2016), with inexact solves; Lorraine et al. (2020).

    >>> inner_loss = lambda w, theta: (w - 3) ** 2 / 2 + theta * w**2 / 2
    >>> outer_loss = lambda w, theta: (w - 1) ** 2 / 2
    >>> w, theta = jnp.array(1.5), jnp.array(1.0)
    >>> options = {"tolerance": 1e-5, "max_steps": 5}
    >>> print(implicit_hypergradient(inner_loss, outer_loss, w, theta, **options).hypergradient)
    -0.375
    """
    g_v = jax.grad(outer_loss)(w, theta)
    product = curvature_product or (
        lambda v: hessian_vector_product(lambda w: inner_loss(w, theta), w, v)
    )
    q, steps, residual_norm, ending = conjugate_gradient(
        product, g_v, tolerance=tolerance, max_steps=max_steps
    )
    total = assembled_hypergradient(inner_loss, outer_loss, w, theta, q)
    return ImplicitHypergradient(total, q, steps, residual_norm, ending)


def assembled_hypergradient(
    inner_loss: Loss, outer_loss: Loss, w: Tree, theta: Tree, q: Tree
) -> Tree:
    """(partial of L_v in theta) - (d^2 L_t / dw dtheta)^T q, for any estimate q of H^-1 g_v.

    How q was found is all that tells implicit methods apart: exactly, by conjugate gradients, by a
    Neumann series, or as alpha g_v, a single step unrolled. Cost: 2 to 3 gradients.
    """
    direct = jax.grad(outer_loss, 1)(w, theta)
    indirect = mixed_derivative_product(inner_loss, w, theta, q)
    return jax.tree.map(jnp.subtract, direct, indirect)


def mixed_derivative_product(inner_loss: Loss, w: Tree, theta: Tree, q: Tree) -> Tree:
    """(d^2 L_t / dw dtheta)^T q = grad_theta <grad_w L_t, q>: shaped as theta, for q shaped as w.

    Cost: 2 to 3 gradients.

    >>> inner_loss = lambda w, theta: theta * w**3
    >>> w, theta, q = jnp.array(2.0), jnp.array(1.0), jnp.array(0.5)
    >>> print(mixed_derivative_product(inner_loss, w, theta, q))    # 3 w^2 q
    6.0
    """
    return jax.grad(lambda theta: inner_product(jax.grad(inner_loss)(w, theta), q))(theta)


def argmin(
    loss: Loss,
    minimise: Callable[[Callable[[Tree], Tree], Tree], Tree],
    w_0: Tree,
    theta: Tree,
    *,
    tolerance: float,
    max_steps: int,
) -> Tree:
    """w*(theta) = argmin_w loss(w, theta), differentiable in theta by the implicit theorem.

    `minimise(gradient, w_0)` is any program that finds the zero of `gradient` reachable from w_0;
    it is run, never differentiated, so that it may be a `while_loop` and stores nothing. Both
    modes of differentiation solve with H by conjugate gradients, to `tolerance` and in at
    most `max_steps`; `implicit_hypergradient` does the same and says how that ended. The
    derivative in w_0 is 0. Assumes H positive definite at w*.
    Cost: that of `minimise`; a derivative adds one Hessian-vector product a step.

    >>> ridge = lambda w, theta: (w - 3) ** 2 / 2 + theta * w**2 / 2
    >>> halving = lambda gradient, w: jax.lax.fori_loop(0, 50, lambda _, w: w - gradient(w) / 2, w)
    >>> options = {"tolerance": 1e-5, "max_steps": 5}
    >>> response = lambda theta: argmin(ridge, halving, jnp.zeros(()), theta, **options)
    >>> print(response(jnp.array(1.0)), jax.grad(response)(jnp.array(1.0)))
    1.5 -0.75
    """

    def solution(matvec: Callable[[Tree], Tree], b: Tree) -> Tree:
        # Where H is only semi-definite, or CG hits its limit, this is its best answer.
        return conjugate_gradient(matvec, b, tolerance=tolerance, max_steps=max_steps).solution

    def differentiable_solution(matvec: Callable[[Tree], Tree], b: Tree) -> Tree:
        return jax.lax.custom_linear_solve(matvec, b, solution, symmetric=True)

    return jax.lax.custom_root(
        lambda w: jax.grad(loss)(w, theta), w_0, minimise, differentiable_solution
    )
