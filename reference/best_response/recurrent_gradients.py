"""Lecture 12: gradients through a recurrence: backwards, forwards, at random, and cut short.

    (s_{t+1}, L_t) = step(s_t, theta, t),      L(theta) = sum_{t < M} L_t

is training seen from outside: s_t are weights and optimizer state, theta the hyperparameters.
Backpropagation stores all M states. Forward accumulation carries the Jacobian J_t = ds_t/dtheta
instead (real-time recurrent learning),

    J_{t+1} = F_s J_t + F_theta,       dL/dtheta = sum_t  L_s J_t + L_theta,

and UORO an unbiased rank-one estimate of it. Backpropagation through truncated windows is
cheap but biased: it forgets what theta did before the window.

M counts steps and U windows (truncations) of equal length; Q as always hyperparameters, D states.

    >>> step = lambda s, theta, t: (s + theta, jnp.sum(s + theta))     # s_t = t theta
    >>> theta, s_0 = jnp.ones(1), jnp.zeros(1)
    >>> print(real_time_recurrent_gradient(step, theta, s_0, num_steps=4))      # 1 + 2 + 3 + 4
    [10.]
    >>> print(truncated_backpropagation_gradient(
    ...     step, theta, s_0, truncation=2, num_truncations=2))                 # 1 + 2 + 1 + 2
    [6.]

Source: Williams and Zipser (1989); Tallec and Ollivier (2018), unbiased online recurrent
optimization.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from reference.pytrees import Scalar, Tree

Step = Callable[[Tree, Array, Int[Array, ""]], tuple[Tree, Scalar]]


def unroll(
    step: Step, theta: Float[Array, " Q"], state: Tree, first: Int[Array, ""], *, num_steps: int
) -> tuple[Tree, Scalar]:
    """The state after steps first .. first + num_steps - 1, and the sum of their losses.

    Cost: num_steps steps.
    """
    state, losses = jax.lax.scan(
        lambda state, t: step(state, theta, t), state, first + jnp.arange(num_steps)
    )
    return state, jnp.sum(losses)


def unrolled_loss(
    step: Step, theta: Float[Array, " Q"], state_0: Tree, *, num_steps: int
) -> Scalar:
    """L(theta) = sum_t L_t over the whole horizon; `jax.grad` of it is full backpropagation."""
    return unroll(step, theta, state_0, jnp.zeros((), int), num_steps=num_steps)[1]


def real_time_recurrent_gradient(
    step: Step, theta: Float[Array, " Q"], state_0: Float[Array, " D"], *, num_steps: int
) -> Float[Array, " Q"]:
    """dL/dtheta by J_{t+1} = F_s J_t + F_theta: exact, with memory D Q for any horizon.

    The state does not depend on theta at the start. Cost: Q tangents of every step.
    Source: Williams and Zipser (1989).
    """
    directions = jnp.eye(len(theta), dtype=theta.dtype)

    def advance(carry: tuple[Array, Array], t: Array) -> tuple[tuple[Array, Array], Array]:
        state, columns = carry  # row q is ds/dtheta_q

        def along(column: Array, direction: Array) -> tuple[tuple[Array, Array], tuple]:
            return jax.jvp(lambda s, theta: step(s, theta, t), (state, theta), (column, direction))

        (states, _), (columns, slopes) = jax.vmap(along)(columns, directions)
        return (states[0], columns), slopes

    start = state_0, jnp.zeros((len(theta), len(state_0)), state_0.dtype)
    _, slopes = jax.lax.scan(advance, start, jnp.arange(num_steps))
    return jnp.sum(slopes, axis=0)


class _RankOne(NamedTuple):
    state: Array
    of_state: Array  # with of_theta: E[of_state of_theta^T] = ds/dtheta
    of_theta: Array


def rank_one_gradient(
    step: Step, theta: Float[Array, " Q"], state_0: Float[Array, " D"], signs: Float[Array, "M D"]
) -> Float[Array, " Q"]:
    """An unbiased estimate of dL/dtheta, from an unbiased s~ theta~^T of the Jacobian (UORO).

        s~ <- a F_s s~ + b nu,     theta~ <- theta~ / a + F_theta^T nu / b,     nu in {-1, 1}^D

    E[nu nu^T] = I makes the two wanted products right; the crossed ones are odd in nu, whatever
    the scales a and b, which are set to balance the norms: a^2 = |theta~| / |F_s s~| and
    b^2 = |F_theta^T nu| / |nu|. Row t of `signs` is the nu of step t, independent fair signs.
    Cost: one tangent and two gradients of every step; memory D + Q.
    Source: Tallec and Ollivier (2018), UORO.
    """

    def advance(carry: _RankOne, inputs: tuple[Array, Array]) -> tuple[_RankOne, Array]:
        t, nu = inputs
        state, of_state, of_theta = carry
        (_, _), (pushed, slope) = jax.jvp(lambda s: step(s, theta, t), (state,), (of_state,))
        (new_state, loss), pull = jax.vjp(lambda theta: step(state, theta, t), theta)
        (direct_slope,) = pull((jnp.zeros_like(new_state), jnp.ones_like(loss)))
        (pulled,) = pull((nu, jnp.zeros_like(loss)))
        a, b = _balance(of_theta, pushed), _balance(pulled, nu)
        carry = _RankOne(new_state, a * pushed + b * nu, of_theta / a + pulled / b)
        return carry, slope * of_theta + direct_slope

    start = _RankOne(state_0, jnp.zeros_like(state_0), jnp.zeros_like(theta))
    _, slopes = jax.lax.scan(advance, start, (jnp.arange(len(signs)), signs))
    return jnp.sum(slopes, axis=0)


def truncated_backpropagation_gradient(
    step: Step,
    theta: Float[Array, " Q"],
    state_0: Tree,
    *,
    truncation: int,
    num_truncations: int,
) -> Float[Array, " Q"]:
    """sum_u dL^(u)/dtheta, every window's incoming state held constant: biased, and cheap.

    L^(u) is the loss of window u, `truncation` steps long. The terms left out are those in
    which theta acts in one window and is felt in a later one; with one window nothing is.
    Cost: one gradient of the whole unroll; memory of one window. Source: Williams and Peng (1990).
    """

    def window(state: Tree, first: Array) -> tuple[Tree, Array]:
        def loss(theta: Array) -> tuple[Scalar, Tree]:
            end, total = unroll(step, theta, state, first, num_steps=truncation)
            return total, end

        slope, end = jax.grad(loss, has_aux=True)(theta)
        return end, slope

    _, slopes = jax.lax.scan(window, state_0, truncation * jnp.arange(num_truncations))
    return jnp.sum(slopes, axis=0)


def _balance(numerator: Array, denominator: Array) -> Scalar:
    """sqrt(|numerator| / |denominator|), or 1 if either vanishes: any scale is unbiased."""
    # The scales are constants of the estimate: squares, for a norm has no gradient at 0.
    top, bottom = jnp.sum(numerator**2), jnp.sum(denominator**2)
    usable = (top > 0) & (bottom > 0)
    return jnp.where(usable, (top / jnp.where(usable, bottom, 1)) ** 0.25, 1)
