"""Lecture 5: RMSprop and Adam: a step size of its own for every coordinate.

    v <- b2 v + (1 - b2) g^2            RMSprop:  w <- w - alpha g / (sqrt(v) + eps)
    m <- b1 m + (1 - b1) g              Adam:     w <- w - alpha m^ / (sqrt(v^) + eps)

with squares, roots and quotients taken coordinate by coordinate, m and v zero at first, and
bias-corrected averages m^ = m / (1 - b1^t), v^ = v / (1 - b2^t) at step t = 1, 2 ...

Rescaling the loss changes no step (up to eps), nor does rescaling a coordinate change the path of
the others; but rotating the coordinates does, unlike for gradient descent. v resembles the
diagonal of the empirical Fisher, of which a natural gradient would not take the root. RMSprop's
v starts from zero uncorrected here, so that its first steps are alpha / sqrt(1 - b2) long; and
eps stands outside the root (optax's `rmsprop` has it inside by default).

The optimizers drop into optax. Their steps amplify rounding: trajectories of two right programs
part after some tens of steps where v is small.

    >>> loss = lambda w: jnp.sum(jnp.array([100.0, 1.0]) * w**2)
    >>> print(optimizer_iterates(adam(0.5), loss, jnp.array([1.0, -1.0]), num_steps=1).round(2))
    [[ 1.  -1. ]
     [ 0.5 -0.5]]

Source: CSC2541 lecture 5; Tieleman and Hinton (2012); Kingma and Ba (2015), algorithm 1.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Int

from reference.pytrees import Scalar, Tree

# --- Moving averages -----------------------------------------------------------------------------


def moving_average(average: Tree, new: Tree, *, decay: Scalar | float) -> Tree:
    """b average + (1 - b) new, with b = `decay`: a memory of about 1 / (1 - b) steps."""
    return jax.tree.map(lambda old, new: decay * old + (1 - decay) * new, average, new)


def bias_corrected(average: Tree, count: Int[Array, ""], *, decay: Scalar | float) -> Tree:
    """average / (1 - b^t): as if weighted by weights that sum to one, `count` = t from 1 on.

    After t averages from zero, x_s has the weight (1 - b) b^{t-s}, and these sum to 1 - b^t.
    Source: Kingma and Ba (2015), section 3.

    >>> first = moving_average(jnp.zeros(()), jnp.array(8.0), decay=0.75)
    >>> print(first, bias_corrected(first, jnp.array(1), decay=0.75))
    2.0 8.0
    """
    total = 1 - decay**count
    return jax.tree.map(lambda x: x / total.astype(x.dtype), average)


# --- Optimizers ----------------------------------------------------------------------------------


class RmspropState(NamedTuple):
    """The average of squared gradients."""

    v: Tree


def rmsprop(
    step_size: Scalar | float, *, decay: Scalar | float = 0.9, epsilon: Scalar | float = 1e-8
) -> optax.GradientTransformation:
    """g -> -alpha g / (sqrt(v) + eps), v <- b v + (1 - b) g^2, from v = 0.

    Memory: one copy of the parameters. Source: Tieleman and Hinton (2012).
    """

    def init(params: Tree) -> RmspropState:
        return RmspropState(jax.tree.map(jnp.zeros_like, params))

    def update(
        updates: Tree, state: RmspropState, params: Tree | None = None
    ) -> tuple[Tree, RmspropState]:
        v = moving_average(state.v, _squares(updates), decay=decay)
        steps = jax.tree.map(lambda g, v: -step_size * (g / (jnp.sqrt(v) + epsilon)), updates, v)
        return steps, RmspropState(v)

    return optax.GradientTransformation(init, update)  # pyright: ignore[reportArgumentType]


class AdamState(NamedTuple):
    """The number of steps taken, and the averages of gradients and their squares, uncorrected."""

    num_steps: Int[Array, ""]
    m: Tree
    v: Tree


def adam(
    step_size: Scalar | float,
    *,
    b1: Scalar | float = 0.9,
    b2: Scalar | float = 0.999,
    epsilon: Scalar | float = 1e-8,
) -> optax.GradientTransformation:
    """g -> -alpha m^ / (sqrt(v^) + eps), of the bias-corrected averages of g and g^2.

    The first step is -alpha sign(g), up to eps. Memory: two copies of the parameters.
    Source: Kingma and Ba (2015), algorithm 1.
    """

    def init(params: Tree) -> AdamState:
        zeros = jax.tree.map(jnp.zeros_like, params)
        return AdamState(jnp.zeros((), jnp.int32), zeros, zeros)

    def update(
        updates: Tree, state: AdamState, params: Tree | None = None
    ) -> tuple[Tree, AdamState]:
        t = state.num_steps + 1
        m = moving_average(state.m, updates, decay=b1)
        v = moving_average(state.v, _squares(updates), decay=b2)
        steps = jax.tree.map(
            lambda m, v: -step_size * (m / (jnp.sqrt(v) + epsilon)),
            bias_corrected(m, t, decay=b1),
            bias_corrected(v, t, decay=b2),
        )
        return steps, AdamState(t, m, v)

    return optax.GradientTransformation(init, update)  # pyright: ignore[reportArgumentType]


def adam_step_bound(*, b1: Scalar | float, b2: Scalar | float) -> Scalar:
    """(1 - b1) / sqrt((1 - b2) (1 - b1^2 / b2)): no coordinate's step is longer, over alpha.

    By Cauchy and Schwarz, (sum p_s g_s)^2 <= (sum p_s^2 / q_s) (sum q_s g_s^2), for the weights
    p, q of m^ and v^; reached, after many steps, by gradients that grow as (b2 / b1)^s. The
    (1 - b1) / sqrt(1 - b2) in circulation is what a single gradient after many zeros does; it is
    no bound. Assumes b1^2 < b2.

    >>> print(adam_step_bound(b1=0.9, b2=0.999).round(2))
    7.27
    """
    return jnp.asarray((1 - b1) / ((1 - b2) * (1 - b1**2 / b2)) ** 0.5)


def optimizer_iterates(
    optimizer: optax.GradientTransformation,
    loss: Callable[[Tree], Scalar],
    w_0: Tree,
    num_steps: int,
) -> Tree:
    """w_0 .. w_{num_steps} of `optimizer` on the full gradient of `loss`, on a new first axis.

    Cost: one gradient a step.
    """

    def advance(carried: tuple[Tree, Any], _: None) -> tuple[tuple[Tree, Any], Tree]:
        w, state = carried
        step, state = optimizer.update(jax.grad(loss)(w), state, w)
        w = optax.apply_updates(w, step)
        return (w, state), w

    _, iterates = jax.lax.scan(advance, (w_0, optimizer.init(w_0)), length=num_steps)
    return jax.tree.map(lambda w, ws: jnp.concatenate([w[None], ws]), w_0, iterates)


def _squares(gradient: Tree) -> Tree:
    return jax.tree.map(lambda g: g**2, gradient)
