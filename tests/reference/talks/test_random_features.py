"""The trade-off of sizes and losses against dense algebra, quadrature and fits."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from reference.talks import random_features

EXACT = 1e-9  # float64, condition numbers below 1e5
trade_off_frontier = jax.jit(random_features.trade_off_frontier)
feature_second_moment = jax.jit(random_features.feature_second_moment)
random_fourier_features = jax.jit(random_features.random_fourier_features)

SHAPES = [(4, 9), (9, 4), (5, 5), (1, 3)]
PENALTIES = np.array([1e-3, 0.1, 3.0])


def design(shape, *, seed=0):
    """Features of this shape and a second moment, not of those but any."""
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(shape[1], shape[1] + 4))
    return rng.normal(size=shape), root @ root.T / shape[1]


def whitened(Phi, S):
    return np.linalg.solve(np.linalg.cholesky(S), Phi.T).T


def losses_of_map(Z, K, noise_std):
    """Mean training and excess losses of u = K e, e the noise."""
    kept = np.eye(len(Z)) - Z @ K
    return noise_std**2 * np.sum(kept**2) / (2 * len(Z)), noise_std**2 * np.sum(K**2) / 2


@pytest.mark.parametrize("shape", SHAPES)
def test_frontier_has_the_losses_of_ridge_on_the_noise(shape):
    Phi, S = design(shape)
    Z, N = whitened(Phi, S), shape[0]
    training, excess = trade_off_frontier(Phi, S, 0.7, PENALTIES)
    maps = [Z.T @ np.linalg.inv(Z @ Z.T + N * penalty * np.eye(N)) for penalty in PENALTIES]
    expected = np.array([losses_of_map(Z, K, 0.7) for K in maps])
    assert_allclose(training, expected[:, 0], rtol=EXACT)
    assert_allclose(excess, expected[:, 1], rtol=EXACT)


@pytest.mark.parametrize("shape", SHAPES)
def test_no_other_linear_predictor_is_below_the_frontier(shape):
    Phi, S = design(shape)
    Z, rng = whitened(Phi, S), np.random.default_rng(1)
    training, excess = trade_off_frontier(Phi, S, 1.0, PENALTIES)
    best = excess + training / PENALTIES
    for penalty, least in zip(PENALTIES, best, strict=True):
        ridge = Z.T @ np.linalg.inv(Z @ Z.T + len(Z) * penalty * np.eye(len(Z)))
        for size in [0.01, 0.3, 3.0]:
            other = ridge + size * rng.normal(size=ridge.shape)
            its_training, its_excess = losses_of_map(Z, other, 1.0)
            assert its_excess + its_training / penalty > least


@pytest.mark.parametrize("shape", SHAPES)
def test_bound_lies_below_the_frontier_of_features_of_the_right_size(shape):
    Z = design(shape)[0]
    Z = Z * (Z.size / np.sum(Z**2)) ** 0.5  # |Z|_F^2 = N P, as it is in the mean
    training, excess = trade_off_frontier(Z, np.eye(shape[1]), 1.3, PENALTIES)
    bound = random_features.excess_loss_bound(training, 1.3, *shape)
    assert bool(jnp.all(bound <= excess * (1 + EXACT)))


@pytest.mark.parametrize("shape", [(3, 3), (3, 8)])
def test_bound_is_sharp_for_orthogonal_examples(shape):
    Z = np.linalg.qr(np.random.default_rng(2).normal(size=shape[::-1]))[0].T * shape[1] ** 0.5
    training, excess = trade_off_frontier(Z, np.eye(shape[1]), 0.4, PENALTIES)
    bound = random_features.excess_loss_bound(training, 0.4, *shape)
    assert_allclose(bound, excess, rtol=1e-7)  # a difference of roots is squared


def test_bound_vanishes_where_training_stops_at_the_noise():
    losses = jnp.array([0.5, 0.6]) * 0.3**2
    assert_allclose(random_features.excess_loss_bound(losses, 0.3, 10, 5), 0, atol=1e-16)


@pytest.mark.parametrize("training_loss", [0.0, 0.02, 0.1])
def test_features_needed_meet_the_bound(training_loss):
    training, excess = jnp.array(training_loss), jnp.array(0.003)
    P = random_features.features_needed(training, excess, 0.6, 40)
    bound = random_features.excess_loss_bound(training, 0.6, 40, 10)
    assert_allclose(bound * 10 / P, excess, rtol=EXACT)  # it falls as 1 / P


@pytest.mark.parametrize("num_features", [5, 20, 60])
def test_fits_on_random_features_obey_the_bound(num_features):
    rng, N, noise_std = np.random.default_rng(3), 20, 0.5
    W, b = rng.normal(size=(3, num_features)), rng.uniform(0, 2 * np.pi, num_features)
    S = np.asarray(feature_second_moment(W, b))
    w_true = rng.normal(size=num_features)
    pairs = []
    for _ in range(40):
        Phi = np.asarray(2**0.5 * np.cos(rng.normal(size=(N, 3)) @ W + b))
        t = Phi @ w_true + noise_std * rng.normal(size=N)
        w = Phi.T @ np.linalg.solve(Phi @ Phi.T + 0.02 * N * np.eye(N), t)
        error = w - w_true
        pairs.append((np.mean((Phi @ w - t) ** 2) / 2, error @ S @ error / 2))
    training, excess = np.mean(pairs, axis=0)
    # No error bar is needed: there is a factor of two or more between the sides.
    bound = random_features.excess_loss_bound(jnp.array(training), noise_std, N, num_features)
    assert 0 < bound < excess


def test_features_have_the_gaussian_kernel_in_the_mean():
    rng, M = np.random.default_rng(4), 20_000
    W, b = rng.normal(size=(2, M)), rng.uniform(0, 2 * np.pi, M)
    X = np.array([[0.3, -1.0], [0.9, 0.2]])
    Phi = random_fourier_features(X, W, b)
    products = Phi[0] * Phi[1]
    expected = np.exp(-np.sum((X[0] - X[1]) ** 2) / 2)
    assert abs(products.mean() - expected) < 4 * products.std() / M**0.5


@pytest.mark.parametrize("num_inputs", [1, 2])
def test_second_moment_is_that_of_quadrature(num_inputs):
    rng = np.random.default_rng(5)
    W, b = rng.normal(size=(num_inputs, 4)), rng.uniform(0, 2 * np.pi, 4)
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    X = np.stack(np.meshgrid(*[nodes] * num_inputs), axis=-1).reshape(-1, num_inputs)
    weight = np.prod(np.meshgrid(*[weights] * num_inputs), axis=0).ravel()
    Phi = random_fourier_features(X, W, b)
    expected = np.asarray(Phi).T * (weight / weight.sum()) @ np.asarray(Phi)
    assert_allclose(feature_second_moment(W, b), expected, atol=EXACT)
