"""Lecture 8: what a finite step size adds to the loss, by backward-error analysis.

A step of gradient descent follows, to a smaller error than its own flow, that of another loss:

    L~(w) = L(w) + (alpha / 4) |grad L(w)|^2,     grad L~ = (I + (alpha / 2) H) grad L

The flow on L~ for a time alpha differs from the step by O(alpha^3), that on L by O(alpha^2);
after a fixed time the errors are O(alpha^2) and O(alpha). So descent prefers flat regions.
SGD that visits the m batches of an epoch in random order follows, on the mean over orders,

    L~(w) = L(w) + (alpha / 4) (1/m) sum_k |grad L_k(w)|^2,

with the noise of the batches as a further penalty, for the mean of squares is |grad L|^2 plus
the variance of the batches' gradients.

    >>> loss, w = lambda w: w**2 / 2, jnp.array(2.0)
    >>> print(modified_loss(loss, w, step_size=0.1), modified_gradient(loss, w, step_size=0.1))
    2.1 2.1

Source: CSC2541 lecture 8; Barrett and Dherin (2021); Smith et al. (2021).
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp

from reference.pytrees import Scalar, Tree, inner_product, plus_multiple


def modified_loss(loss: Callable[[Tree], Scalar], w: Tree, step_size: Scalar | float) -> Scalar:
    """L + (alpha / 4) |grad L|^2. Cost: one gradient."""
    value, g = jax.value_and_grad(loss)(w)
    return value + step_size / 4 * inner_product(g, g)


def modified_gradient(loss: Callable[[Tree], Scalar], w: Tree, step_size: Scalar | float) -> Tree:
    """grad L + (alpha / 2) H grad L: the gradient of `modified_loss`, and first terms of a series.

    On a quadratic the series is -log(I - alpha H) / alpha applied to w.
    Cost: one gradient and one Hessian-vector product.
    """
    g = jax.grad(loss)(w)
    Hg = jax.jvp(jax.grad(loss), (w,), (g,))[1]
    return plus_multiple(g, step_size / 2, Hg)


def modified_sgd_loss(
    loss: Callable[[Tree, Tree], Scalar], w: Tree, batches: Tree, step_size: Scalar | float
) -> Scalar:
    """L + (alpha / 4) (1/m) sum_k |grad L_k|^2, with L_k = `loss(w, batch k)` and L their mean.

    The m batches lie along the first axis of the leaves of `batches`. For one epoch in random
    order without replacement: the mean over orders of w after m steps is that of the flow
    for a time m alpha, to O(alpha^3). Cost: m gradients, of a batch each.
    Source: Smith et al. (2021), the modified loss of random shuffling.
    """

    def value_and_square(batch: Tree) -> tuple[Scalar, Scalar]:
        value, g = jax.value_and_grad(loss)(w, batch)
        return value, inner_product(g, g)

    values, squares = jax.vmap(value_and_square)(batches)
    return jnp.mean(values) + step_size / 4 * jnp.mean(squares)


def gradient_flow(
    loss: Callable[[Tree], Scalar], w_0: Tree, time: Scalar | float, num_steps: int
) -> Tree:
    """w(time) on dw/dt = -grad L(w) from w_0, by Runge and Kutta's method of order 4.

    The error is O((time / num_steps)^4). Cost: 4 gradients a step.
    """
    dt = time / num_steps
    slope = jax.grad(loss)

    def advance(w: Tree, _: None) -> tuple[Tree, None]:
        k_1 = slope(w)
        k_2 = slope(plus_multiple(w, -dt / 2, k_1))
        k_3 = slope(plus_multiple(w, -dt / 2, k_2))
        k_4 = slope(plus_multiple(w, -dt, k_3))
        inner = jax.tree.map(jnp.add, k_2, k_3)
        return plus_multiple(
            w, -dt / 6, plus_multiple(jax.tree.map(jnp.add, k_1, k_4), 2, inner)
        ), None

    return jax.lax.scan(advance, w_0, length=num_steps)[0]
