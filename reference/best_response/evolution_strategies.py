"""Lecture 12: evolution strategies, gradients of a smoothed loss from its values alone.

    g = 1/(2 S sigma) sum_i n_i (L(theta + sigma n_i) - L(theta - sigma n_i)),     n_i ~ N(0, I)

is unbiased for the gradient of E_n L(theta + sigma n). Through a long unroll it does not mind
chaos, as backpropagation does, but every estimate costs whole unrolls. Truncating them makes the
updates frequent, and biased: see `persistent_evolution` for the cure.

S counts antithetic pairs, U windows (truncations) of equal length. The noise is an argument,
drawn by `jax.random.normal(key, (S, Q))`. A `step` maps (state, theta, t) to (state, loss).

    >>> noise = 2 * jnp.eye(4)               # n n^T averages to I: exact on a quadratic
    >>> loss = lambda theta: jnp.sum(theta**2)
    >>> theta = jnp.arange(4.0)
    >>> print(evolution_strategies_gradient(loss, theta, noise, std=0.5))
    [0. 2. 4. 6.]

Source: Salimans, Ho, Chen, Sidor and Sutskever (2017); Metz, Maheswaranathan, Nixon, Freeman and
Sohl-Dickstein (2019) for truncated unrolls.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from reference.best_response.recurrent_gradients import Step, unroll, unrolled_loss
from reference.pytrees import Scalar, Tree


def evolution_strategies_gradient(
    loss: Callable[[Array], Scalar],
    theta: Float[Array, " Q"],
    noise: Float[Array, "S Q"],
    std: Scalar | float,
) -> Float[Array, " Q"]:
    """1/(2 S sigma) sum_i n_i (L(theta + sigma n_i) - L(theta - sigma n_i)), antithetic pairs.

    The even part of L cancels within a pair, so the variance stays finite as sigma goes to 0, and
    on a linear L the estimate is (1/S) sum_i n_i n_i^T times the gradient.
    Cost: 2 S losses, no gradients.
    """
    differences = jax.vmap(lambda n: loss(theta + std * n) - loss(theta - std * n))(noise)
    return differences @ noise / (2 * len(noise) * std)


def full_unroll_gradient(
    step: Step,
    theta: Float[Array, " Q"],
    state_0: Tree,
    noise: Float[Array, "S Q"],
    std: Scalar | float,
    *,
    num_steps: int,
) -> Float[Array, " Q"]:
    """Evolution strategies on the whole horizon: one perturbation for all of an unroll.

    Unbiased for the gradient of E_n L(theta + sigma n). Cost: 2 S whole unrolls an estimate.
    """

    def loss(theta: Array) -> Scalar:
        return unrolled_loss(step, theta, state_0, num_steps=num_steps)

    return evolution_strategies_gradient(loss, theta, noise, std)


def truncated_gradient(
    step: Step,
    theta: Float[Array, " Q"],
    state_0: Tree,
    noise: Float[Array, "U S Q"],
    std: Scalar | float,
    *,
    truncation: int,
) -> Float[Array, " Q"]:
    """The sum over windows of evolution strategies within each: biased.

    All particles of a window start at the unperturbed state that theta itself arrives at, so
    that the effect of theta on that state is never seen: as sigma goes to 0 the expectation is
    truncated backpropagation. Cost: 2 S + 1 unrolls of U `truncation` steps.
    """

    def window(state: Tree, inputs: tuple[Array, Array]) -> tuple[Tree, Array]:
        first, noise = inputs

        def loss(theta: Array) -> Scalar:
            return unroll(step, theta, state, first, num_steps=truncation)[1]

        end, _ = unroll(step, theta, state, first, num_steps=truncation)
        return end, evolution_strategies_gradient(loss, theta, noise, std)

    firsts = truncation * jnp.arange(len(noise))
    _, gradients = jax.lax.scan(window, state_0, (firsts, noise))
    return jnp.sum(gradients, axis=0)
