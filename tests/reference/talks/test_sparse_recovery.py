"""The lasso by proximal gradients: its optimality conditions, closed forms, and rates."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize

from reference.talks import sparse_recovery

EXACT = 1e-10  # float64, condition numbers below 1e3
ista_iterates = jax.jit(sparse_recovery.ista_iterates, static_argnums=5)
fista_iterates = jax.jit(sparse_recovery.fista_iterates, static_argnums=5)
lasso_loss = jax.jit(sparse_recovery.lasso_loss)
largest_step_size = jax.jit(sparse_recovery.largest_step_size)
smallest_full_penalty = jax.jit(sparse_recovery.smallest_full_penalty)
soft_threshold = jax.jit(sparse_recovery.soft_threshold)
optimality_violation = jax.jit(sparse_recovery.optimality_violation)

METHODS = [ista_iterates, fista_iterates]
SHAPES = [(12, 5), (5, 9), (4, 1)]


def problem(shape, *, seed=0):
    rng = np.random.default_rng(seed)
    A, t, x_0 = rng.normal(size=shape), rng.normal(size=shape[0]), rng.normal(size=shape[1])
    return A, t, x_0, 0.3 * float(smallest_full_penalty(A, t))


def solution(A, t, penalty):
    """By SciPy, on x = p - q with p, q >= 0, where the loss is smooth."""
    N, D = A.shape

    def loss_and_gradient(pq):
        residual = A @ (pq[:D] - pq[D:]) - t
        g = A.T @ residual / N
        loss = residual @ residual / (2 * N) + penalty * pq.sum()
        return loss, np.concatenate([g, -g]) + penalty

    bounds = [(0, None)] * (2 * D)
    options = {"ftol": 1e-16, "gtol": 1e-12, "maxiter": 5000}
    pq = minimize(
        loss_and_gradient,
        np.ones(2 * D),
        jac=True,
        bounds=bounds,
        method="L-BFGS-B",
        options=options,
    ).x
    return pq[:D] - pq[D:]


@pytest.mark.parametrize("x", [-3.0, -0.2, 0.0, 0.5, 0.71])
def test_soft_threshold_minimises_its_sum(x):
    u = soft_threshold(jnp.array(x), 0.5)
    grid = np.linspace(-4, 4, 8001)
    values = (grid - x) ** 2 / 2 + 0.5 * np.abs(grid)
    assert abs(u - grid[values.argmin()]) < 1e-3


@pytest.mark.parametrize("shape", SHAPES)
def test_loss_is_the_mean_of_halved_squares_and_the_penalty(shape):
    A, t, x, penalty = problem(shape)
    expected = np.sum((A @ x - t) ** 2) / (2 * shape[0]) + penalty * np.abs(x).sum()
    assert_allclose(lasso_loss(x, A, t, penalty), expected, rtol=EXACT)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("shape", SHAPES)
def test_iterates_converge_to_the_solution_of_another_solver(shape, method):
    A, t, x_0, penalty = problem(shape)
    step_size = largest_step_size(A)
    x = method(A, t, x_0, penalty, step_size, 4000)[-1]
    # L-BFGS-B stops where the loss changes by less than 1e-16; x is right to its root.
    assert_allclose(x, solution(A, t, penalty), atol=1e-6)
    assert optimality_violation(x, A, t, penalty) < EXACT


@pytest.mark.parametrize("method", METHODS)
def test_first_iterate_is_a_gradient_step_then_shrunk(method):
    A, t, x_0, penalty = problem((6, 4))
    z = x_0 - 0.1 * A.T @ (A @ x_0 - t) / 6
    expected = np.where(np.abs(z) > 0.1 * penalty, z - 0.1 * penalty * np.sign(z), 0)
    iterates = method(A, t, x_0, penalty, 0.1, 1)
    assert_allclose(iterates, np.stack([x_0, expected]), rtol=EXACT)


def test_momentum_is_that_of_the_recursion():
    A, t, x, penalty = problem((6, 4))
    iterates = fista_iterates(A, t, x, penalty, 0.1, 6)
    ahead, s, expected = x, 1.0, [x]
    for _ in range(6):
        s_next = (1 + np.sqrt(1 + 4 * s**2)) / 2
        x_next = np.asarray(ista_iterates(A, t, ahead, penalty, 0.1, 1)[1])
        ahead = x_next + (s - 1) / s_next * (x_next - expected[-1])
        expected.append(x_next)
        s = s_next
    assert_allclose(iterates, np.stack(expected), rtol=EXACT)


@pytest.mark.parametrize("method", METHODS)
def test_losses_stay_below_their_rates(method):
    A, t, x_0, _ = problem((20, 30), seed=1)
    penalty = 0.05
    alpha = largest_step_size(A)
    x = fista_iterates(A, t, x_0, penalty, alpha, 5000)[-1]
    assert optimality_violation(x, A, t, penalty) < 1e-8
    losses = jax.vmap(lambda x: lasso_loss(x, A, t, penalty))(
        method(A, t, x_0, penalty, alpha, 200)
    )
    excess = np.asarray(losses - lasso_loss(x, A, t, penalty))[1:]
    k, distance = np.arange(1, 201), np.sum((x_0 - x) ** 2)
    if method is ista_iterates:
        assert np.all(excess <= distance / (2 * alpha * k))
        assert np.all(np.diff(excess) <= 1e-14)
    else:
        assert np.all(excess <= 2 * distance / (alpha * (k + 1) ** 2))


def test_orthogonal_measurements_are_solved_in_one_step():
    A = 3 * np.linalg.qr(np.random.default_rng(2).normal(size=(8, 3)))[0]
    t = np.random.default_rng(3).normal(size=8)
    alpha = largest_step_size(A)
    assert_allclose(alpha, 8 / 9, rtol=EXACT)  # A^T A / N = (9 / 8) I
    x = ista_iterates(A, t, np.ones(3), 0.02, alpha, 1)[1]
    assert_allclose(x, soft_threshold(A.T @ t / 9, 8 / 9 * 0.02), rtol=EXACT)
    assert optimality_violation(x, A, t, 0.02) < EXACT


@pytest.mark.parametrize("shape", SHAPES)
def test_all_is_zero_from_the_full_penalty_on(shape):
    A, t, x_0, _ = problem(shape)
    full, zero = smallest_full_penalty(A, t), np.zeros(shape[1])
    assert optimality_violation(zero, A, t, full) < EXACT
    assert optimality_violation(zero, A, t, 0.99 * full) > 1e-4
    step_size = largest_step_size(A)
    assert_allclose(ista_iterates(A, t, x_0, 1.01 * full, step_size, 3000)[-1], 0, atol=0)


def test_violation_is_the_distance_from_the_subdifferential():
    A, t, x, penalty = problem((7, 3))
    x[1] = 0
    g = A.T @ (A @ x - t) / 7
    distances = [
        abs(g[0] + penalty * np.sign(x[0])),
        np.abs(g[1] + np.linspace(-penalty, penalty, 100_001)).min(),
        abs(g[2] + penalty * np.sign(x[2])),
    ]
    assert_allclose(optimality_violation(x, A, t, penalty), max(distances), atol=1e-5)
    # At the other extreme: x_1 alone is wrong.
    x = solution(A, t, penalty)
    wrong = np.where(np.arange(3) == 1, x + 0.5, x)
    assert optimality_violation(wrong, A, t, penalty) > 0.1


def test_few_measurements_recover_a_sparse_signal():
    rng = np.random.default_rng(4)
    x_true = np.zeros(40)
    x_true[[3, 17, 31]] = [2.0, -1.5, 1.0]
    A = rng.normal(size=(20, 40))
    alpha = largest_step_size(A)
    x = fista_iterates(A, A @ x_true, np.zeros(40), 1e-4, alpha, 3000)[-1]
    # The penalty shrinks by about its size over the smallest curvature of the support.
    assert_allclose(x, x_true, atol=1e-3)
