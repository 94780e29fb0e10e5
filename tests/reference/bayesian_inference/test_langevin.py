"""Langevin dynamics against BlackJAX's kernel, Lyapunov's equation and many chains."""

from typing import Any

import blackjax
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.linalg
from numpy.testing import assert_allclose

from reference import problems
from reference.bayesian_inference import langevin

EXACT = 1e-10  # float64, a few operations
TREE = {"W": np.arange(6.0).reshape(3, 2), "bias": np.array([1.0, -1.0])}


def symmetric(seed, eigenvalues=(0.5, 1.0, 3.0)):
    A = problems.symmetric_matrix(jax.random.key(seed), jnp.array(eigenvalues))
    return (A + A.T) / 2


@pytest.mark.parametrize("temperature", [1.0, 0.3])
def test_step_is_that_of_blackjax(temperature):
    w = jax.tree.map(jnp.array, TREE)
    kernel: Any = blackjax.sgld(lambda w, batch: jax.tree.map(lambda x: -batch * x, w)).step
    key, eps = jax.random.key(0), 0.01
    expected = kernel(key, w, 2.0, eps, temperature)
    gradient = jax.tree.map(lambda x: 2.0 * x, w)
    found = langevin.langevin_step(key, w, gradient, eps, temperature=temperature)
    jax.tree.map(lambda a, b: assert_allclose(a, b, rtol=EXACT), found, expected)


def test_noise_is_that_of_welling_and_teh_at_twice_the_step():
    key, eps = jax.random.key(1), 0.02
    zero, w = jnp.zeros(4000), jnp.zeros(4000)
    noise = langevin.langevin_step(key, w, zero, eps)
    # N(0, eps'), with their eps' = 2 eps; a z-test at 4 standard errors.
    assert abs(jnp.mean(noise**2) / (2 * eps) - 1) < 4 * np.sqrt(2 / 4000)
    moved = langevin.langevin_step(key, w, jnp.ones(4000), eps)
    assert_allclose(moved - noise, np.full(4000, -(2 * eps) / 2), rtol=EXACT)


def test_at_zero_temperature_it_is_gradient_descent():
    A, w = symmetric(0), jnp.array([1.0, -1.0, 2.0])
    iterates = langevin.langevin_iterates(
        jax.random.key(0), lambda key, w: A @ w, w, 0.1, 5, temperature=0.0
    )
    for k in range(6):
        expected = np.linalg.matrix_power(np.eye(3) - 0.1 * A, k) @ w
        assert_allclose(iterates[k], expected, rtol=EXACT)


def test_chains_have_the_moments_of_the_linear_recursion():
    A, w_0, eps, steps, chains = symmetric(1), jnp.array([1.0, -1.0, 2.0]), 0.3, 6, 4000

    def run(key):
        return langevin.langevin_iterates(key, lambda _, w: A @ w, w_0, eps, steps)

    w = jax.jit(jax.vmap(run))(jax.random.split(jax.random.key(2), chains))
    mean, S, step = np.array(w_0), np.zeros((3, 3)), np.eye(3) - eps * np.array(A)
    assert_allclose(w[:, 0], np.broadcast_to(w_0, (chains, 3)))
    for k in range(1, steps + 1):
        mean, S = step @ mean, step @ S @ step.T + 2 * eps * np.eye(3)
        variances = np.diag(S)
        # z-tests at 4 standard errors.
        assert_allclose((w[:, k].mean(axis=0) - mean) / np.sqrt(variances / chains), 0, atol=4)
        z = (w[:, k].var(axis=0) / variances - 1) / np.sqrt(2 / chains)
        assert_allclose(z, 0, atol=4)


@pytest.mark.parametrize("step_size", [0.01, 0.3, 0.6])
@pytest.mark.parametrize("noisy", [False, True])
def test_stationary_covariance_solves_the_lyapunov_equation(noisy, step_size):
    A, C = symmetric(3), symmetric(4, (0.0, 2.0, 5.0)) if noisy else None
    step = np.eye(3) - step_size * A
    noise = 2 * step_size * np.eye(3) + (step_size**2 * C if noisy else 0)
    expected = scipy.linalg.solve_discrete_lyapunov(np.asarray(step), np.asarray(noise))
    found = langevin.langevin_covariance(A, step_size, C)
    # The solver's matrix has a condition number up to 1e3.
    assert_allclose(found, expected, rtol=1e-9, atol=EXACT)


@pytest.mark.parametrize("step_size", [1e-3, 0.3])
def test_stationary_covariance_is_too_wide_by_a_factor_that_goes_to_one(step_size):
    A = symmetric(5)
    expected = np.linalg.inv(A @ (np.eye(3) - step_size * A / 2))
    assert_allclose(langevin.langevin_covariance(A, step_size), expected, rtol=EXACT, atol=EXACT)
    excess = np.linalg.eigvalsh(langevin.langevin_covariance(A, step_size) - np.linalg.inv(A))
    assert np.all(excess > 0)
    assert excess.max() < step_size  # eps / 2 to first order


def test_gradient_of_equal_examples_is_that_of_all_of_them():
    data = {"x": jnp.full((5, 2), 3.0)}

    def loss(w, batch):
        return jnp.mean(jnp.sum((w - batch["x"]) ** 2, axis=1)) / 2

    w = jnp.array([1.0, 2.0])
    g = jax.jit(
        lambda w: langevin.batch_gradient(jax.random.key(0), loss, w, data, 2, prior_std=0.5)
    )(w)
    assert_allclose(g, 5 * (w - 3) + w / 0.25, rtol=EXACT)


def test_sgld_samples_a_gaussian_mean_with_the_noise_of_its_batches():
    N, batch_size, tau, eps, chains = 6, 2, 2.0, 0.05, 3000
    x = jnp.array(np.random.default_rng(6).normal(size=(N, 2)))
    A = (N + 1 / tau**2) * jnp.eye(2)  # of U = sum |w - x_n|^2 / 2 + |w|^2 / 2 tau^2
    C = N**2 / batch_size * jnp.cov(x.T, bias=True)
    covariance = langevin.langevin_covariance(A, eps, C)
    mean = x.sum(axis=0) / A[0, 0]

    def loss(w, batch):
        return jnp.mean(jnp.sum((w - batch) ** 2, axis=1)) / 2

    def gradient(key, w):
        return langevin.batch_gradient(key, loss, w, x, batch_size, tau)

    def run(key):  # the rate is 0.69: 40 steps leave 1e-6
        return langevin.langevin_iterates(key, gradient, jnp.zeros(2), eps, 40)[-1]

    w = jax.jit(jax.vmap(run))(jax.random.split(jax.random.key(3), chains))
    # z-tests at 4 standard errors, those of the squares from the sample.
    assert_allclose((w.mean(axis=0) - mean) / (w.std(axis=0) / np.sqrt(chains)), 0, atol=4)
    products = (w - mean)[:, :, None] * (w - mean)[:, None, :]
    z = (products.mean(axis=0) - covariance) / (products.std(axis=0) / np.sqrt(chains))
    assert_allclose(z, 0, atol=4)
    # The noise of the batches is no detail here.
    assert covariance[0, 0] > 1.2 * langevin.langevin_covariance(A, eps)[0, 0]


def test_as_an_optimizer_it_descends_and_makes_new_noise_at_every_step():
    g, num_weights = {"a": jnp.ones(2000), "b": jnp.full((), 3.0)}, 2000
    optimizer = langevin.sgld(jax.random.key(4), lambda count: 0.1 / (1 + count), temperature=0.5)
    state, noises = optimizer.init(g), []
    for k in range(3):
        eps = 0.1 / (1 + k)
        updates: Any
        updates, state = optimizer.update(g, state)
        noise = (updates["a"] + eps) / np.sqrt(2 * eps * 0.5)
        # z-tests at 4 standard errors, of mean, variance and correlation with former noise.
        assert abs(noise.mean()) < 4 / np.sqrt(num_weights)
        assert abs(np.mean(noise**2) - 1) < 4 * np.sqrt(2 / num_weights)
        assert all(abs(np.mean(noise * old)) < 4 / np.sqrt(num_weights) for old in noises)
        noises.append(noise)


def test_as_an_optimizer_without_temperature_it_is_sgd():
    g = jax.tree.map(jnp.array, TREE)
    optimizer = langevin.sgld(jax.random.key(5), 0.1, temperature=0.0)
    updates, _ = optimizer.update(g, optimizer.init(g))
    jax.tree.map(lambda u, g: assert_allclose(u, -0.1 * g, rtol=EXACT), updates, g)
