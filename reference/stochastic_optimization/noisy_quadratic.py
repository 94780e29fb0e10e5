"""Lecture 7: the noisy quadratic model, SGD whose expected loss is known at every step.

The loss is a quadratic, the gradient comes with noise that does not depend on x, and both are
diagonal in one basis. A mode x of curvature h, with noise of variance c an example, obeys

    L(x) = 1/2 sum_i h_i x_i^2,        g = h x + n,     n ~ N(0, c / B)
    v_{t+1} = beta v_t + g_t,          x_{t+1} = x_t - alpha v_{t+1}
    E[x_{t+1}^2] = (1 - alpha h)^2 E[x_t^2] + alpha^2 c / B          (beta = 0)

The first term forgets the start, the second is a floor: alpha trades one for the other, B lowers
the floor at the price of examples. Momentum accumulates as in `optax.sgd`: without 1 - beta, so
that its long-run step is alpha / (1 - beta).

Letters: D modes; "steps" the length of a schedule.

    >>> one = jnp.ones(1)
    >>> model = NoisyQuadratic(one, one, 4 * one)
    >>> print(expected_losses(model, jnp.full(3, 0.5), jnp.full(3, 1.0)).round(4))
    [2.     0.625  0.2812 0.1953]
    >>> print(steady_state_risk(model, 0.5, 1.0) * 6)
    1.0

Source: CSC2541 lecture 7; Schaul, Zhang and LeCun (2013); Zhang et al. (2019), "Which
algorithmic choices matter at which batch sizes?".
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Key

from reference.pytrees import Scalar

# --- The model -----------------------------------------------------------------------------------


class NoisyQuadratic(NamedTuple):
    """h > 0 by mode; c, the variance of one example's gradient; and E[x_0^2]."""

    curvatures: Float[Array, " D"]
    noise_variances: Float[Array, " D"]
    initial_second_moments: Float[Array, " D"]


def preconditioned(model: NoisyQuadratic, power: Scalar | float) -> NoisyQuadratic:
    """(h^{1-p}, h^{-p} c, h^p E[x_0^2]): the model in the coordinates y = h^{p/2} x.

    SGD on y is x <- x - alpha h^{-p} g. The loss is the same function, so losses of the two
    models may be compared. p = 0 is SGD, p = 1 Newton's method; p = 1/2 is a stand-in for
    methods that know the curvature in part.
    Source: Zhang et al. (2019), the section on preconditioning.

    >>> newton = preconditioned(NoisyQuadratic(*jnp.array([[4.0], [1.0], [1.0]])), 1.0)
    >>> print(*newton)
    [1.] [0.25] [4.]
    """
    h, c, s_0 = model
    return NoisyQuadratic(h ** (1 - power), h**-power * c, h**power * s_0)


# --- Expected losses -----------------------------------------------------------------------------


def expected_losses(
    model: NoisyQuadratic,
    step_sizes: Float[Array, " steps"],
    batch_sizes: Float[Array, " steps"],
    *,
    momentum: Scalar | float = 0.0,
    ema_decay: Scalar | float = 0.0,
) -> Float[Array, " steps+1"]:
    """E[L(x_t)] = 1/2 sum_i h_i E[x_{t,i}^2], t = 0 .. steps; see `expected_second_moments`."""
    moments = expected_second_moments(
        model, step_sizes, batch_sizes, momentum=momentum, ema_decay=ema_decay
    )
    return moments @ model.curvatures / 2


def expected_second_moments(
    model: NoisyQuadratic,
    step_sizes: Float[Array, " steps"],
    batch_sizes: Float[Array, " steps"],
    *,
    momentum: Scalar | float = 0.0,
    ema_decay: Scalar | float = 0.0,
) -> Float[Array, "steps+1 D"]:
    """E[a_t^2] of each mode, where a_{t+1} = gamma a_t + (1 - gamma) x_{t+1} and a_0 = x_0.

    With gamma = `ema_decay` = 0 the average a is x itself. Exact for any schedule of step and
    batch sizes: the state z = (x, v, a) of a mode is linear in itself and the noise, so that
    E[z z^T] <- M E[z z^T] M^T + (c / B) k k^T, with k the response to the noise.
    Cost: O(D) a step.
    """

    def advance(S: Array, schedule: tuple[Array, Array]) -> tuple[Array, Array]:
        step_size, batch_size = schedule
        S = moments_after_step(model, S, step_size, batch_size, momentum, ema_decay)
        return S, S[:, 2, 2]

    _, moments = jax.lax.scan(advance, initial_moments(model), (step_sizes, batch_sizes))
    return jnp.concatenate([model.initial_second_moments[None], moments])


def initial_moments(model: NoisyQuadratic) -> Float[Array, "D 3 3"]:
    """E[z z^T] of z = (x, v, a) at the start: a = x, and no velocity."""
    s_0 = model.initial_second_moments
    start = jnp.array([1, 0, 1], s_0.dtype)
    return s_0[:, None, None] * jnp.outer(start, start)


def moments_after_step(
    model: NoisyQuadratic,
    moments: Float[Array, "D 3 3"],
    step_size: Scalar | float,
    batch_size: Scalar | float,
    momentum: Scalar | float = 0.0,
    ema_decay: Scalar | float = 0.0,
) -> Float[Array, "D 3 3"]:
    """M E[z z^T] M^T + (c / B) k k^T: one step of `expected_second_moments`."""
    h, c, _ = model
    zero, one = jnp.zeros_like(h), jnp.ones_like(h)
    v = jnp.stack([h, momentum * one, zero], axis=-1)
    x = jnp.stack([one, zero, zero], axis=-1) - step_size * v
    a = (1 - ema_decay) * x + ema_decay * jnp.stack([zero, zero, one], axis=-1)
    M = jnp.stack([x, v, a], axis=-2)
    k = jnp.stack([-step_size * one, one, -(1 - ema_decay) * step_size * one], axis=-1)
    noise = (c / batch_size)[:, None, None] * k[:, :, None] * k[:, None, :]
    return jnp.einsum("dij,djk,dlk->dil", M, moments, M) + noise


# --- Closed forms at a constant step size --------------------------------------------------------


def sgd_second_moments(
    model: NoisyQuadratic, step_size: Scalar | float, batch_size: Scalar | float, num_steps: int
) -> Float[Array, "T D"]:
    """E[x_t^2] = s + (1 - alpha h)^{2t} (E[x_0^2] - s), s the steady state; no momentum.

    Assumes alpha h != 2, where there is none. Cost: O(T D).
    """
    s = steady_state_moments(model, step_size, batch_size)
    rates = (1 - step_size * model.curvatures) ** 2
    return s + rates ** jnp.arange(num_steps + 1)[:, None] * (model.initial_second_moments - s)


def steady_state_moments(
    model: NoisyQuadratic,
    step_size: Scalar | float,
    batch_size: Scalar | float,
    *,
    momentum: Scalar | float = 0.0,
) -> Float[Array, " D"]:
    """E[x^2] = (alpha c / B h) (1 + beta) / ((1 - beta) (2 (1 + beta) - alpha h)).

    The variance of the autoregression x_{t+1} = (1 + beta - alpha h) x_t - beta x_{t-1} + noise.
    For small alpha it depends on alpha / (1 - beta) only: momentum does not lower the floor.
    Assumes stability, alpha h < 2 (1 + beta).
    """
    h, c, _ = model
    gain = (1 + momentum) / (1 - momentum) / (2 * (1 + momentum) - step_size * h)
    return step_size * c / (batch_size * h) * gain


def steady_state_risk(
    model: NoisyQuadratic,
    step_size: Scalar | float,
    batch_size: Scalar | float,
    *,
    momentum: Scalar | float = 0.0,
) -> Scalar:
    """1/2 sum_i h_i E[x_i^2] as t -> infinity; (alpha / 2B) sum_i c_i / (2 - alpha h_i) for SGD."""
    moments = steady_state_moments(model, step_size, batch_size, momentum=momentum)
    return moments @ model.curvatures / 2


# --- Simulation ----------------------------------------------------------------------------------


def noisy_gradient(
    key: Key[Array, ""], model: NoisyQuadratic, x: Float[Array, " D"], batch_size: Scalar | float
) -> Float[Array, " D"]:
    """h x + sqrt(c / B) N(0, I): the mean gradient of a batch."""
    h, c, _ = model
    return h * x + jnp.sqrt(c / batch_size) * jax.random.normal(key, x.shape, x.dtype)


def simulated_iterates(
    key: Key[Array, ""],
    model: NoisyQuadratic,
    optimizer: optax.GradientTransformation,
    batch_size: Scalar | float,
    num_steps: int,
) -> Float[Array, "T D"]:
    """One run of any optimizer on the model, from x_0 = sqrt(E[x_0^2]), t = 0 .. num_steps.

    Means of x_t^2 over keys tend to `expected_second_moments`. Cost: O(T D).
    """

    def advance(carry: tuple[Array, optax.OptState], key: Array) -> tuple[tuple, Array]:
        x, state = carry
        updates, state = optimizer.update(noisy_gradient(key, model, x, batch_size), state, x)
        x = x + jnp.asarray(updates)
        return (x, state), x

    x_0 = jnp.sqrt(model.initial_second_moments)
    keys = jax.random.split(key, num_steps)
    _, iterates = jax.lax.scan(advance, (x_0, optimizer.init(x_0)), keys)
    return jnp.concatenate([x_0[None], iterates])
