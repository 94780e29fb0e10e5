"""Lecture 2: how a minimum moves with what it depends on.

    r(theta) = argmin_w J(w, theta),      dr/dtheta = -[d^2 J/dw^2]^-1 d^2 J/dw dtheta

The gradient in w vanishes along r; differentiating that gives a linear system with the Hessian.

    >>> ridge = lambda w, theta: (w - 3) ** 2 / 2 + theta * w**2 / 2    # r = 3 / (1 + theta)
    >>> w, theta, v = jnp.array(1.5), jnp.array(1.0), jnp.array(2.0)
    >>> print(response_vector_product(ridge, w, theta, v, tolerance=1e-5, max_steps=3).solution)
    -1.5

Source: CSC2541 lecture 2.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from reference.pytrees import Scalar, Tree
from reference.taylor.conjugate_gradients import ConjugateGradientResult, conjugate_gradient
from reference.taylor.products import (
    hessian,
    hessian_vector_product,
    jacobian,
    jacobian_vector_product,
)


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
