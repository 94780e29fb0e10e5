"""Persistent evolution strategies: means by quadrature, variances, and two identities."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from reference.best_response import (
    evolution_strategies,
    persistent_evolution,
    recurrent_gradients,
)

EXACT = 1e-10  # float64; values are of order 1
STD = 0.25


def linear_recurrence(seed):
    """Linear states and quadratic losses: the whole loss is quadratic in all perturbations."""
    rng = np.random.default_rng(seed)
    A, B = 0.6 * rng.normal(size=(3, 3)), rng.normal(size=(3, 2))

    def step(state, theta, t):
        s = jnp.array(A) @ state["s"] + jnp.array(B) @ theta + 0.1 * t
        return {"s": s}, jnp.sum(s**2) / 2 + theta[0] * s[1]

    return step, jnp.array(rng.normal(size=2)), {"s": jnp.array(rng.normal(size=3))}


def saturating_step(s, theta, t):
    """One state, one hyperparameter, nothing quadratic, and a strong memory."""
    s = jnp.tanh(0.9 * s + theta + 0.1 * t)
    return s, jnp.sum(s**3 + s)


@pytest.mark.parametrize("name", ["persistent_gradient", "analytic_persistent_gradient"])
def test_mean_over_all_signs_is_the_whole_gradient_of_a_quadratic_loss(name):
    step, theta, state_0 = linear_recurrence(seed=0)
    # The estimates are of second degree in the noise, which signs integrate like normals.
    signs = np.array(list(itertools.product([-1.0, 1.0], repeat=6))).reshape(64, 3, 1, 2)

    @jax.jit
    def estimates(signs):
        estimate = getattr(persistent_evolution, name)
        return jax.vmap(lambda noise: estimate(step, theta, state_0, noise, STD, truncation=2))(
            signs
        )

    def loss(theta):
        return recurrent_gradients.unrolled_loss(step, theta, state_0, num_steps=6)

    exact = jax.jit(jax.grad(loss))(theta)
    assert_allclose(jnp.mean(estimates(jnp.array(signs)), axis=0), exact, rtol=1e-9)
    truncated = recurrent_gradients.truncated_backpropagation_gradient(
        step, theta, state_0, truncation=2, num_truncations=3
    )
    assert np.abs(truncated - exact).max() > 0.1  # what truncated evolution strategies would give


def smoothed_gradient(theta, windows):
    """d/dtheta of E L(theta + s n_1, theta + s n_2, ..), one normal a window, by quadrature."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(24)
    grid = np.array(list(itertools.product(nodes, repeat=windows)))
    masses = np.prod(list(itertools.product(weights / weights.sum(), repeat=windows)), axis=1)

    def loss(theta, noise):
        s, total = jnp.zeros(1), 0.0
        for window in range(windows):
            for t in (2 * window, 2 * window + 1):
                s, value = saturating_step(s, theta + STD * noise[window], t)
                total = total + value
        return total

    def expectation(theta):
        return jnp.array(masses) @ jax.vmap(lambda noise: loss(theta, noise))(jnp.array(grid))

    return jax.jit(jax.grad(expectation))(theta), jnp.array(grid), jnp.array(masses)


@pytest.mark.parametrize("name", ["persistent_gradient", "analytic_persistent_gradient"])
def test_expectation_is_the_gradient_of_the_loss_smoothed_in_every_window(name):
    theta = jnp.array([-0.3])
    expected, grid, masses = smoothed_gradient(theta, windows=2)
    estimates = jax.jit(
        jax.vmap(
            lambda noise: getattr(persistent_evolution, name)(
                saturating_step, theta, jnp.zeros(1), noise[:, None, None], STD, truncation=2
            )
        )
    )(grid)
    # 24 nodes leave an error of this size: tanh is not a polynomial.
    assert_allclose(masses @ estimates, expected, rtol=1e-6)


def test_estimates_are_unbiased_where_those_of_truncated_evolution_are_not():
    theta, num_estimates = jnp.array([-0.3]), 4000
    expected, _, _ = smoothed_gradient(theta, windows=3)

    @jax.jit
    def errors(key):
        """In standard errors, of the means of many estimates from the same noise."""
        noise = jax.random.normal(key, (num_estimates, 3, 1, 1))
        arguments = saturating_step, theta, jnp.zeros(1)

        def mean_error(estimate):
            estimates = jax.vmap(lambda n: estimate(*arguments, n, STD, truncation=2))(noise)
            standard_error = jnp.std(estimates) / num_estimates**0.5
            return (jnp.mean(estimates) - expected[0]) / standard_error

        return [
            mean_error(persistent_evolution.persistent_gradient),
            mean_error(persistent_evolution.analytic_persistent_gradient),
            mean_error(evolution_strategies.truncated_gradient),
        ]

    persistent, analytic, truncated = errors(jax.random.key(0))
    assert abs(persistent) < 4
    assert abs(analytic) < 4
    assert truncated < -4  # short-sighted: theta's later effects have the same sign here


def test_one_window_is_plain_evolution_strategies():
    step, theta, state_0 = linear_recurrence(seed=1)
    noise = jax.random.normal(jax.random.key(1), (1, 4, 2))

    @jax.jit
    def both(noise):
        return (
            persistent_evolution.persistent_gradient(
                step, theta, state_0, noise, STD, truncation=5
            ),
            evolution_strategies.full_unroll_gradient(
                step, theta, state_0, noise[0], STD, num_steps=5
            ),
        )

    persistent, full = both(noise)
    assert_allclose(persistent, full, rtol=1e-9)


def test_particles_carry_the_sum_from_window_to_window():
    step, theta, state_0 = linear_recurrence(seed=2)
    noise = jax.random.normal(jax.random.key(2), (3, 4, 2))
    particles = persistent_evolution.persistent_start(state_0, theta, num_pairs=4)
    assert particles.positive["s"].shape == (4, 3)

    @jax.jit
    def step_on(particles, noise):
        return persistent_evolution.persistent_step(
            step, theta, particles, noise, STD, truncation=2
        )

    total = 0.0
    for u in range(3):
        gradient, particles = step_on(particles, noise[u])
        total = total + gradient
    assert_allclose(particles.perturbation, STD * noise.sum(axis=0), rtol=EXACT)
    assert particles.first == 6
    # Particle 1 of each sign has been perturbed by its own noise in every window.
    for states, sign in ((particles.positive, 1), (particles.negative, -1)):
        state = state_0
        for t in range(6):
            state, _ = step(state, theta + sign * STD * noise[t // 2, 1], t)
        assert_allclose(states["s"][1], state["s"], rtol=EXACT)
    whole = persistent_evolution.persistent_gradient(step, theta, state_0, noise, STD, truncation=2)
    assert_allclose(whole, total, rtol=1e-9)


def test_reused_noise_gives_evolution_strategies_over_the_whole_unroll():
    noise = jax.random.normal(jax.random.key(3), (5, 1))
    theta, s_0 = jnp.array([-0.3]), jnp.zeros(1)

    @jax.jit
    def both(noise):
        return (
            persistent_evolution.noise_reuse_gradient(
                saturating_step, theta, s_0, noise, STD, truncation=2, num_truncations=3
            ),
            evolution_strategies.full_unroll_gradient(
                saturating_step, theta, s_0, noise, STD, num_steps=6
            ),
        )

    reused, full = both(noise)
    assert_allclose(reused, full, rtol=1e-9)


def test_variance_grows_with_the_windows_unless_noise_is_reused_or_gradients_are_taken():
    @jax.jit
    def variances(key):
        step, theta, state_0 = linear_recurrence(seed=4)

        def of_one(key):
            noise = jax.random.normal(key, (6, 1, 2))
            arguments = step, theta, state_0
            return (
                persistent_evolution.persistent_gradient(*arguments, noise, STD, truncation=1),
                persistent_evolution.analytic_persistent_gradient(
                    *arguments, noise, STD, truncation=1
                ),
                persistent_evolution.noise_reuse_gradient(
                    *arguments, noise[0], STD, truncation=1, num_truncations=6
                ),
            )

        estimates = jax.vmap(of_one)(jax.random.split(key, 2000))
        return [jnp.sum(jnp.var(estimate, axis=0)) for estimate in estimates]

    persistent, analytic, reused = variances(jax.random.key(4))
    # The ratios are 1.5 and 3.9; the variances are known to a few percent.
    assert persistent > 1.2 * analytic
    assert persistent > 1.2 * reused
