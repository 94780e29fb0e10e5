"""Evolution strategies against gradients of losses smoothed in closed form."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from reference.best_response import evolution_strategies, recurrent_gradients

EXACT = 1e-10  # float64; values are of order 1
evolution_strategies_gradient = evolution_strategies.evolution_strategies_gradient


def axes(num_hypers, scale=1.0):
    """Noise along the axes, n n^T averaging to I."""
    return scale * np.sqrt(num_hypers) * jnp.eye(num_hypers)


@pytest.mark.parametrize("std", [0.01, 1.0, 30.0])
def test_gradient_of_a_quadratic_is_exact_for_noise_with_unit_covariance(std):
    rng = np.random.default_rng(0)
    A, theta = rng.normal(size=(3, 3)), jnp.array(rng.normal(size=3))

    def loss(theta):
        return theta @ A @ theta + 3 * theta[0] + 7

    gradient = evolution_strategies_gradient(loss, theta, axes(3), std)
    # Differences of losses of up to 1e3 lose 3 digits.
    assert_allclose(gradient, (A + A.T) @ theta + np.array([3, 0, 0]), rtol=1e-8)


def test_gradient_of_a_cubic_is_that_of_the_smoothed_cubic():
    # E (theta + s n)^3 = theta^3 + 3 s^2 theta. Gauss-Hermite with 4 nodes is exact here: the
    # estimate is of degree 4 in n.
    nodes, weights = np.polynomial.hermite_e.hermegauss(4)
    estimates = jax.vmap(
        lambda n: evolution_strategies_gradient(
            lambda theta: jnp.sum(theta**3), jnp.array([0.7]), n[None, None], 0.5
        )
    )(jnp.array(nodes))
    expectation = weights / weights.sum() @ estimates
    assert_allclose(expectation, [3 * 0.7**2 + 3 * 0.5**2], rtol=EXACT)


def test_gradient_of_an_even_loss_vanishes_whatever_the_noise():
    noise = jax.random.normal(jax.random.key(0), (5, 2))
    gradient = evolution_strategies_gradient(lambda x: jnp.sum(x**4), jnp.zeros(2), noise, 0.3)
    assert_allclose(gradient, 0, atol=EXACT)


def test_estimates_have_the_mean_of_the_smoothed_gradient():
    theta, std = jnp.array([0.4, -0.2]), 0.5

    def estimate(key):
        noise = jax.random.normal(key, (3, 2))
        return evolution_strategies_gradient(lambda x: jnp.sum(jnp.sin(x)), theta, noise, std)

    estimates = jax.jit(jax.vmap(estimate))(jax.random.split(jax.random.key(1), 4000))
    expected = jnp.cos(theta) * np.exp(-(std**2) / 2)  # E sin(x + s n) = sin(x) e^{-s^2/2}
    standard_error = jnp.std(estimates, axis=0) / 4000**0.5
    assert np.all(np.abs(jnp.mean(estimates, axis=0) - expected) < 4 * standard_error)
    assert np.all(np.abs(jnp.mean(estimates, axis=0) - jnp.cos(theta)) > 4 * standard_error)


def recurrence(seed):
    """Linear states and quadratic losses: the whole loss is quadratic in theta."""
    rng = np.random.default_rng(seed)
    A, B = 0.6 * rng.normal(size=(3, 3)), rng.normal(size=(3, 2))

    def step(state, theta, t):
        s = jnp.array(A) @ state["s"] + jnp.array(B) @ theta + 0.1 * t
        return {"s": s}, jnp.sum(s**2) / 2 + theta[0] * s[1]

    return step, jnp.array(rng.normal(size=2)), {"s": jnp.array(rng.normal(size=3))}


def test_full_unrolls_give_the_gradient_of_the_whole_horizon():
    step, theta, state_0 = recurrence(seed=2)
    gradient = jax.jit(
        lambda theta: evolution_strategies.full_unroll_gradient(
            step, theta, state_0, axes(2), 0.2, num_steps=6
        )
    )(theta)
    exact = jax.jit(
        jax.grad(lambda theta: recurrent_gradients.unrolled_loss(step, theta, state_0, num_steps=6))
    )(theta)
    assert_allclose(gradient, exact, rtol=1e-9)


def test_truncated_estimates_have_the_mean_of_truncated_backpropagation():
    step, theta, state_0 = recurrence(seed=3)
    # All signs: on quadratic losses the estimate is of second degree in them.
    signs = np.array(list(itertools.product([-1.0, 1.0], repeat=6))).reshape(64, 3, 1, 2)
    estimates = jax.jit(
        jax.vmap(
            lambda noise: evolution_strategies.truncated_gradient(
                step, theta, state_0, noise, 0.2, truncation=2
            )
        )
    )(jnp.array(signs))
    truncated = jax.jit(
        lambda theta: recurrent_gradients.truncated_backpropagation_gradient(
            step, theta, state_0, truncation=2, num_truncations=3
        )
    )(theta)
    assert_allclose(jnp.mean(estimates, axis=0), truncated, rtol=1e-9)


def test_one_window_is_a_full_unroll():
    step, theta, state_0 = recurrence(seed=4)
    noise = jax.random.normal(jax.random.key(2), (1, 3, 2))
    one = evolution_strategies.truncated_gradient(step, theta, state_0, noise, 0.2, truncation=4)
    full = evolution_strategies.full_unroll_gradient(
        step, theta, state_0, noise[0], 0.2, num_steps=4
    )
    assert_allclose(one, full, rtol=1e-9)
