"""Projections against long descents; forgetting measured against its formula and its bound."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from reference.talks import forgetting as module

EXACT = 1e-10  # float64 and well conditioned
cyclic_iterates = jax.jit(module.cyclic_iterates, static_argnums=3)
two_task_forgetting = jax.jit(module.two_task_forgetting, static_argnums=3)
cyclic_forgetting_bound = jax.jit(module.cyclic_forgetting_bound, static_argnums=2)
task_projection = jax.jit(module.task_projection)
forgetting = jax.jit(module.forgetting)


def tasks(M, N, D, *, seed=0):
    """Tasks of one solution w_*, of length 1."""
    rng = np.random.default_rng(seed)
    Xs, w_star = rng.normal(size=(M, N, D)), rng.normal(size=D)
    w_star = w_star / np.linalg.norm(w_star)
    return Xs, Xs @ w_star, w_star


def rows_near_a_plane(M, D, *, spread, seed=0):
    """One unit row a task, all nearly alike, so that little is learned in a step."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=D) + spread * rng.normal(size=(M, D))
    return (X / np.linalg.norm(X, axis=1, keepdims=True))[:, None]


@pytest.mark.parametrize(("N", "D"), [(2, 4), (1, 3), (5, 3)])
def test_projection_is_where_descent_on_a_task_ends(N, D):
    rng = np.random.default_rng(1)
    X, y, start = rng.normal(size=(N, D)), rng.normal(size=N), rng.normal(size=D)
    w = start
    for _ in range(5000):
        w = w - X.T @ (X @ w - y) / np.linalg.norm(X, 2) ** 2
    assert_allclose(task_projection(start, X, y), w, atol=1e-8)


def test_projection_is_the_nearest_solution():
    (X,), (y,), w_star = tasks(1, 2, 5)
    start = np.arange(5.0)
    w = np.asarray(task_projection(start, X, y))
    assert_allclose(X @ w, y, atol=EXACT)
    assert_allclose((start - w) @ (w - w_star), 0, atol=EXACT)  # the foot of a perpendicular


def test_iterates_solve_the_tasks_in_turn_and_near_the_solution():
    Xs, ys, w_star = tasks(3, 2, 6)
    w = np.asarray(cyclic_iterates(Xs, ys, np.zeros(6), 4))
    assert w.shape == (13, 6)
    assert_allclose(w[0], 0)
    for k in range(1, 13):
        m = (k - 1) % 3
        assert_allclose(Xs[m] @ w[k], ys[m], atol=EXACT)
        correction, *_ = np.linalg.lstsq(Xs[m], ys[m] - Xs[m] @ w[k - 1])
        assert_allclose(w[k], w[k - 1] + correction, atol=EXACT)
    assert np.all(np.diff(np.linalg.norm(w - w_star, axis=1)) < 0)


def test_forgetting_is_the_mean_over_tasks_of_sums_of_squares():
    Xs, ys, _ = tasks(3, 2, 4)
    w = np.array([1.0, -1.0, 0.5, 0.0])
    losses = [np.sum((X @ w - y) ** 2) for X, y in zip(Xs, ys, strict=True)]
    assert_allclose(forgetting(w, Xs, ys), np.mean(losses), rtol=EXACT)


@pytest.mark.parametrize("num_cycles", [1, 2, 5])
@pytest.mark.parametrize(("N_1", "N_2", "D"), [(1, 1, 2), (2, 2, 5), (2, 3, 7), (3, 3, 4)])
def test_two_tasks_forget_what_the_formula_says(num_cycles, N_1, N_2, D):
    rng = np.random.default_rng(N_2)
    X_1, X_2 = (np.linalg.qr(rng.normal(size=(D, N)))[0].T for N in (N_1, N_2))
    error = rng.normal(size=D)
    e = error
    for X in [X_1, X_2] * num_cycles:
        e = e - X.T @ (X @ e)
    measured = (np.sum((X_1 @ e) ** 2) + np.sum((X_2 @ e) ** 2)) / 2
    formula = two_task_forgetting(X_1, X_2, error, num_cycles)
    assert_allclose(formula, measured, rtol=1e-8, atol=1e-14)
    if N_1 == N_2:
        iterates = cyclic_iterates(np.stack([X_1, X_2]), np.zeros((2, N_1)), error, num_cycles)
        lost = forgetting(iterates[-1], np.stack([X_1, X_2]), np.zeros((2, N_1)))
        assert_allclose(lost, measured, rtol=1e-8, atol=1e-14)


@pytest.mark.parametrize("num_cycles", [1, 2, 10])
def test_forgetting_is_worst_at_the_angle_of_the_formula(num_cycles):
    k, c = 2 * num_cycles, np.linspace(0, 1, 100_001)
    values = np.asarray(module.forgetting_at_angle(jnp.array(c), num_cycles))
    assert values[0] == values[-1] == 0
    assert_allclose(c[values.argmax()], 1 - 1 / k, atol=1e-5)
    assert_allclose(values.max(), (1 - 1 / k) ** (k - 1) / (2 * k), rtol=1e-8)
    assert values.max() < 1 / (2 * np.e * (k - 1))


def test_equal_and_orthogonal_tasks_forget_nothing():
    X, error = np.eye(4)[:2], np.arange(1.0, 5)
    for other in (X, np.eye(4)[2:]):
        assert_allclose(two_task_forgetting(X, other, error, 3), 0, atol=EXACT)


def test_bound_is_the_less_of_two():
    error = np.array([3.0, 4.0, 0.0, 0.0, 0.0, 0.0])
    Xs = 2 * np.stack([np.eye(6)[[0, 1]], np.eye(6)[[2, 2]], np.eye(6)[[3, 3]]])
    Xs[1:] /= 4  # the largest norm is 2, the largest rank 2
    few, many = (cyclic_forgetting_bound(Xs, error, n) for n in (1, 12))
    assert_allclose(few, 9 * 25 * 4 / 3**0.5, rtol=EXACT)
    assert_allclose(many, 9 * 25 * 4 * (6 - 2) / (2 * 36), rtol=EXACT)


@pytest.mark.parametrize("spread", [0.03, 0.3, 3.0])
@pytest.mark.parametrize(("M", "D"), [(2, 2), (3, 2), (5, 8)])
def test_cyclic_forgetting_keeps_below_the_bound_proved(M, D, spread):
    Xs, w_star = rows_near_a_plane(M, D, spread=spread), np.ones(D)
    iterates = np.asarray(cyclic_iterates(Xs, Xs @ w_star, np.zeros(D), 10))
    for n in (1, 3, 10):
        lost = forgetting(iterates[M * n], Xs, Xs @ w_star)
        bound = cyclic_forgetting_bound(Xs, w_star, n)
        assert lost <= (M - 1) / M * bound  # what the docstring derives


@pytest.mark.parametrize("M", [2, 4])
def test_error_lost_in_the_next_cycle_bounds_forgetting(M):
    Xs, ys, w_star = tasks(M, 2, 9)
    Xs, ys = (A / np.linalg.norm(Xs, 2, axis=(1, 2)).max() for A in (Xs, ys))
    squares = np.sum((cyclic_iterates(Xs, ys, np.zeros(9), 6) - w_star) ** 2, axis=1)[::M]
    for n in range(1, 6):
        w = cyclic_iterates(Xs, ys, np.zeros(9), 6)[n * M]
        gap = squares[n] - squares[n + 1]
        assert 0 < forgetting(w, Xs, ys) <= (M - 1) / 2 * gap
        assert gap <= (9 - 2) / n
        assert gap <= 4 * np.sqrt(M / (2 * np.e * n))
