"""Bayesian linear regression against SciPy's densities and a grid."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import multivariate_normal, norm

from reference import linear_regression
from reference.bayesian_inference import linear_gaussian

EXACT = 1e-10  # float64 and condition numbers below 1e4
SHAPES = [(6, 3), (2, 4), (1, 1)]
SIGMA, TAU = 0.7, 1.5


def regression(shape, *, seed=0):
    rng = np.random.default_rng(seed)
    return jnp.array(rng.normal(size=shape)), jnp.array(rng.normal(size=shape[0]))


@pytest.mark.parametrize("shape", SHAPES)
def test_energy_is_minus_the_logs_of_the_densities(shape):
    Phi, t = regression(shape)
    w = np.random.default_rng(1).normal(size=shape[1])
    energy = linear_gaussian.linear_energy(Phi, t, jnp.array(w), SIGMA, TAU)
    log_p = norm.logpdf(t, Phi @ w, SIGMA).sum() + norm.logpdf(w, 0, TAU).sum()
    assert_allclose(energy, -log_p, rtol=EXACT)


@pytest.mark.parametrize("shape", SHAPES)
def test_posterior_has_the_minimum_and_the_curvature_of_the_energy(shape):
    Phi, t = regression(shape, seed=2)
    posterior = linear_gaussian.linear_posterior(Phi, t, SIGMA, TAU)

    def energy(w):
        return linear_gaussian.linear_energy(Phi, t, w, SIGMA, TAU)

    assert_allclose(jax.jit(jax.grad(energy))(posterior.mean), 0, atol=EXACT)
    assert_allclose(jax.jit(jax.hessian(energy))(posterior.mean), posterior.precision, rtol=1e-9)


def test_posterior_mean_is_ridge_regression():
    Phi, t = regression((6, 3), seed=3)
    ridge = linear_regression.ridge_solution(Phi, t, SIGMA**2 / TAU**2 / 6)
    assert_allclose(linear_gaussian.linear_posterior(Phi, t, SIGMA, TAU).mean, ridge, rtol=EXACT)


@pytest.mark.parametrize("shape", SHAPES)
def test_evidence_is_the_density_of_the_targets_as_one_gaussian(shape):
    Phi, t = regression(shape, seed=4)
    covariance: Any = SIGMA**2 * np.eye(shape[0]) + TAU**2 * Phi @ Phi.T
    expected = multivariate_normal.logpdf(np.asarray(t), np.zeros(shape[0]), covariance)
    evidence = linear_gaussian.linear_log_evidence(Phi, t, SIGMA, TAU)
    assert_allclose(evidence, expected, rtol=EXACT)


@pytest.mark.parametrize("shape", SHAPES)
def test_bayes_rule_holds_at_any_weights(shape):
    Phi, t = regression(shape, seed=5)
    w = np.random.default_rng(6).normal(size=shape[1])
    m, precision = linear_gaussian.linear_posterior(Phi, t, SIGMA, TAU)
    covariance: Any = np.linalg.inv(precision)
    log_posterior = multivariate_normal.logpdf(w, np.asarray(m), covariance)
    log_joint = -linear_gaussian.linear_energy(Phi, t, jnp.array(w), SIGMA, TAU)
    evidence = linear_gaussian.linear_log_evidence(Phi, t, SIGMA, TAU)
    assert_allclose(log_posterior + evidence, log_joint, rtol=1e-9)
