"""Lecture 11: inverse Hessians by a Neumann series, and what they have to do with unrolling.

For 0 < alpha < 2 / h_max of a positive definite H,

    H^-1 = alpha sum_{j >= 0} (I - alpha H)^j,       p_n = alpha sum_{j < n} (I - alpha H)^j v

n terms leave the residual v - H p_n = (I - alpha H)^n v, component by component: directions of high
curvature are solved for first, those of low curvature are shrunk, as if there were a ridge.
The same sum comes out when n steps of gradient descent with step size alpha, begun *at* the
optimum, are differentiated: implicit differentiation with n terms and unrolling of n steps are
one method.

    >>> H, v = jnp.diag(jnp.array([1.0, 0.5])), jnp.ones(2)
    >>> result = neumann_inverse_product(lambda x: H @ x, v, step_size=1.0, num_terms=3)
    >>> print(result.solution, result.residual_norm)
    [1.   1.75] 0.125

Source: Lorraine, Vicol and Duvenaud (2020).
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from reference.bilevel_optimization.implicit import Loss, assembled_hypergradient
from reference.pytrees import Scalar, Tree, norm, plus_multiple
from reference.taylor import hessian_vector_product


class NeumannResult(NamedTuple):
    """`residual_norm` is |v - H p|; above |v| the series diverges: take a smaller step size."""

    solution: Tree
    residual_norm: Scalar


class NeumannHypergradient(NamedTuple):
    """`inverse_product` estimates H^-1 g_v, with `residual_norm` = |g_v - H q|."""

    hypergradient: Tree
    inverse_product: Tree
    residual_norm: Scalar


def neumann_inverse_product(
    matvec: Callable[[Tree], Tree], v: Tree, step_size: Scalar | float, num_terms: int
) -> NeumannResult:
    """p = alpha sum_{j < num_terms} (I - alpha H)^j v, which tends to H^-1 v.

    Assumes the eigenvalues of alpha H in (0, 2). The term (I - alpha H)^n v that comes next *is*
    the residual, so it costs nothing more. Where H is singular the null component of v grows by
    alpha a term. Cost: one matvec a term. Source: Lorraine et al. (2020), algorithm 3.
    """

    def add(carry: tuple[Tree, Tree], _: None) -> tuple[tuple[Tree, Tree], None]:
        p, term = carry
        return (plus_multiple(p, step_size, term), _shrunk(matvec, step_size, term)), None

    zero = jax.tree.map(jnp.zeros_like, v)
    (p, term), _ = jax.lax.scan(add, (zero, v), length=num_terms)
    return NeumannResult(p, norm(term))


def neumann_shrinkage(
    eigenvalues: Float[Array, " D"], step_size: Scalar | float, num_terms: int
) -> Float[Array, " D"]:
    """1 - (1 - alpha h)^n: the fraction of H^-1 that n terms give along each eigenvector of H.

    1 for stiff directions, about n alpha h for soft ones, where H^-1 is thus cut off at n alpha.

    >>> print(neumann_shrinkage(jnp.array([1.0, 0.5]), 1.0, 3))
    [1.    0.875]
    """
    return 1 - (1 - step_size * eigenvalues) ** num_terms


def neumann_hypergradient(
    inner_loss: Loss,
    outer_loss: Loss,
    w: Tree,
    theta: Tree,
    step_size: Scalar | float,
    num_terms: int,
) -> NeumannHypergradient:
    """dL_v/dtheta with alpha sum_{j < n} (I - alpha H)^j g_v in place of H^-1 g_v.

    At a stationary point w it equals the derivative of L_v after n steps of gradient descent
    from w, the start held fixed. No terms leave the direct part, one term uses alpha I for H^-1.
    Cost: one Hessian-vector product a term, and 2 to 3 gradients; memory of one gradient.
    Source: Lorraine et al. (2020), algorithm 2 and the theorem on Neumann series and SGD.
    """
    q, residual_norm = neumann_inverse_product(
        lambda v: hessian_vector_product(lambda w: inner_loss(w, theta), w, v),
        jax.grad(outer_loss)(w, theta),
        step_size,
        num_terms,
    )
    total = assembled_hypergradient(inner_loss, outer_loss, w, theta, q)
    return NeumannHypergradient(total, q, residual_norm)


def _shrunk(matvec: Callable[[Tree], Tree], step_size: Scalar | float, v: Tree) -> Tree:
    """(I - alpha H) v."""
    return plus_multiple(v, -step_size, matvec(v))
