"""Descent on separable data against SciPy's margins and the asymptotics of the theorem."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize

from reference.talks import implicit_bias

EXACT = 1e-10  # float64
descended = jax.jit(
    implicit_bias.logistic_descent_iterates, static_argnums=4, static_argnames="normalised"
)
maximum_margin = jax.jit(implicit_bias.maximum_margin, static_argnames="num_steps")
margin = jax.jit(implicit_bias.margin)
asymptotic_weights = jax.jit(implicit_bias.asymptotic_weights)


def separable(N, D, *, seed=0):
    """Labels by a random direction, examples at least 0.5 away from its plane."""
    rng = np.random.default_rng(seed)
    direction, X = rng.normal(size=D), rng.normal(size=(N, D))
    direction = direction / np.linalg.norm(direction)
    y = np.sign(X @ direction)
    return X + 0.5 * y[:, None] * direction, y


def support_vectors_by_scipy(X, y):
    constraints = {
        "type": "ineq",
        "fun": lambda w: y * (X @ w) - 1,
        "jac": lambda w: y[:, None] * X,
    }
    # From a separating start; a quadratic programme, for which SLSQP is exact.
    start = minimize(
        lambda w: np.sum(np.logaddexp(0, -y * (X @ w))), np.zeros(X.shape[1]), tol=1e-3
    ).x
    return minimize(
        lambda w: w @ w / 2,
        start,
        jac=lambda w: w,
        constraints=constraints,
        method="SLSQP",
        tol=1e-14,
    ).x


@pytest.mark.parametrize("scale", [1.0, 1e4])
def test_loss_is_the_mean_of_logarithms_without_overflow(scale):
    X, y = separable(5, 3)
    w = scale * np.array([1.0, -2.0, 0.5])
    expected = np.mean(np.logaddexp(0, -y * (X @ w)))
    assert_allclose(implicit_bias.logistic_loss(w, X, y), expected, rtol=EXACT)


@pytest.mark.parametrize("normalised", [False, True])
def test_iterates_are_those_of_a_loop(normalised):
    X, y = separable(5, 3)
    w = np.array([0.3, -0.1, 0.2])
    iterates = descended(X, y, w, 0.4, 5, normalised=normalised)
    for k in range(6):
        assert_allclose(iterates[k], w, rtol=EXACT)
        wrong = 1 / (1 + np.exp(y * (X @ w)))
        gradient = -(wrong * y) @ X / 5
        loss = np.mean(np.logaddexp(0, -y * (X @ w)))
        w = w - 0.4 * gradient / (loss if normalised else 1)


def test_margin_is_a_distance_to_the_plane():
    X, y = np.array([[3.0, 4.0], [0.0, 2.0]]), np.array([1.0, 1.0])
    assert_allclose(margin(jnp.array([0.0, 5.0]), X, y), 2, rtol=EXACT)
    assert_allclose(margin(jnp.array([0.6, 0.8]), X, y), 1.6, rtol=EXACT)
    assert_allclose(margin(jnp.array([0.6, 0.8]), X, np.array([-1.0, 1.0])), -5, rtol=EXACT)


@pytest.mark.parametrize(("N", "D"), [(8, 2), (12, 3), (4, 6)])
@pytest.mark.parametrize("seed", range(2))
def test_maximum_margin_is_that_of_another_solver(N, D, seed):
    X, y = separable(N, D, seed=seed)
    result = maximum_margin(X, y, num_steps=4000)
    assert_allclose(result.weights, support_vectors_by_scipy(X, y), atol=1e-5)
    assert -EXACT < result.duality_gap < 1e-5
    # The conditions of Karush, Kuhn and Tucker.
    margins = y * (X @ result.weights)
    assert np.all(result.multipliers >= 0)
    assert np.all(margins > 1 - 1e-5)
    assert_allclose(result.multipliers * (margins - 1), 0, atol=1e-5)
    assert_allclose(result.weights, (result.multipliers * y) @ X, rtol=EXACT)


def test_duality_gap_bounds_the_error_of_unfinished_work():
    X, y = separable(12, 3, seed=1)
    least = np.sum(support_vectors_by_scipy(X, y) ** 2) / 2
    for num_steps in (20, 50):
        w, alpha, gap = maximum_margin(X, y, num_steps=num_steps)
        feasible = w / np.min(y * (X @ w))
        dual = np.sum(alpha) - w @ w / 2
        assert dual <= least <= feasible @ feasible / 2
        assert_allclose(gap, feasible @ feasible / 2 - dual, rtol=1e-8)


def test_gap_is_infinite_for_data_that_is_not_separable():
    X, y = np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([1.0, -1.0])
    assert maximum_margin(X, y, num_steps=50).duality_gap == np.inf


# Two support vectors, not alike, and an example far away. The weights come near their asymptotics
# as powers of k, of these exponents.
QUICK = np.array([[1.0, 2.0], [1.3, -1.5], [3.0, 2.0]])  # 1
SLOW = np.array([[1.0, 0.6], [1.2, -0.5], [3.0, 2.0]])  # 0.244
ONES = np.ones(3)


def distances_from_asymptotics(X, steps):
    svm = maximum_margin(X, ONES, num_steps=3000)
    w = np.asarray(descended(X, ONES, jnp.zeros(2), 0.5, 30_000))
    predicted = asymptotic_weights(X, ONES, svm.multipliers, 0.5, np.array(steps, float))
    return np.linalg.norm(w[steps] - predicted, axis=1)


def test_weights_follow_the_asymptotics():
    distances = distances_from_asymptotics(QUICK, [300, 3000, 30_000])
    assert distances[2] < 2e-3  # of order log k / k
    assert np.all(distances[1:] < 0.4 * distances[:-1])


def test_weights_near_their_asymptotics_with_the_power_of_the_least_eigenvalue():
    alpha = maximum_margin(SLOW, ONES, num_steps=3000).multipliers
    eigenvalues = np.linalg.eigvalsh(SLOW.T * alpha @ SLOW)
    assert_allclose(eigenvalues[1], 1, rtol=1e-9)
    distances = distances_from_asymptotics(SLOW, [3000, 30_000])
    assert_allclose(-np.log10(distances[1] / distances[0]), eigenvalues[0], rtol=0.05)


def test_weights_grow_by_the_support_vector_solution_every_e_fold():
    X, y = separable(6, 3, seed=0)
    w_svm = np.asarray(maximum_margin(X, y, num_steps=4000).weights)
    w = np.asarray(descended(X, y, jnp.array([0.5, 0.5, 0.5]), 1.0, 40_000))
    growth = (w[40_000] - w[4000]) / np.log(10)
    assert_allclose(growth, w_svm, atol=0.08 * float(np.linalg.norm(w_svm)))
    losses = [implicit_bias.logistic_loss(w[k], X, y) for k in (4000, 40_000)]
    assert_allclose(losses[0] / losses[1], 10, rtol=0.05)


def test_margin_errs_by_one_over_log_time_and_normalised_steps_are_faster():
    svm = maximum_margin(QUICK, ONES, num_steps=3000)
    best = margin(svm.weights, QUICK, ONES)
    plain = np.asarray(descended(QUICK, ONES, jnp.zeros(2), 0.5, 10_000))
    norms = np.linalg.norm(plain[[100, 1000, 10_000]], axis=1)
    gaps = np.array([best - margin(plain[k], QUICK, ONES) for k in (100, 1000, 10_000)])
    assert np.all(gaps > 0)
    # |w| grows as log k, and the gap falls as 1 / |w| (exactly once w - w_svm log k rests).
    assert_allclose(gaps[1:] * norms[1:], gaps[:-1] * norms[:-1], rtol=0.2)
    fast = descended(QUICK, ONES, jnp.zeros(2), 0.5, 1000, normalised=True)
    assert best - margin(fast[-1], QUICK, ONES) < 0.1 * gaps[-1]
