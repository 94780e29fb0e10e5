"""Linear denoisers: exact means by simulation, the scaling law, and training on one measurement."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from reference.talks import reconstruction

EXACT = 1e-10  # float64, condition numbers below 1e3
noisy_signals = jax.jit(reconstruction.noisy_signals, static_argnums=2)
trained_denoiser = jax.jit(reconstruction.trained_denoiser)
denoiser_risk = jax.jit(reconstruction.denoiser_risk)
self_supervised_loss = jax.jit(reconstruction.self_supervised_loss)
adapted_shrinkage = jax.jit(reconstruction.adapted_shrinkage)


def subspace(D, R, *, seed=0):
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(D, R)))[0]


def test_signals_lie_in_the_subspace_and_noise_is_white():
    U, N = subspace(5, 2), 4000
    Y, X = map(np.asarray, noisy_signals(jax.random.key(0), U, N, 0.7))
    assert_allclose(X @ U @ U.T, X, atol=EXACT)
    tolerance = 4 * (2 / N) ** 0.5  # of a covariance of white noise
    assert np.all(np.abs(U.T @ X.T @ X @ U / N - np.eye(2)) < tolerance)
    assert np.all(np.abs((Y - X).T @ (Y - X) / N - 0.49 * np.eye(5)) < 0.49 * tolerance)
    assert np.all(np.abs(X.T @ (Y - X) / N) < tolerance)


@pytest.mark.parametrize("shape", [(9, 4), (5, 5)])
def test_trained_denoiser_is_least_squares(shape):
    rng = np.random.default_rng(1)
    Y, X = rng.normal(size=shape), rng.normal(size=shape)
    assert_allclose(trained_denoiser(Y, X), np.linalg.lstsq(Y, X)[0].T, rtol=1e-8)


def test_risk_is_the_mean_loss():
    U, W, N = subspace(4, 2), np.random.default_rng(2).normal(size=(4, 4)) / 2, 20_000
    Y, X = map(np.asarray, noisy_signals(jax.random.key(1), U, N, 0.6))
    losses = np.sum((Y @ W.T - X) ** 2, axis=1) / 2
    assert abs(losses.mean() - denoiser_risk(W, U, 0.6)) < 4 * losses.std() / N**0.5


@pytest.mark.parametrize("noise_std", [0.2, 1.0, 3.0])
def test_best_denoiser_shrinks_the_projection(noise_std):
    U = subspace(5, 2)
    best = U @ U.T / (1 + noise_std**2)
    risk = reconstruction.best_denoiser_risk(2, jnp.array(noise_std))
    assert_allclose(denoiser_risk(best, U, noise_std), risk, rtol=EXACT)
    slope = jax.jit(jax.grad(reconstruction.denoiser_risk))(best, U, noise_std)
    assert_allclose(slope, 0, atol=EXACT)  # convex, so least


def test_excess_risk_of_training_is_predicted_and_falls_as_one_over_n():
    U, noise_std, sizes = subspace(6, 2), 0.8, [12, 30, 300]
    best = reconstruction.best_denoiser_risk(2, jnp.array(noise_std))

    def excess(key, N):
        Y, X = noisy_signals(key, U, N, noise_std)
        return denoiser_risk(trained_denoiser(Y, X), U, noise_std) - best

    predictions = []
    for N in sizes:
        keys = jax.random.split(jax.random.key(N), 400)
        draws = np.asarray(jax.jit(jax.vmap(lambda key, N=N: excess(key, N)))(keys))
        predictions.append(reconstruction.predicted_excess_risk(6, 2, N, jnp.array(noise_std)))
        assert abs(draws.mean() - predictions[-1]) < 4 * draws.std() / 400**0.5
    assert_allclose(predictions[1] / predictions[2], 293 / 23, rtol=EXACT)


@pytest.mark.parametrize("a", [0.0, 0.3, 1.0])
def test_shrinkage_risk_is_that_of_the_matrix(a):
    U = subspace(6, 3)
    risk = reconstruction.shrinkage_risk(jnp.array(a), 3, 0.7)
    assert_allclose(risk, denoiser_risk(a * U @ U.T, U, 0.7), rtol=EXACT)


@pytest.mark.parametrize("a", [0.2, 0.9])
def test_self_supervised_loss_has_the_mean_of_the_risk(a):
    U, noise_std, N = subspace(6, 2), 0.8, 20_000
    Y, _ = noisy_signals(jax.random.key(2), U, N, noise_std)
    losses = np.asarray(jax.vmap(lambda y: self_supervised_loss(jnp.array(a), U, y))(Y))
    expected = reconstruction.shrinkage_risk(jnp.array(a), 2, noise_std) + 6 * noise_std**2 / 2
    assert abs(losses.mean() - expected) < 4 * losses.std() / N**0.5


@pytest.mark.parametrize(("D", "R"), [(6, 2), (4, 3), (9, 1)])
def test_adapted_shrinkage_is_where_the_self_supervised_loss_is_flat(D, R):
    U, y = subspace(D, R), np.random.default_rng(3).normal(size=D)
    a = adapted_shrinkage(U, y)
    slope = jax.jit(jax.grad(reconstruction.self_supervised_loss))(a, U, y)
    assert_allclose(slope, 0, atol=EXACT)
    assert_allclose(adapted_shrinkage(U, 3 * y), a, rtol=EXACT)  # has no scale of its own


@pytest.mark.parametrize("noise_std", [0.3, 2.0])
def test_training_at_test_time_mends_a_shift_of_the_noise(noise_std):
    D, R, N = 60, 24, 400
    U = subspace(D, R)
    Y, X = map(np.asarray, noisy_signals(jax.random.key(4), U, N, noise_std))
    a = np.asarray(jax.vmap(lambda y: adapted_shrinkage(U, y))(Y))
    # Of 1 / chi^2 with R degrees of freedom the mean is 1 / (R - 2), and not 1 / R.
    expected = 1 - R / (R - 2) * noise_std**2 / (1 + noise_std**2)
    assert abs(a.mean() - expected) < 4 * a.std() / N**0.5

    projected = Y @ U @ U.T
    adapted = np.sum((a[:, None] * projected - X) ** 2) / (2 * N)
    kept = np.sum((projected / (1 + 0.3**2) - X) ** 2) / (2 * N)  # as trained, at 0.3
    best = reconstruction.best_denoiser_risk(R, jnp.array(noise_std))
    # The spread of a, about 0.3 at so small an R, costs the rest.
    assert adapted < 2 * best
    if noise_std > 1:
        assert kept > 2 * adapted
