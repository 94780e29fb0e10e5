"""Noise scales against all batches of a small set, and steps found by search."""

import itertools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize
from numpy.testing import assert_allclose

from reference.papers import large_batch

EXACT = 1e-10  # float64, a few operations


def problem(N, P, *, seed=0):
    """Gradients of N examples with a mean, and a Hessian."""
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(P, P))
    return rng.normal(size=(N, P)) + rng.normal(size=P), root @ root.T


def batch_means(gradients, batch_size):
    """The mean gradient of every batch drawn with replacement, all equally likely."""
    batches = list(itertools.product(range(len(gradients)), repeat=batch_size))
    return gradients[np.array(batches)].mean(axis=1)


@pytest.mark.parametrize(("N", "P"), [(4, 3), (3, 1), (2, 5)])
@pytest.mark.parametrize("batch_size", [1, 3])
def test_squared_norms_of_batches_have_the_share_of_noise_announced(batch_size, N, P):
    gradients, _ = problem(N, P)
    squares = np.sum(batch_means(gradients, batch_size) ** 2, axis=1)
    noise_scale = large_batch.simple_noise_scale(jnp.array(gradients))
    signal = np.sum(gradients.mean(axis=0) ** 2)
    assert_allclose(squares.mean(), signal * (1 + noise_scale / batch_size), rtol=EXACT)


@pytest.mark.parametrize("batch_size", [1, 2])
def test_best_step_and_its_gain_are_those_of_a_search(batch_size):
    gradients, H = problem(4, 3, seed=1)
    G, batches = gradients.mean(axis=0), batch_means(gradients, batch_size)

    def expected_change(step_size):  # of the quadratic model, over all batches
        w = -step_size * batches
        return np.mean(w @ G + np.einsum("np,pq,nq->n", w, H, w) / 2)

    found: Any = scipy.optimize.minimize_scalar(expected_change, bracket=(0, 0.1), tol=1e-12)
    noise_scale = large_batch.curvature_weighted_noise_scale(jnp.array(gradients), jnp.array(H))
    step_size = large_batch.best_step_size(G @ G / (G @ H @ G), noise_scale, batch_size)
    # A search by values knows the place to the root of the rounding, 1e-8, only.
    assert_allclose(step_size, found.x, rtol=1e-6)
    most = large_batch.best_improvement(jnp.array(G), jnp.array(H))
    gain = large_batch.best_step_size(most, noise_scale, batch_size)
    assert_allclose(gain, -found.fun, rtol=EXACT)


def test_noise_scale_by_curvature_is_the_simple_one_where_all_curvatures_are_equal():
    gradients, _ = problem(5, 3, seed=2)
    by_curvature = large_batch.curvature_weighted_noise_scale(jnp.array(gradients), 7 * jnp.eye(3))
    assert_allclose(by_curvature, large_batch.simple_noise_scale(jnp.array(gradients)), rtol=EXACT)


@pytest.mark.parametrize(("small", "large"), [(1, 2), (2, 3), (1, 4)])
def test_estimates_are_unbiased_over_all_batches(small, large):
    gradients, _ = problem(4, 3, seed=3)
    # As many measurements of each as there are pairs of batches.
    small_squares, large_squares = (
        np.sum(batch_means(gradients, size) ** 2, axis=1) for size in (small, large)
    )
    pairs = np.array(list(itertools.product(small_squares, large_squares)))
    squares = jnp.array(pairs)
    found = large_batch.noise_estimates(squares[:, 0], squares[:, 1], small, large)
    assert_allclose(found.squared_norm, np.sum(gradients.mean(axis=0) ** 2), rtol=EXACT)
    assert_allclose(found.noise, np.sum(gradients.var(axis=0)), rtol=EXACT)


@pytest.mark.parametrize("batch_size", [2, 3])
def test_naive_ratio_tends_to_less_than_the_batch_size(batch_size):
    gradients, _ = problem(4, 2, seed=4)
    gradients = gradients - 0.99 * gradients.mean(axis=0)  # near a minimum, noise is nearly all
    noise_scale = large_batch.simple_noise_scale(jnp.array(gradients))
    squares = np.sum(batch_means(gradients, batch_size) ** 2, axis=1)
    naive = np.sum(gradients.var(axis=0)) / squares.mean()
    limit = large_batch.naive_noise_scale_limit(noise_scale, batch_size)
    assert_allclose(limit, naive, rtol=EXACT)
    assert limit < batch_size < noise_scale / 100


def test_steps_and_examples_lie_on_the_hyperbola():
    steps = jnp.array([10.5, 20.0, 1000.0])
    examples = large_batch.trade_off_examples(steps, 10.0, 700.0)
    assert_allclose((steps / 10 - 1) * (examples / 700 - 1), np.ones(3), rtol=EXACT)


def test_fit_finds_the_curve_that_runs_lie_on():
    batch_sizes = jnp.array([2.0, 16.0, 100.0, 900.0])
    steps = 37 * (1 + 60 / batch_sizes)
    fit = jax.jit(large_batch.fitted_trade_off)(steps, batch_sizes * steps)
    assert_allclose(fit.least_steps, 37, rtol=EXACT)
    assert_allclose(fit.least_examples, 37 * 60, rtol=EXACT)
    assert_allclose(fit.critical_batch_size, 60, rtol=EXACT)
    at_critical = large_batch.trade_off_examples(jnp.array([2 * 37.0]), *fit)
    assert_allclose(at_critical, [2 * 37 * 60.0], rtol=EXACT)


def test_fit_to_noisy_runs_is_least_squares_in_the_reciprocals():
    rng = np.random.default_rng(5)
    batch_sizes = np.array([1.0, 10.0, 100.0, 1000.0])
    steps = 37 * (1 + 60 / batch_sizes) * np.exp(0.1 * rng.normal(size=4))
    examples = steps * batch_sizes
    fit = large_batch.fitted_trade_off(jnp.array(steps), jnp.array(examples))

    def cost(least):
        return np.sum((least[0] / steps + least[1] / examples - 1) ** 2)

    for nearby in [(1.01, 1.0), (0.99, 1.0), (1.0, 1.01), (1.0, 0.99)]:
        assert cost(np.array(nearby) * np.array(fit)) > cost(np.array(fit))
