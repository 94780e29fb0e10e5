"""Subspaces shared by tasks: angles by SciPy, exact limits, rates in the number of examples."""

import jax
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.linalg import subspace_angles

from reference.talks import multi_task_representation as multi_task

EXACT = 1e-9  # float64, condition numbers below 1e4
sine_distance = jax.jit(multi_task.sine_distance)
task_examples = jax.jit(multi_task.task_examples, static_argnums=3)
moment_subspace = jax.jit(multi_task.moment_subspace, static_argnums=2)
joint_regression_iterates = jax.jit(multi_task.joint_regression_iterates, static_argnums=3)
few_shot_weights = jax.jit(multi_task.few_shot_weights)
task_relevance = jax.jit(multi_task.task_relevance)
transfer_variance = jax.jit(multi_task.transfer_variance)
task_allocation = jax.jit(multi_task.task_allocation)
active_allocation = jax.jit(
    multi_task.active_allocation, static_argnums=4, static_argnames="num_steps"
)


def subspace(D, R, *, seed=0):
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(D, R)))[0]


def heads(R, M, *, seed=1):
    return np.random.default_rng(seed).normal(size=(R, M))


@pytest.mark.parametrize(("D", "R"), [(5, 2), (4, 3), (6, 1)])
@pytest.mark.parametrize("seed", range(2))
def test_sine_distance_is_that_of_principal_angles(D, R, seed):
    B, other = subspace(D, R, seed=seed), subspace(D, R, seed=seed + 10)
    expected = np.sin(subspace_angles(B, other).max())
    rotation = subspace(R, R, seed=3)
    assert_allclose(sine_distance(B, other), expected, rtol=EXACT)
    assert_allclose(sine_distance(other, B), expected, rtol=EXACT)
    assert_allclose(sine_distance(B, other @ rotation), expected, rtol=EXACT)
    assert_allclose(sine_distance(B, B @ rotation), 0, atol=EXACT)


def test_examples_have_white_inputs_and_targets_of_their_task():
    B, W = subspace(4, 2), heads(2, 3)
    X, t = task_examples(jax.random.key(0), B, W, 3000, 0.5)
    assert X.shape == (3, 3000, 4)
    for m in range(3):
        noise = np.asarray(t[m] - X[m] @ (B @ W[:, m]))
        # A variance is estimated to sqrt(2 / N), relatively.
        assert abs(noise.var() / 0.25 - 1) < 4 * (2 / 3000) ** 0.5
        assert np.all(np.abs(X[m].T @ X[m] / 3000 - np.eye(4)) < 4 * (2 / 3000) ** 0.5)
    assert abs(np.mean(np.asarray(X[0] * X[1]))) < 4 / 12_000**0.5


def test_moment_subspace_is_of_the_leading_eigenvectors():
    X, t = task_examples(jax.random.key(1), subspace(5, 2), heads(2, 4), 7, 0.1)
    rows, targets = np.asarray(X).reshape(-1, 5), np.asarray(t).ravel()
    moment = sum(t**2 * np.outer(x, x) for x, t in zip(rows, targets, strict=True)) / len(rows)
    B = moment_subspace(X, t, 2)
    assert_allclose(B.T @ B, np.eye(2), atol=EXACT)
    leading = np.trace(B.T @ moment @ B)
    assert_allclose(leading, np.linalg.eigvalsh(moment)[-2:].sum(), rtol=EXACT)


def mean_sine(find, num_tasks, num_examples, *, num_draws):
    """Of the subspace found, over draws of the examples."""
    B, W = subspace(6, 2), heads(2, num_tasks)
    W = W / np.linalg.norm(W, axis=0)
    keys = jax.random.split(jax.random.key(2), num_draws)
    found = [find(*task_examples(key, B, W, num_examples, 0.3)) for key in keys]
    return np.mean([np.sin(subspace_angles(B, np.asarray(B_hat)).max()) for B_hat in found])


def by_moments(X, t):
    return moment_subspace(X, t, 2)


def by_regression(X, t):
    return joint_regression_iterates(X, t, moment_subspace(X, t, 2), 4)[-1]


@pytest.mark.parametrize("sizes", [(320, 10), (20, 160)])
def test_sine_falls_as_the_root_of_all_examples_together(sizes):
    few = mean_sine(by_moments, 20, 10, num_draws=30)
    # Sixteen times the examples: a quarter of the sine, to leading order and 30 draws.
    assert 0.18 < mean_sine(by_moments, *sizes, num_draws=30) / few < 0.32


def test_sine_of_joint_regression_falls_at_this_rate_and_is_smaller():
    few, many = [mean_sine(by_regression, 8, N, num_draws=8) for N in (8, 72)]
    assert 0.23 < many / few < 0.45  # a third, to leading order and 8 draws
    assert many < 0.7 * mean_sine(by_moments, 8, 72, num_draws=8)


# One shape and length for three tests of the iterates: fewer examples than inputs in a task.
JOINT = {"D": 6, "R": 2, "M": 8, "N": 5, "num_steps": 120}


def joint_problem(noise_std):
    """Examples, as NumPy arrays, and their subspace."""
    B = subspace(JOINT["D"], JOINT["R"])
    W = heads(JOINT["R"], JOINT["M"])
    X, t = task_examples(jax.random.key(3), B, W, JOINT["N"], noise_std)
    return np.asarray(X), np.asarray(t), B


def test_joint_regression_is_better_than_moments_and_exact_without_noise():
    X, t, B = joint_problem(0.0)
    B_0 = moment_subspace(X, t, 2)
    iterates = joint_regression_iterates(X, t, B_0, JOINT["num_steps"])
    assert_allclose(iterates[0], B_0, atol=0)
    assert sine_distance(B, B_0) > 0.1
    assert sine_distance(B, iterates[-1]) < 1e-7


def test_joint_regression_never_increases_its_loss():
    X, t, _ = joint_problem(0.5)
    iterates = joint_regression_iterates(X, t, subspace(6, 2, seed=9), JOINT["num_steps"])[:12]

    def loss(B):
        return sum(np.linalg.lstsq(X_m @ B, t_m)[1][0] for X_m, t_m in zip(X, t, strict=True))

    losses = np.array([loss(B) for B in np.asarray(iterates)])
    assert np.all(np.diff(losses) <= 1e-12)
    assert losses[-1] < 0.9 * losses[0]
    assert_allclose(iterates[-1].T @ iterates[-1], np.eye(2), atol=EXACT)


def test_one_iterate_is_two_least_squares():
    X, t, _ = joint_problem(0.5)
    B_0 = subspace(6, 2, seed=8)
    rows = []
    for X_m, t_m in zip(X, t, strict=True):
        w = np.linalg.lstsq(X_m @ B_0, t_m)[0]
        rows += [np.kron(x, w) for x in X_m]
    expected = np.linalg.lstsq(np.stack(rows), t.ravel())[0].reshape(6, 2)
    B = joint_regression_iterates(X, t, B_0, JOINT["num_steps"])[1]
    assert_allclose(sine_distance(B, np.linalg.qr(expected)[0]), 0, atol=EXACT)


@pytest.mark.parametrize("num_examples", [3, 5])
def test_few_shot_weights_are_the_best_of_the_subspace(num_examples):
    rng = np.random.default_rng(6)
    B, X, t = subspace(7, 3), rng.normal(size=(num_examples, 7)), rng.normal(size=num_examples)
    theta = few_shot_weights(B, X, t)
    assert_allclose(theta, B @ (B.T @ theta), atol=EXACT)
    assert_allclose(B.T @ X.T @ (X @ theta - t), 0, atol=EXACT)
    true = B @ rng.normal(size=3)
    assert_allclose(few_shot_weights(B, X, X @ true), true, rtol=1e-8)


@pytest.mark.parametrize("num_tasks", [2, 5])
def test_relevance_is_the_shortest_combination_of_tasks(num_tasks):
    W, w = heads(2, num_tasks), np.array([1.0, -2.0])
    relevance = task_relevance(W, w)
    assert_allclose(W @ relevance, w, atol=EXACT)
    assert_allclose(relevance, np.linalg.lstsq(W, w)[0], rtol=EXACT)


def test_transfer_variance_is_that_of_weighted_means():
    """Task m's estimate is the mean of n_m values of variance 1."""
    nu, n = np.array([0.5, -2.0, 0.0]), np.array([3, 8, 0])
    rng = np.random.default_rng(7)
    estimates = nu[0] * rng.normal(size=(20_000, 3)).mean(1) + nu[1] * rng.normal(
        size=(20_000, 8)
    ).mean(1)
    variance = transfer_variance(nu, n.astype(float))
    assert abs(estimates.var() / variance - 1) < 4 * (2 / 20_000) ** 0.5


@pytest.mark.parametrize("seed", range(3))
def test_allocation_is_the_least_variance_of_all(seed):
    rng = np.random.default_rng(seed)
    nu = rng.normal(size=4)
    shares = np.asarray(task_allocation(nu))
    assert_allclose(shares.sum(), 1, rtol=EXACT)
    least = transfer_variance(nu, 50 * shares)
    assert_allclose(least, np.abs(nu).sum() ** 2 / 50, rtol=EXACT)
    for others in [np.ones(4) / 4, nu**2 / np.sum(nu**2), *rng.dirichlet(np.ones(4), size=20)]:
        assert transfer_variance(nu, 50 * others) > least


def test_active_allocation_finds_the_relevant_tasks():
    B = subspace(6, 3)
    W = np.repeat(np.eye(3), 4, axis=1)  # four tasks on each axis of the subspace
    X, t = task_examples(jax.random.key(8), B, W, 12, 0.05)
    w_target = np.array([[1.0], [0.0], [3.0]])
    X_target, t_target = task_examples(jax.random.key(9), B, w_target, 10, 0.05)
    shares = active_allocation(X, t, X_target[0], t_target[0], 3, num_steps=15)
    # The noise makes an error of a few percent.
    assert_allclose(shares, np.repeat([1 / 16, 0, 3 / 16], 4), atol=0.03)
