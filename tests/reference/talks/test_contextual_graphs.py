"""Graph convolution on random graphs: moments, the risk of fits, and its prediction."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats
from scipy.optimize import root_scalar

from reference.talks import contextual_graphs

EXACT = 1e-9  # float64, condition numbers below 1e5
gaussian_links = jax.jit(jax.vmap(contextual_graphs.gaussian_links, in_axes=(0, None, None)))
block_model_links = jax.jit(
    jax.vmap(contextual_graphs.block_model_links, in_axes=(0, None, None, None)), static_argnums=3
)
contextual_inputs = jax.jit(contextual_graphs.contextual_inputs)
ridge_network = jax.jit(contextual_graphs.ridge_network, static_argnums=3)
fresh_node_risk = jax.jit(contextual_graphs.fresh_node_risk)
predicted_risks = jax.jit(contextual_graphs.predicted_risks)
fresh_node_error = jax.jit(contextual_graphs.fresh_node_error)


def labels(M):
    return np.where(np.arange(M) % 2 == 0, 1.0, -1.0)


def nodes(M=120, D=24, *, seed=0):
    """Most tests share these sizes, and so what was compiled for them."""
    y = labels(M)
    u = 2 * np.ones(D) / D**0.5
    return np.asarray(contextual_inputs(jax.random.key(seed), y, u)), y


def test_inputs_are_the_label_times_the_direction_and_white_noise():
    M, u = 4000, np.array([1.0, -0.5])
    X = np.asarray(contextual_inputs(jax.random.key(1), labels(M), u))
    signed = X * labels(M)[:, None]
    assert np.all(np.abs(signed.mean(axis=0) - u) < 4 / M**0.5)
    # Entries of a covariance of white noise vary by at most sqrt(2 / M).
    assert np.all(np.abs(np.cov(signed.T) - np.eye(2)) < 4 * (2 / M) ** 0.5)


@pytest.mark.parametrize("homophily", [1.5, -2.0])
@pytest.mark.parametrize("model", ["gaussian", "blocks"])
def test_links_have_mean_h_over_m_and_variance_one_over_m(model, homophily):
    M, y, key = 120, labels(120), jax.random.key(2)
    if model == "gaussian":
        A = gaussian_links(key[None], y, homophily)[0]
    else:
        A = block_model_links(key[None], y, homophily, 30.0)[0]
    signed = M**0.5 * np.asarray(A) * np.outer(y, y)  # mean h / sqrt(M), variance 1
    assert abs(signed.mean() - homophily / M**0.5) < 4 / M
    within = np.asarray(A)[np.outer(y, y) > 0] * M**0.5
    between = np.asarray(A)[np.outer(y, y) < 0] * M**0.5
    assert abs(within.mean() - homophily / M**0.5) < 4 * 2**0.5 / M
    # The spread of a variance's estimate is sqrt(2) / M; the blocks' variance is off by
    # h (1 - 2 p) / sqrt(M p (1 - p)) = 0.5 h / 4.7, with opposite signs within and between.
    assert abs((within.var() + between.var()) / 2 - 1) < 4 * 2**0.5 / M + 0.03
    # No symmetry: the two directions of a link are independent.
    noise = signed - signed.mean()
    assert abs(np.mean(noise * noise.T)) < 4 * 2**0.5 / M


def test_block_model_links_have_two_values():
    M, degree = 50, 10.0
    A = block_model_links(jax.random.key(3)[None], labels(M), 1.0, degree)[0]
    p = degree / M
    expected = np.array([-p, 1 - p]) / (M * p * (1 - p)) ** 0.5
    assert_allclose(np.unique(np.asarray(A).round(12)), expected, atol=1e-11)


@pytest.mark.parametrize("num_labelled", [3, 8])
def test_network_is_stationary_for_the_ridge_cost(num_labelled):
    X, y = nodes(12, 5)
    A = gaussian_links(jax.random.key(4)[None], y, 1.0)[0]

    def cost(w):
        f = (A @ X @ w)[:num_labelled]
        return jnp.mean((f - y[:num_labelled]) ** 2) / 2 + 0.1 * w @ w / 2

    w = ridge_network(A, X, y, num_labelled, 0.1)
    assert_allclose(jax.jit(jax.grad(cost))(w), 0, atol=EXACT)


@pytest.mark.parametrize("homophily", [2.0, -1.0, 0.0])
def test_risk_and_error_are_those_of_fresh_links(homophily):
    X, y = nodes(30, 4)
    w = np.array([0.5, 0.1, 0.7, -0.2])
    draws = 150
    keys = jax.random.split(jax.random.key(5), draws)
    A = gaussian_links(keys, y, homophily)
    f = np.asarray(A) @ (X @ w)  # 30 independent rows in each draw
    squares, wrong = (f - y) ** 2 / 2, f * y < 0
    risk = fresh_node_risk(w, X, y, homophily)
    error = fresh_node_error(w, X, y, homophily)
    assert abs(squares.mean() - risk) < 4 * squares.std() / squares.size**0.5
    assert abs(wrong.mean() - error) < 4 * wrong.std() / wrong.size**0.5


def test_error_of_the_best_direction_is_that_of_linear_discriminants():
    X, y = nodes(40, 3)
    m, C = 1.5 * X.T @ y / 40, X.T @ X / 40
    best = np.linalg.solve(C, m)
    error = fresh_node_error(best, X, y, 1.5)
    assert_allclose(error, stats.norm.sf((m @ best) ** 0.5), rtol=EXACT)


def mean_risks(A, X, y, homophily, sizes, penalty):
    """Means over graphs of the risk of fits by the normal equations, and the means' errors."""
    draws = []
    for features in np.asarray(A) @ X:
        for N in sizes:
            Phi, t = features[:N], y[:N]
            w = np.linalg.solve(Phi.T @ Phi + N * penalty * np.eye(Phi.shape[1]), Phi.T @ t)
            draws.append(fresh_node_risk(w, X, y, homophily))
    draws = np.array(draws).reshape(len(A), len(sizes))
    return draws.mean(axis=0), draws.std(axis=0) / len(A) ** 0.5


@pytest.mark.parametrize("penalty", [0.02, 0.5])
def test_predicted_risks_are_those_of_simulations(penalty):
    X, y = nodes()
    sizes = np.array([12, 24, 60])
    A = gaussian_links(jax.random.split(jax.random.key(6), 25), y, 1.0)
    means, errors = mean_risks(A, X, y, 1.0, sizes, penalty)
    predicted = predicted_risks(X, y, 1.0, sizes, penalty=penalty)
    # Besides the error of the means, the prediction neglects terms of order 1/N.
    assert np.all(np.abs(means - predicted) < 4 * errors + 0.05 * predicted)


def test_ridgeless_prediction_is_that_of_ordinary_least_squares():
    """For N > D + 1 and Gaussian data of noise s^2 the risk is s^2 (N - 1) / (N - D - 1)."""
    X, y = nodes()
    m, C = X.T @ y / 120, X.T @ X / 120
    noise = 1 - m @ np.linalg.solve(C + np.outer(m, m), m)
    sizes = np.array([60, 100, 30_000])
    predicted = predicted_risks(X, y, 1.0, sizes, penalty=0.0)
    assert_allclose(predicted, noise / 2 / (1 - 24 / sizes), rtol=1e-7)
    assert_allclose(predicted[2], noise / 2 * 29_999 / 29_975, rtol=1e-4)


@pytest.mark.parametrize("penalty", [0.0, 0.1, 2.0])
def test_effective_penalty_solves_its_equation(penalty):
    """Through the risk: with the root from SciPy, in the same formula written for matrices."""
    X, y = nodes()
    m, C = X.T @ y / 120, X.T @ X / 120
    B, identity, sizes, expected = C + np.outer(m, m), np.eye(24), [5, 12, 23], []
    for N in sizes:

        def gap(kappa, N=N):
            return penalty + kappa / N * np.trace(B @ np.linalg.inv(B + kappa * identity)) - kappa

        kappa = root_scalar(gap, bracket=(1e-6 + penalty, 1e3), xtol=1e-14).root
        smooth = B @ np.linalg.inv(B + kappa * identity)
        w = np.linalg.solve(B + kappa * identity, m)  # the mean fit
        mean_part = 1 - 2 * m @ w + w @ B @ w
        expected.append(mean_part / (1 - np.sum(smooth * smooth.T) / N) / 2)
    predicted = predicted_risks(X, y, 1.0, np.array(sizes), penalty=penalty)
    assert_allclose(predicted, expected, rtol=1e-8)


def test_risk_descends_twice_without_a_penalty_and_once_with_it():
    X, y = nodes()
    ridgeless = predicted_risks(X, y, 1.0, np.array([6, 23, 120]), penalty=1e-8)
    assert ridgeless[1] > 5 * max(ridgeless[0], ridgeless[2])
    penalised = predicted_risks(X, y, 1.0, np.array([6, 23, 120]), penalty=1.0)
    assert np.all(np.diff(penalised) < 0)
    A = gaussian_links(jax.random.split(jax.random.key(7), 25), y, 1.0)
    means, _ = mean_risks(A, X, y, 1.0, [6, 24, 72], 1e-8)
    assert means[1] > 3 * max(means[0], means[2])


def test_random_links_behave_as_gaussian_ones():
    X, y = nodes()
    A = block_model_links(jax.random.split(jax.random.key(8), 25), y, 1.0, 40.0)
    sizes = np.array([18, 36, 60])
    means, errors = mean_risks(A, X, y, 1.0, sizes, 0.3)
    predicted = predicted_risks(X, y, 1.0, sizes, penalty=0.3)
    # Relative order h / sqrt(degree) in the variance of links, of either sign, and 1/N.
    assert np.all(np.abs(means - predicted) < 4 * errors + 0.1 * predicted)


def test_without_links_between_labels_nothing_is_learned():
    X, y = nodes(20, 3)
    w = np.linalg.lstsq(X, y)[0]
    assert_allclose(fresh_node_error(w, X, y, 0.0), 0.5, rtol=EXACT)
    assert fresh_node_risk(w, X, y, 0.0) > 0.5
