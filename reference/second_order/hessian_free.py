"""Lecture 4: Hessian-free optimisation: the damped second-order step by conjugate gradients.

    (B + lambda I) v = -g,      B v by a product, B = G (Gauss-Newton), F (Fisher) or H

No matrix is formed: one product costs a few gradients whatever P is, and conjugate gradients
are stopped long before the exact solution. They start from a multiple, below 1, of the previous
step, since B and g change little from one update to the next. The damping is adapted by
Levenberg's and Marquardt's rule.

What the original has and this doesn't: a stop by the relative progress of the quadratic model
(here: by the residual), a preconditioner, the choice among the last iterates and a line search.

    >>> A, b = jnp.diag(jnp.array([1.0, 10.0])), jnp.array([2.0, 10.0])
    >>> loss = lambda w: w @ A @ w / 2 - b @ w
    >>> optimizer = hessian_free_optimizer(damping=0.0, tolerance=1e-5, max_steps=10)
    >>> w = jnp.zeros(2)
    >>> given = {"loss": loss, "curvature_product": lambda w, v: A @ v}
    >>> step, state = optimizer.update(jax.grad(loss)(w), optimizer.init(w), w, **given)
    >>> print((w + step).round(3), state.conjugate_steps)
    [2. 1.] 2

Source: CSC2541 lecture 4; Martens (2010); Martens and Sutskever (2012).
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Int

from reference.pytrees import Scalar, Tree, as_vector, plus_multiple
from reference.second_order.levenberg_marquardt import (
    predicted_change,
    reduction_ratio,
    updated_damping,
)
from reference.taylor import ConjugateGradientResult, conjugate_gradient


def hessian_free_step(
    curvature_product: Callable[[Tree], Tree],
    gradient: Tree,
    start: Tree | None = None,
    *,
    damping: Scalar | float,
    tolerance: float,
    max_steps: int,
) -> ConjugateGradientResult:
    """v = -(B + lambda I)^-1 g to a residual of `tolerance` |g|, by conjugate gradients.

    Assumes B + lambda I positive definite; the result says if it met a direction where it isn't,
    or ran out of steps. However early it is stopped, from `start` = 0 (None) v is a direction of
    descent; from another it need not be. Cost: one product with B a step, and two or three more.
    """
    return conjugate_gradient(
        lambda v: plus_multiple(curvature_product(v), damping, v),
        jax.tree.map(jnp.negative, gradient),
        start,
        tolerance=tolerance,
        max_steps=max_steps,
    )


class HessianFreeState(NamedTuple):
    """The last step, with its reduction ratio and how conjugate gradients came to it."""

    step: Tree
    damping: Scalar  # of the next step
    ratio: Scalar
    conjugate_steps: Int[Array, ""]
    ending: Int[Array, ""]  # a `reference.taylor.Ending`


def hessian_free_optimizer(
    *,
    damping: float,
    tolerance: float,
    max_steps: int,
    damping_factor: float = 1.5,
    warm_start: float = 0.95,
) -> optax.GradientTransformationExtraArgs:
    """g -> v, (B + lambda I) v = -g, starting conjugate gradients from `warm_start` v_previous.

    An optax optimizer whose `update` takes `loss`, a function of w alone, and
    `curvature_product`, (w, v) -> B(w) v: the first arguments of a product filled in, as in
    `partial(gauss_newton_vector_product, network, loss_of_output)`. lambda follows the reduction
    ratio, or stays where it is with a `damping_factor` of 1. Every step is taken, good or bad.
    Cost: that of `hessian_free_step`, one more product and two evaluations of the loss.
    Source: Martens (2010); Martens and Sutskever (2012) for the factor of the warm start.
    """

    def init(params: Tree) -> HessianFreeState:
        lambda_0 = jnp.asarray(damping, as_vector(params).dtype)
        zero, none = jnp.zeros_like(lambda_0), jnp.zeros((), jnp.int32)
        return HessianFreeState(jax.tree.map(jnp.zeros_like, params), lambda_0, zero, none, none)

    def update(
        gradient: Tree,
        state: HessianFreeState,
        params: Tree,
        *,
        loss: Callable[[Tree], Scalar],
        curvature_product: Callable[[Tree, Tree], Tree],
        **extra: Any,
    ) -> tuple[Tree, HessianFreeState]:
        step, conjugate_steps, _, ending = hessian_free_step(
            lambda v: curvature_product(params, v),
            gradient,
            jax.tree.map(lambda v: warm_start * v, state.step),
            damping=state.damping,
            tolerance=tolerance,
            max_steps=max_steps,
        )
        predicted = predicted_change(gradient, curvature_product(params, step), step)
        ratio = reduction_ratio(loss(params), loss(plus_multiple(params, 1, step)), predicted)
        new_damping = updated_damping(state.damping, ratio, factor=damping_factor)
        return step, HessianFreeState(step, new_damping, ratio, conjugate_steps, ending)

    # optax declares the extra arguments as optional, whatever they are.
    return optax.GradientTransformationExtraArgs(init, update)  # pyright: ignore[reportArgumentType]
