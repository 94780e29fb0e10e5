"""Interpolators of least norm, against linear programming, closed forms and draws."""

from functools import partial

import jax
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import linprog

from reference.talks import sparse_interpolation
from reference.taylor.conjugate_gradients import Ending

EXACT = 1e-10  # float64, condition numbers below 1e3
minimum_l2 = jax.jit(sparse_interpolation.minimum_l2_interpolator)
minimum_l1 = jax.jit(
    sparse_interpolation.minimum_l1_interpolator, static_argnames=("tolerance", "max_steps")
)
minimum_lp = jax.jit(
    sparse_interpolation.minimum_lp_interpolator, static_argnames=("p", "tolerance", "max_steps")
)
SHAPES = [(3, 7), (8, 20)]


def problem(N, D, *, seed=0, noise=0.5):
    rng = np.random.default_rng(seed)
    X, w_true = rng.normal(size=(N, D)), np.zeros(D)
    w_true[1] = 1
    return X, X @ w_true + noise * rng.normal(size=N), w_true


def by_linear_programming(X, y):
    """On w = a - b with a, b >= 0."""
    D = X.shape[1]
    a_b = linprog(np.ones(2 * D), A_eq=np.hstack([X, -X]), b_eq=y, method="highs").x
    return a_b[:D] - a_b[D:]


@pytest.mark.parametrize("shape", [*SHAPES, (4, 4)])
def test_least_squares_solution_is_that_of_the_pseudoinverse(shape):
    X, y, _ = problem(*shape)
    assert_allclose(minimum_l2(X, y), np.linalg.pinv(X) @ y, rtol=1e-8, atol=EXACT)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("scale", [1, 1000])
def test_l1_norm_is_least_by_linear_programming(shape, scale):
    X, y, _ = problem(*shape)
    result = minimum_l1(X, scale * y, tolerance=1e-8)
    assert result.ending == Ending.CONVERGED
    expected = scale * by_linear_programming(X, y)
    assert_allclose(X @ result.weights, scale * y, rtol=EXACT, atol=EXACT * scale)
    # HiGHS is feasible to 1e-7.
    assert_allclose(np.abs(result.weights).sum(), np.abs(expected).sum(), rtol=1e-6)
    assert_allclose(result.weights, expected, atol=1e-6 * scale)  # unique for almost every X
    assert np.sum(np.abs(expected) > 1e-9) <= shape[0]


def test_l1_without_noise_recovers_the_truth_and_l2_does_not():
    X, y, w_true = problem(8, 20, noise=0.0)
    assert_allclose(minimum_l1(X, y, tolerance=1e-8).weights, w_true, atol=1e-6)
    assert np.linalg.norm(minimum_l2(X, y) - w_true) > 0.5


@pytest.mark.parametrize("p", [1, 1.2, 1.5, 2])
def test_one_equation_has_its_closed_form(p):
    a = np.array([[0.5, -2.0, 1.0, 1.5]])
    if p == 1:  # all on the largest entry
        result, expected = minimum_l1(a, np.array([3.0]), tolerance=1e-10), [0, -1.5, 0, 0]
    else:  # Hoelder's inequality is tight at |w|^p in proportion to |a|^q
        q = p / (p - 1)
        result = minimum_lp(a, np.array([3.0]), p, tolerance=1e-14)
        expected = 3 * np.sign(a[0]) * np.abs(a[0]) ** (q - 1) / np.sum(np.abs(a) ** q)
    # A gap of 1e-14 is an error of its root.
    assert_allclose(result.weights, expected, atol=1e-6)


@pytest.mark.parametrize("p", [1.2, 1.5])
def test_lp_norm_is_stationary_among_interpolators(p):
    X, y, _ = problem(8, 20)
    result = minimum_lp(X, y, p, tolerance=1e-12)
    assert result.ending == Ending.CONVERGED
    assert_allclose(X @ result.weights, y, rtol=EXACT, atol=EXACT)
    kernel = np.linalg.svd(X)[2][8:]
    gradient = np.sign(result.weights) * np.abs(result.weights) ** (p - 1)
    # The gradient's root at small weights is less smooth than the gap.
    assert_allclose(kernel @ gradient, 0, atol=1e-4)


@pytest.mark.parametrize("steps", [0, 20])
def test_gap_bounds_the_excess_wherever_it_stops(steps):
    X, y, _ = problem(8, 20)
    least = np.abs(by_linear_programming(X, y)).sum()
    result = minimum_l1(X, y, max_steps=steps)
    assert result.ending == Ending.STEP_LIMIT
    assert result.steps == steps
    excess = np.abs(result.weights).sum() - least
    assert excess <= result.duality_gap + 1e-7
    assert result.duality_gap < 3 * least
    best = minimum_lp(X, y, 1.2, tolerance=1e-12).weights
    result = minimum_lp(X, y, 1.2, tolerance=0, max_steps=steps)
    excess = (np.abs(result.weights) ** 1.2).sum() ** (1 / 1.2)
    excess -= (np.abs(best) ** 1.2).sum() ** (1 / 1.2)
    assert -1e-7 <= excess <= result.duality_gap + 1e-7
    if steps == 20:
        assert result.duality_gap < 1e-3


def test_how_it_ended_is_said_of_extremes_too():
    X, y, _ = problem(8, 20)
    result = minimum_l1(X, 0 * y)
    assert result.ending == Ending.CONVERGED
    assert_allclose(result.weights, 0, atol=0)
    X[3] = 0
    assert minimum_l1(X, y).ending == Ending.NOT_FINITE


@pytest.mark.parametrize("D", [64, 320])
def test_l1_error_falls_with_noise_and_dimension_as_estimated(D):
    # The sparsest truth of all, 0; with another, N must be larger for it to be found.
    rng = np.random.default_rng(0)
    X, noise = rng.normal(size=(16, 16, D)), 0.2 * rng.normal(size=(16, 16))
    solve = partial(sparse_interpolation.minimum_l1_interpolator, max_steps=300)
    error = np.mean(np.sum(jax.jit(jax.vmap(solve))(X, noise).weights ** 2, axis=1))
    # The estimate is but the first term; at p = 2 the ratios are 0.5 and 0.16.
    assert 0.7 < error / sparse_interpolation.l1_error_estimate(16, D, 0.2**2) < 1.4


def test_l2_error_is_as_expected_over_draws():
    N, D, noise, draws = 4, 10, 0.7, 4000
    rng = np.random.default_rng(5)
    X, w_true = rng.normal(size=(draws, N, D)), np.eye(D)[1]
    y = X @ w_true + noise * rng.normal(size=(draws, N))
    errors = np.sum((jax.jit(jax.vmap(minimum_l2))(X, y) - w_true) ** 2, axis=1)
    expected = sparse_interpolation.l2_expected_error(N, D, 1.0, noise**2)
    assert abs(errors.mean() - expected) < 4 * errors.std() / np.sqrt(draws)
    # Wide enough, the draws tell D - N - 1 from D - N: 0.39 from 0.33.
    assert 4 * errors.std() / np.sqrt(draws) < 0.04
