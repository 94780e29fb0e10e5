"""Weight decay as a path penalty, and as total variation: by other solvers and brute force."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize

from reference.talks import total_variation_networks

EXACT = 1e-10  # float64, condition numbers below 1e3
parallel_network = jax.jit(total_variation_networks.parallel_network)
weight_decay = jax.jit(total_variation_networks.weight_decay)
path_penalty = jax.jit(total_variation_networks.path_penalty)
balanced_layers = jax.jit(total_variation_networks.balanced_layers)
network_values = jax.jit(total_variation_networks.network_values)
network_penalty = jax.jit(total_variation_networks.network_penalty)
slope_variation = jax.jit(total_variation_networks.slope_variation)
spline_network = jax.jit(total_variation_networks.spline_network)
trend_filter_loss = jax.jit(total_variation_networks.trend_filter_loss)
trend_filter = jax.jit(total_variation_networks.trend_filter, static_argnames="num_steps")

WIDTHS = [(2, 1), (2, 3, 1), (2, 3, 2, 2)]


def parallel(widths, *, seed=0):
    rng = np.random.default_rng(seed)
    pairs = itertools.pairwise(widths)
    return [rng.normal(size=(4, out, into)) for into, out in pairs], rng.normal(size=(7, 2))


def curve(N, *, seed=0):
    rng = np.random.default_rng(seed)
    return np.sort(rng.uniform(-2, 2, size=N)) + 0.2 * np.arange(N), rng.normal(size=N)


@pytest.mark.parametrize("widths", WIDTHS)
def test_network_is_the_sum_of_its_subnetworks(widths):
    layers, x = parallel(widths)
    expected = 0
    for j in range(4):
        h = x
        for W in layers[:-1]:
            h = np.maximum(h @ W[j].T, 0)
        expected = expected + h @ layers[-1][j].T
    assert_allclose(parallel_network(layers, x), expected, rtol=EXACT, atol=EXACT)


@pytest.mark.parametrize("widths", WIDTHS[1:])
def test_path_penalty_is_the_least_weight_decay_of_rescalings(widths):
    layers, _ = parallel(widths)
    squares = np.stack([np.sum(W**2, axis=(1, 2)) for W in layers])
    assert_allclose(weight_decay(layers), squares.sum() / 2, rtol=EXACT)
    L = len(layers)

    def decay(logs):  # of the factors of all layers but the last, whose factor undoes them
        logs = logs.reshape(L - 1, 4)
        logs = np.concatenate([logs, -logs.sum(axis=0, keepdims=True)])
        return np.sum(np.exp(2 * logs) * squares) / 2

    least = minimize(decay, np.zeros((L - 1) * 4), tol=1e-10).fun
    assert_allclose(path_penalty(layers), least, rtol=1e-7)  # finite differences


@pytest.mark.parametrize("widths", WIDTHS)
def test_balanced_layers_are_the_same_function_of_equal_norms(widths):
    layers, x = parallel(widths)
    balanced = balanced_layers(layers)
    expected = parallel_network(layers, x)
    assert_allclose(parallel_network(balanced, x), expected, rtol=EXACT, atol=EXACT)
    norms = [np.linalg.norm(W.reshape(4, -1), axis=1) for W in balanced]
    assert_allclose(norms, np.broadcast_to(norms[0], np.shape(norms)), rtol=EXACT)
    assert_allclose(weight_decay(balanced), path_penalty(layers), rtol=EXACT)


@pytest.mark.parametrize("N", [3, 8])
def test_spline_network_interpolates_at_the_penalty_of_its_variation(N):
    x, values = curve(N)
    network = spline_network(values, x)
    assert_allclose(network_values(network, x), values, rtol=1e-9, atol=1e-9)
    # Between the inputs too it is the linear spline.
    middle = (x[1:] + x[:-1]) / 2
    assert_allclose(network_values(network, middle), np.interp(middle, x, values), atol=1e-9)
    # TV(f') of the network itself, from its slopes on a grid around every knot.
    grid = np.sort(np.concatenate([x - 1e-3, x + 1e-3]))
    slopes = np.diff(network_values(network, grid)) / np.diff(grid)
    between = slopes[1::2]  # those of even number have a knot within
    variation = np.abs(np.diff(between)).sum()
    assert_allclose(network_penalty(network), variation, rtol=1e-8)
    assert_allclose(slope_variation(values, x), variation, rtol=1e-8)


@pytest.mark.parametrize("seed", range(3))
def test_no_network_pays_less_than_its_values_vary(seed):
    x, _ = curve(8)
    rng = np.random.default_rng(seed)
    network = total_variation_networks.ReluNetwork(
        *rng.normal(size=(3, 5)), intercept=jnp.array(0.3), slope=jnp.array(-2.0)
    )
    expected = 0.3 - 2 * x
    for a, w, b in zip(network.a, network.w, network.b, strict=True):
        expected = expected + a * np.maximum(w * x - b, 0)
    values = network_values(network, x)
    assert_allclose(values, expected, rtol=EXACT, atol=EXACT)
    paths = np.sum(np.abs(network.a * network.w))
    assert slope_variation(values, x) <= paths + EXACT
    assert paths < network_penalty(network)


@pytest.mark.parametrize("penalty", [0.01, 0.1])
def test_trend_filter_is_the_least_over_all_signs(penalty):
    x, y = curve(6)
    line = np.stack([np.ones(6), x], axis=1)
    H = np.maximum(x[:, None] - x[1:-1], 0)
    best, expected = np.inf, y
    # For each set of signs of the jumps the loss is a quadratic, solved exactly.
    for signs in itertools.product([-1, 0, 1], repeat=4):
        s = np.array(signs)
        A = np.hstack([line, H[:, s != 0]])
        linear = A.T @ y - 6 * penalty * np.concatenate([[0, 0], s[s != 0]])
        values = A @ np.linalg.solve(A.T @ A, linear)
        slopes = np.diff(values) / np.diff(x)
        loss = np.mean((values - y) ** 2) / 2 + penalty * np.abs(np.diff(slopes)).sum()
        if loss < best:
            best, expected = loss, values
    found = trend_filter(x, y, penalty, num_steps=5000)
    assert_allclose(found, expected, atol=1e-7)
    assert_allclose(trend_filter_loss(found, x, y, penalty), best, rtol=1e-8)


def test_great_penalties_leave_the_fitted_line():
    x, y = curve(8)
    expected = np.polyval(np.polyfit(x, y, 1), x)
    assert_allclose(trend_filter(x, y, 100.0, num_steps=20), expected, atol=1e-9)


def test_weight_decayed_training_ends_at_the_trend_filter():
    x, y = curve(6)
    best = trend_filter_loss(trend_filter(x, y, 0.05, num_steps=5000), x, y, 0.05)
    M = 12

    def loss(flat):
        network = total_variation_networks.ReluNetwork(
            *flat[2:].reshape(3, M), intercept=flat[0], slope=flat[1]
        )
        error = total_variation_networks.network_values(network, x) - y
        penalty = total_variation_networks.network_penalty(network)
        return jnp.mean(error**2) / 2 + 0.05 * penalty

    value_and_grad = jax.jit(jax.value_and_grad(loss))
    ends = []
    for seed in range(4):
        start = np.random.default_rng(seed).normal(size=2 + 3 * M)
        end = minimize(value_and_grad, start, jac=True, method="BFGS", options={"maxiter": 1000})
        ends.append(end.fun)
    # Knots anywhere do no better; the loss isn't convex, and the best start comes near.
    assert min(ends) > best - 1e-9
    assert min(ends) < 1.05 * best
