"""Lecture 7: averages of the iterates, which lower the floor of the noise and keep the speed.

    a_{t+1} = gamma_t a_t + (1 - gamma_t) x_{t+1}

A constant gamma is an exponential moving average over about 1 / (1 - gamma) steps; gamma_t =
t / (t + 1) is the mean of x_1 .. x_{t+1} (Polyak and Ruppert). `parameter_average` keeps it
beside any optimizer, which it does not disturb; the closed forms say what it is worth on the
noisy quadratic model with SGD at a constant step size.

The average starts at x_0, so it needs no bias correction, but remembers x_0 for as long as
gamma^t lasts. (Started at 0, as averages of gradients are, it needs the factor 1 / (1 - gamma^t).)

    >>> optimizer = optax.chain(optax.sgd(0.5), parameter_average(polyak_decay))
    >>> x = jnp.array(4.0)
    >>> state = optimizer.init(x)
    >>> for _ in range(2):
    ...     updates, state = optimizer.update(x, state, x)   # of the loss x^2 / 2
    ...     x = optax.apply_updates(x, updates)
    >>> print(x, averaged_parameters(state))    # 4 -> 2 -> 1
    1.0 1.5

Source: CSC2541 lecture 7; Polyak and Juditsky (1992); Zhang et al. (2019).
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int

from reference.pytrees import Scalar, Tree
from reference.stochastic_optimization.noisy_quadratic import NoisyQuadratic, steady_state_moments

# --- Beside an optimizer -------------------------------------------------------------------------


class AverageState(NamedTuple):
    """How many updates have been seen, and the average of the parameters after them."""

    num_updates: Int[Array, ""]
    average: Tree


def parameter_average(
    decay: float | Callable[[Scalar], Scalar],
) -> optax.GradientTransformation:
    """a <- gamma a + (1 - gamma) (w + update), kept in the state; updates pass unchanged.

    Goes last in `optax.chain`, for it must see the update that is applied, and needs `params`
    passed to `update`. `decay` is gamma, or a function of the count t = 0, 1, ... which it gets in
    the dtype of the leaf to be averaged (a quotient of integers would be of single precision).
    """

    def init(params: Tree) -> AverageState:
        return AverageState(jnp.zeros((), jnp.int32), params)

    def update(
        updates: Tree, state: AverageState, params: Tree | None = None
    ) -> tuple[Tree, AverageState]:
        if params is None:
            raise ValueError("parameter_average needs `params` passed to `update`")

        def averaged(a: Array, w: Array) -> Array:
            t = state.num_updates.astype(a.dtype)
            gamma = decay(t) if callable(decay) else decay
            return gamma * a + (1 - gamma) * w

        w = optax.apply_updates(params, updates)
        average = jax.tree.map(averaged, state.average, w)
        return updates, AverageState(state.num_updates + 1, average)

    return optax.GradientTransformation(init, update)  # pyright: ignore[reportArgumentType]


def averaged_parameters(state: optax.OptState) -> Tree:
    """The average to evaluate: `parameter_average`'s, wherever in the optimizer's state it is."""
    return optax.tree_utils.tree_get(state, "average")


def polyak_decay(count: Scalar) -> Scalar:
    """t / (t + 1): as `decay` of `parameter_average`, the plain mean of all iterates but x_0."""
    return count / (count + 1)


# --- What it is worth on the noisy quadratic model -----------------------------------------------


def ema_steady_state_risk(
    model: NoisyQuadratic,
    step_size: Scalar | float,
    batch_size: Scalar | float,
    decay: Scalar | float,
) -> Scalar:
    """1/2 sum_i h_i s_i (1 - gamma) / (1 + gamma) (1 + gamma phi_i) / (1 - gamma phi_i), t -> inf.

    phi = 1 - alpha h is the correlation of successive iterates, s their variance. Where the
    average is short of the memory of SGD, (1 - gamma) >> alpha h, it changes nothing; beyond,
    it divides the risk by about alpha h / (1 - gamma). SGD without momentum.
    """
    s = steady_state_moments(model, step_size, batch_size)
    gamma_phi = decay * (1 - step_size * model.curvatures)
    gains = (1 - decay) / (1 + decay) * (1 + gamma_phi) / (1 - gamma_phi)
    return jnp.sum(model.curvatures * s * gains) / 2


def iterate_average_losses(
    model: NoisyQuadratic, step_size: Scalar | float, batch_size: Scalar | float, num_steps: int
) -> Float[Array, " {num_steps}"]:
    """E[L(a_t)] of the mean a_t of x_1 .. x_t, for t = 1 .. num_steps.

    From E[x_j x_k] = phi^{j+k} (E[x_0^2] - s) + phi^{|j-k|} s, with phi = 1 - alpha h,

        E[a_t^2] = (E[x_0^2] - s) (f_t / t)^2 + s / (t (1 - phi)) (1 + phi - 2 f_t / t)

    and f_t = phi + .. + phi^t. As t grows, t E[a_t^2] -> c / (B h^2), whatever the step size:
    the rate of the best schedule, without one. Assumes 0 < alpha h < 2. SGD without momentum.
    Cost: O(T D). Source: Polyak and Juditsky (1992) for the limit.
    """
    h, _, s_0 = model
    s = steady_state_moments(model, step_size, batch_size)
    t, phi = jnp.arange(1, num_steps + 1)[:, None], 1 - step_size * h
    f = phi * (1 - phi**t) / (1 - phi)
    moments = (s_0 - s) * (f / t) ** 2 + s / (t * (1 - phi)) * (1 + phi - 2 * f / t)
    return moments @ h / 2
