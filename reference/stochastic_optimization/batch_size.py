"""Lecture 7: what a larger batch buys, in the noisy quadratic model.

With the best step size, the steps to a target loss fall as 1/B at first (perfect scaling), then
level off at the number that noiseless gradients need. Where it bends is the critical batch size:

    S(B) = S_min (1 + B_crit / B)             so that S(B_crit) = 2 S_min
    alpha(B) = alpha_max / (1 + B_noise / B),     B_noise = tr(H C) / E[g^T H g]

The second line is the step of largest expected decrease, and B_noise the batch at which it is half
of the noiseless one. Momentum and preconditioners shorten the noiseless run, so they gain more
from large batches; below the bend noise is what limits, and momentum helps little.

Letters: D modes, A step sizes tried, S batch sizes.

    >>> model = NoisyQuadratic(jnp.ones(1), jnp.ones(1), jnp.ones(1))
    >>> steps, reached = steps_to_target(model, 0.25, 0.5, 4.0, max_steps=10)
    >>> print(steps, reached)
    1 True
    >>> print(greedy_step_size(model, jnp.ones(1), 4.0))
    0.8

Source: CSC2541 lecture 7; McCandlish et al. (2018); Shallue et al. (2019); Zhang et al. (2019).
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from reference.pytrees import Scalar
from reference.stochastic_optimization.noisy_quadratic import (
    NoisyQuadratic,
    initial_moments,
    moments_after_step,
)

# --- Steps to a target ---------------------------------------------------------------------------


class StepsToTarget(NamedTuple):
    """`steps` is the first t with E[L(x_t)] <= target; max_steps if it was not `reached`."""

    steps: Int[Array, ""]
    reached: Bool[Array, ""]


def steps_to_target(
    model: NoisyQuadratic,
    target: Scalar | float,
    step_size: Scalar | float,
    batch_size: Scalar | float,
    *,
    momentum: Scalar | float = 0.0,
    max_steps: int,
) -> StepsToTarget:
    """min {t : E[L(x_t)] <= target} at constant step and batch size.

    A step size too large ends at `max_steps`, as does one whose steady state lies above the
    target; an infinite batch size gives the noiseless count. Cost: O(D) a step.
    """

    def loss(moments: Array) -> Array:
        return jnp.sum(model.curvatures * moments[:, 0, 0]) / 2

    def advance(state: tuple[Array, Array]) -> tuple[Array, Array]:
        moments, t = state
        return moments_after_step(model, moments, step_size, batch_size, momentum), t + 1

    moments, steps = jax.lax.while_loop(
        # Written so that an overflow (NaN) goes on to the limit, and does not count as reached.
        lambda state: ~(loss(state[0]) <= target) & (state[1] < max_steps),
        advance,
        (initial_moments(model), jnp.zeros((), jnp.int32)),
    )
    return StepsToTarget(steps, loss(moments) <= target)


def fewest_steps(
    model: NoisyQuadratic,
    target: Scalar | float,
    step_sizes: Float[Array, " A"],
    batch_size: Scalar | float,
    *,
    momentum: Scalar | float = 0.0,
    max_steps: int,
) -> StepsToTarget:
    """min over the step sizes of `steps_to_target`: every batch size has a best one of its own.

    Cost: that of the slowest of the step sizes, for all of them.
    """

    def count(step_size: Array) -> StepsToTarget:
        return steps_to_target(
            model, target, step_size, batch_size, momentum=momentum, max_steps=max_steps
        )

    steps, reached = jax.vmap(count)(step_sizes)
    return StepsToTarget(jnp.min(steps), jnp.any(reached))


def critical_batch_size(
    batch_sizes: Float[Array, " S"], steps: Float[Array, " S"], noiseless_steps: Scalar | float
) -> Scalar:
    """B_crit with S(B_crit) = 2 S_min: where the curve of steps against batch size bends.

    `batch_sizes` ascend, `steps` descend strictly, and 2 S_min lies between the ends. Between
    two of them S is taken as linear in 1/B, which S = S_min (1 + B_crit / B) is.

    >>> B = jnp.array([1.0, 4.0, 16.0])
    >>> print(critical_batch_size(B, 10 * (1 + 8 / B), 10.0))
    8.0
    """
    return 1 / jnp.interp(2 * noiseless_steps, steps[::-1], 1 / batch_sizes[::-1])


# --- The best single step ------------------------------------------------------------------------


def curvature_noise_scale(model: NoisyQuadratic, second_moments: Float[Array, " D"]) -> Scalar:
    """B_noise = tr(H C) / E[g^T H g] = sum h c / sum h^3 E[x^2], where E[x^2] is as given.

    Grows without bound as x approaches the minimum: late in a run larger batches pay.
    Source: McCandlish et al. (2018), equation 2.8.
    """
    h, c, _ = model
    return jnp.sum(h * c) / jnp.sum(h**3 * second_moments)


def greedy_step_size(
    model: NoisyQuadratic, second_moments: Float[Array, " D"], batch_size: Scalar | float
) -> Scalar:
    """argmin_alpha E[L(x - alpha g)] = alpha_max / (1 + B_noise / B), for one step of SGD.

    alpha_max = E|grad|^2 / E[grad^T H grad] is the best step without noise.
    """
    h = model.curvatures
    alpha_max = jnp.sum(h**2 * second_moments) / jnp.sum(h**3 * second_moments)
    return alpha_max / (1 + curvature_noise_scale(model, second_moments) / batch_size)


def greedy_schedule(
    model: NoisyQuadratic, batch_size: Scalar | float, num_steps: int
) -> Float[Array, " {num_steps}"]:
    """The step size of largest expected decrease at every step, t = 0 .. num_steps - 1.

    For one mode it makes 1 / E[x_t^2] grow by h^2 B / c a step (the Kalman filter's gain): alpha
    falls as 1/t, no schedule does better, and the steps to any target go as 1/B for all B.
    With many modes it is short-sighted: it leaves the flat ones for later.
    Cost: O(D) a step.
    """
    h, c, s_0 = model

    def advance(s: Array, _: None) -> tuple[Array, Array]:
        alpha = greedy_step_size(model, s, batch_size)
        return (1 - alpha * h) ** 2 * s + alpha**2 * c / batch_size, alpha

    return jax.lax.scan(advance, s_0, length=num_steps)[1]
