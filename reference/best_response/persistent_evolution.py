"""Lecture 12: persistent evolution strategies, frequent updates without truncation bias.

The particles keep their own states from window to window, and every window's loss is credited
to all the perturbations that led to it:

    g_u = 1/(2 S sigma^2) sum_i xi_i (L_i^+ - L_i^-),      xi_i = e_i1 + .. + e_iu

with e ~ N(0, sigma^2 I). By Stein's lemma, for L^(u) as a function of the perturbations
e_1 .. e_u of its own and all earlier windows, E[e_j L^(u)] / sigma^2 = E[dL^(u)/de_j]: the sum
over u of E[g_u] is the gradient of

    E L(theta + e_1, .., theta + e_U),

the whole horizon's loss, smoothed by an independent perturbation in every window. Its price is a
variance that grows with the number U of windows. Two relatives lower it: the current window's
term by backpropagation through that window alone; or one perturbation kept for the episode.

S counts antithetic pairs, U windows of `truncation` steps. The noise is standard normal.

    >>> step = lambda s, theta, t: (s + theta, jnp.sum(s + theta))      # s_t = t theta
    >>> noise = jax.random.normal(jax.random.key(0), (2, 20000, 1))
    >>> arguments = step, jnp.ones(1), jnp.zeros(1), noise, 0.1
    >>> print(persistent_gradient(*arguments, truncation=2).round(0))   # 1 + 2 + 3 + 4
    [10.]

Source: Vicol, Metz and Sohl-Dickstein (2021), "Unbiased gradient estimation in unrolled computation
graphs with persistent evolution strategies"; Li et al. (2023), noise-reuse evolution strategies.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from reference.best_response.recurrent_gradients import Step, unroll
from reference.pytrees import Scalar, Tree


class Particles(NamedTuple):
    """S antithetic pairs under way; states have a leading axis for the pair."""

    positive: Tree
    negative: Tree
    perturbation: Float[Array, "S Q"]  # xi: the sum of all perturbations so far
    first: Int[Array, ""]  # the step that comes next


def persistent_start(state_0: Tree, theta: Float[Array, " Q"], *, num_pairs: int) -> Particles:
    """All particles at `state_0`, with nothing accumulated: the start of an episode."""
    states = jax.tree.map(lambda x: jnp.broadcast_to(x, (num_pairs, *x.shape)), state_0)
    nothing = jnp.zeros((num_pairs, len(theta)), theta.dtype)
    return Particles(states, states, nothing, jnp.zeros((), int))


def persistent_step(
    step: Step,
    theta: Float[Array, " Q"],
    particles: Particles,
    noise: Float[Array, "S Q"],
    std: Scalar | float,
    *,
    truncation: int,
) -> tuple[Float[Array, " Q"], Particles]:
    """g = 1/(2 S sigma^2) sum_i xi_i (L_i^+ - L_i^-) of one window, xi its own noise included.

    theta may be updated between the windows: the estimate then lags, as in truncated
    backpropagation. Cost: 2 S windows. Source: Vicol et al. (2021), algorithm for PES.
    """
    differences, particles = _window(step, theta, particles, std * noise, truncation)
    xi = particles.perturbation
    return differences @ xi / (2 * len(noise) * std**2), particles


def persistent_gradient(
    step: Step,
    theta: Float[Array, " Q"],
    state_0: Tree,
    noise: Float[Array, "U S Q"],
    std: Scalar | float,
    *,
    truncation: int,
) -> Float[Array, " Q"]:
    """The sum of a whole episode's U estimates at one theta: unbiased for the smoothed loss.

    On a loss quadratic in (e_1 .. e_U) that is the gradient itself. With one window it is
    `evolution_strategies_gradient`. Cost: 2 S whole unrolls.
    """
    start = persistent_start(state_0, theta, num_pairs=noise.shape[1])

    def advance(particles: Particles, noise: Array) -> tuple[Particles, Array]:
        gradient, particles = persistent_step(
            step, theta, particles, noise, std, truncation=truncation
        )
        return particles, gradient

    return jnp.sum(jax.lax.scan(advance, start, noise)[1], axis=0)


def analytic_persistent_gradient(
    step: Step,
    theta: Float[Array, " Q"],
    state_0: Tree,
    noise: Float[Array, "U S Q"],
    std: Scalar | float,
    *,
    truncation: int,
) -> Float[Array, " Q"]:
    """Like `persistent_gradient`, with each window's response to its own noise differentiated.

        g_u = 1/(2 S sigma^2) sum_i xi'_i (L_i^+ - L_i^-) + 1/(2 S) sum_i dL_i^+/de_u + dL_i^-/de_u

    xi' leaves the current perturbation out: E[e_u L^(u)] / sigma^2 = E[dL^(u)/de_u] replaces a
    noisy term by the mean of gradients through one window, and the expectation stays. With one
    window nothing is left but that mean. Needs a differentiable step, and windows short enough
    for their gradients to behave. Cost: 2 S whole unrolls with gradients. Source: Vicol et al.
    (2021), on the use of the analytic gradient of the current unroll.
    """
    start = persistent_start(state_0, theta, num_pairs=noise.shape[1])

    def advance(before: Particles, noise: Array) -> tuple[Particles, Array]:
        differences, after = _window(step, theta, before, std * noise, truncation)
        past = differences @ before.perturbation / (2 * len(noise) * std**2)
        slopes = _slopes(step, theta, before, std * noise, truncation)
        return after, past + slopes

    return jnp.sum(jax.lax.scan(advance, start, noise)[1], axis=0)


def noise_reuse_gradient(
    step: Step,
    theta: Float[Array, " Q"],
    state_0: Tree,
    noise: Float[Array, "S Q"],
    std: Scalar | float,
    *,
    truncation: int,
    num_truncations: int,
) -> Float[Array, " Q"]:
    """The episode's sum of g_u = 1/(2 S sigma) sum_i n_i (L_i^+ - L_i^-), one n_i for all windows.

    Unbiased for the gradient of E_n L(theta + sigma n): the sum is evolution strategies over the
    whole unroll, for which updates need not wait. Nothing is accumulated, and the variance does
    not grow with the number of windows. Cost: 2 S whole unrolls.
    Source: Li et al. (2023), noise-reuse evolution strategies.
    """
    start = persistent_start(state_0, theta, num_pairs=len(noise))

    def advance(particles: Particles, _: None) -> tuple[Particles, Array]:
        differences, particles = _window(step, theta, particles, std * noise, truncation)
        return particles, differences @ noise / (2 * len(noise) * std)

    return jnp.sum(jax.lax.scan(advance, start, length=num_truncations)[1], axis=0)


def _window(
    step: Step, theta: Array, particles: Particles, perturbations: Array, truncation: int
) -> tuple[Float[Array, " S"], Particles]:
    """L^+ - L^- of every pair over the next window, and the particles at its end."""

    def run(state: Tree, perturbation: Array) -> tuple[Tree, Scalar]:
        return unroll(step, theta + perturbation, state, particles.first, num_steps=truncation)

    positive, losses = jax.vmap(run)(particles.positive, perturbations)
    negative, losses_of_negative = jax.vmap(run)(particles.negative, -perturbations)
    accumulated = particles.perturbation + perturbations
    end = Particles(positive, negative, accumulated, particles.first + truncation)
    return losses - losses_of_negative, end


def _slopes(
    step: Step, theta: Array, particles: Particles, perturbations: Array, truncation: int
) -> Float[Array, " Q"]:
    """The mean over all particles of the window's gradient, incoming states held constant."""

    def slope(state: Tree, perturbation: Array) -> Array:
        def loss(theta: Array) -> Scalar:
            return unroll(step, theta, state, particles.first, num_steps=truncation)[1]

        return jax.grad(loss)(theta + perturbation)

    positive = jax.vmap(slope)(particles.positive, perturbations)
    negative = jax.vmap(slope)(particles.negative, -perturbations)
    return jnp.mean(positive + negative, axis=0) / 2
