"""Lecture 5: batch normalisation, and descent on losses that do not see the scale of the weights.

Normalising pre-activations X w over the batch makes the loss scale-invariant, f(c w) = f(w) for
c > 0. Differentiating that in w and in c,

    grad f(c w) = grad f(w) / c,        <grad f(w), w> = 0

A step is tangent to the sphere, so that the norm only grows. With u = w / |w| and
g = grad f(u), gradient descent w <- w - alpha grad f(w) is, exactly,

    a = alpha / |w|^2,    u <- (u - a g) / sqrt(1 + a^2 |g|^2),    |w| <- |w| sqrt(1 + a^2 |g|^2)

descent on the sphere with the effective step size a, which falls as |w| grows.

    >>> w = jnp.array([3.0, 4.0])
    >>> print(effective_step_size(5.0, w))
    0.2

Source: CSC2541 lecture 5; Ioffe and Szegedy (2015); van Laarhoven (2017), for alpha / |w|^2.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from reference.pytrees import Scalar, Tree, inner_product, norm, plus_multiple

# --- Batch normalisation -------------------------------------------------------------------------


def batch_normalization(
    X: Float[Array, "N D"],
    gain: Float[Array, " D"],
    bias: Float[Array, " D"],
    *,
    epsilon: Scalar | float,
) -> Float[Array, "N D"]:
    """gain (x - mean) / sqrt(variance + epsilon) + bias, with the moments of the N rows.

    The variance is a mean over N, not N - 1. Unchanged by X -> X diag(c) + 1 b^T, c > 0, if
    epsilon = 0. As the rows see each other, an example's gradient isn't its own any more.
    Source: Ioffe and Szegedy (2015), algorithm 1.
    """
    mean, variance = jnp.mean(X, axis=0), jnp.var(X, axis=0)
    return inference_normalization(X, mean, variance, gain, bias, epsilon=epsilon)


def inference_normalization(
    X: Float[Array, "N D"],
    mean: Float[Array, " D"],
    variance: Float[Array, " D"],
    gain: Float[Array, " D"],
    bias: Float[Array, " D"],
    *,
    epsilon: Scalar | float,
) -> Float[Array, "N D"]:
    """The same with given moments, such as averages over training: an affine map of each row."""
    return gain * (X - mean) / jnp.sqrt(variance + epsilon) + bias


# --- Scale-invariant losses ----------------------------------------------------------------------


def scale_invariant(loss: Callable[[Tree], Scalar]) -> Callable[[Tree], Scalar]:
    """w -> loss(w / |w|): what normalisation makes of a loss, for w as a whole."""
    return lambda w: loss(_direction(w))


def effective_step_size(step_size: Scalar | float, w: Tree) -> Scalar:
    """alpha / |w|^2: the step size that has the same effect at the unit vector w / |w|."""
    return step_size / inner_product(w, w)


def tangent_component(w: Tree, v: Tree) -> Tree:
    """v - w <w, v> / |w|^2: v without its part along w.

    The gradient of loss(w / |w|) is 1 / |w| times this, for v = grad loss at w / |w|.
    """
    return plus_multiple(v, -inner_product(w, v) / inner_product(w, w), w)


class SphericalDescent(NamedTuple):
    """Directions u_k, one for every leaf's new first axis, and norms |w_k|."""

    directions: Tree
    norms: Float[Array, " T"]


def spherical_descent_iterates(
    loss: Callable[[Tree], Scalar], w_0: Tree, step_size: Scalar | float, num_steps: int
) -> SphericalDescent:
    """u_k and |w_k| of gradient descent on a scale-invariant loss, k = 0 .. num_steps.

    Evaluates the loss on the sphere only; |w_k| u_k is the w_k of gradient descent in exact
    arithmetic. Cost: one gradient a step.
    """

    def advance(carried: tuple[Tree, Scalar], _: None) -> tuple[tuple[Tree, Scalar], tuple]:
        u, r = carried
        stretched = plus_multiple(u, -step_size / r**2, jax.grad(loss)(u))
        # |u - a g| = sqrt(1 + a^2 |g|^2), computed so that u stays of unit length.
        carried = _direction(stretched), r * norm(stretched)
        return carried, carried

    start = (_direction(w_0), norm(w_0))
    _, later = jax.lax.scan(advance, start, length=num_steps)
    both = jax.tree.map(lambda x, xs: jnp.concatenate([x[None], xs]), start, later)
    return SphericalDescent(*both)


def _direction(w: Tree) -> Tree:
    length = norm(w)
    return jax.tree.map(lambda leaf: leaf / length, w)
