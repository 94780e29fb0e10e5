"""Laplace's approximation where it is exact, where it is Stirling's, and against quadrature."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.integrate
import scipy.special
from jax.flatten_util import ravel_pytree
from numpy.testing import assert_allclose

from reference import problems
from reference.bayesian_inference import laplace, linear_gaussian

EXACT = 1e-9  # float64 and condition numbers below 1e4, through a Hessian
SIGMA, TAU = 0.7, 1.5


def regression(shape, *, seed=0):
    rng = np.random.default_rng(seed)
    return jnp.array(rng.normal(size=shape)), jnp.array(rng.normal(size=shape[0]))


@pytest.mark.parametrize("shape", [(6, 3), (2, 4)])
def test_approximation_of_a_gaussian_posterior_is_exact(shape):
    Phi, t = regression(shape)
    exact = linear_gaussian.linear_posterior(Phi, t, SIGMA, TAU)

    def energy(w):  # over a tree
        vector = jnp.concatenate([w["first"], w["rest"]])
        return linear_gaussian.linear_energy(Phi, t, vector, SIGMA, TAU)

    w = {"first": exact.mean[:1], "rest": exact.mean[1:]}
    posterior = jax.jit(lambda w: laplace.laplace_posterior(energy, w))(w)
    assert_allclose(posterior.mean, exact.mean, rtol=EXACT)
    assert_allclose(posterior.precision, exact.precision, rtol=EXACT, atol=EXACT)
    evidence = jax.jit(lambda w: laplace.laplace_log_evidence(energy, w))(w)
    expected = linear_gaussian.linear_log_evidence(Phi, t, SIGMA, TAU)
    assert_allclose(evidence, expected, rtol=EXACT)


@pytest.mark.parametrize("n", [1.0, 30.0])
def test_approximation_of_the_gamma_integral_is_stirlings(n):
    def energy(w):
        return jnp.sum(w - n * jnp.log(w))

    evidence = jax.jit(lambda w: laplace.laplace_log_evidence(energy, w))(jnp.array([n]))
    assert_allclose(evidence, n * np.log(n) - n + np.log(2 * np.pi * n) / 2, rtol=EXACT)
    # Stirling's error is 1 / 12 n, less at most 1 / 360 n^3.
    error = scipy.special.gammaln(n + 1) - evidence
    assert 1 / (12 * n) - 1 / (360 * n**3) < error < 1 / (12 * n)


def test_evidence_of_logistic_regression_is_near_that_of_quadrature():
    x = np.random.default_rng(1).normal(size=40)
    t = np.where(x + 0.3 * np.sin(50 * x) > 0.2, 1.0, -1.0)

    def energy(w):
        return jnp.sum(jnp.logaddexp(0.0, -t * (x * w))) + w**2 / 2

    newton = jax.jit(lambda w: w - jax.grad(energy)(w) / jax.hessian(energy)(w))
    evidence_at = jax.jit(lambda w: laplace.laplace_log_evidence(energy, w))
    w = jnp.array(1.0)
    for _ in range(20):
        w = newton(w)
    grid = np.linspace(-2, 15, 2001)
    values = jax.jit(jax.vmap(energy))(jnp.array(grid))
    integral = scipy.integrate.simpson(np.exp(-values + energy(w)), x=grid)
    expected = np.log(integral) - energy(w)
    # The next order is O(1/N), 40 examples of which a handful near the border count.
    assert abs(evidence_at(w) - expected) < 0.05


@pytest.mark.parametrize("shape", [(6, 3), (2, 4)])
def test_gauss_newton_posterior_is_that_of_the_linearised_network(shape):
    inputs, _ = regression(shape, seed=2)
    w = problems.perceptron_parameters(jax.random.key(0), [shape[1], 2, 2])
    targets = jnp.ones((shape[0], 2))

    def network(w):
        return problems.perceptron_outputs(w, inputs)

    def loss(z):
        return jnp.sum((z - targets) ** 2) / (2 * SIGMA**2)

    posterior = jax.jit(lambda w: laplace.gauss_newton_posterior(network, loss, w, TAU**-2))(w)
    # Rows of J by forward mode; then Bayesian linear regression with J for the features.
    flat, unravel = ravel_pytree(w)
    J = jax.jit(jax.jacfwd(lambda v: network(unravel(v)).ravel()))(flat)
    exact = linear_gaussian.linear_posterior(J, jnp.zeros(len(J)), SIGMA, TAU)
    assert_allclose(posterior.mean, flat, rtol=0)
    assert_allclose(posterior.precision, exact.precision, rtol=EXACT, atol=EXACT)
    covariance = jax.jit(lambda w: laplace.predictive_covariance(network, w, posterior))(w)
    expected = J @ np.linalg.inv(exact.precision) @ J.T
    assert_allclose(covariance, expected, rtol=1e-8, atol=EXACT)


def test_gauss_newton_and_hessian_agree_for_a_linear_network_and_any_loss():
    inputs, _ = regression((5, 2), seed=3)
    labels = jnp.array([0, 1, 2, 0, 1])

    def network(w):
        return inputs @ w

    def loss(z):
        return -jnp.sum(jax.nn.log_softmax(z)[jnp.arange(5), labels])

    w = jnp.array(np.random.default_rng(4).normal(size=(2, 3)))

    @jax.jit
    def both(w):
        def energy(w):
            return loss(network(w)) + 0.25 * jnp.sum(w**2)

        by_gauss_newton = laplace.gauss_newton_posterior(network, loss, w, 0.5)
        return by_gauss_newton, laplace.laplace_posterior(energy, w)

    by_gauss_newton, by_hessian = both(w)
    assert_allclose(by_gauss_newton.precision, by_hessian.precision, rtol=EXACT, atol=EXACT)


def test_predictive_variance_without_data_is_the_priors():
    w, x = jnp.zeros(3), jnp.array([[1.0, -2.0, 2.0]])
    prior = linear_gaussian.Gaussian(w, jnp.eye(3) / 4)
    covariance = laplace.predictive_covariance(lambda w: (x @ w)[:, None], w, prior)
    assert_allclose(covariance, [[36.0]], rtol=EXACT)
