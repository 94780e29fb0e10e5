"""Variational inference against conjugate posteriors, quadrature and natural parameters."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
import scipy.integrate
from numpy.testing import assert_allclose
from scipy.stats import norm

from reference.bayesian_inference import linear_gaussian, variational
from reference.bayesian_inference.linear_gaussian import Gaussian
from reference.bayesian_inference.variational import MeanField

EXACT = 1e-9  # float64 and condition numbers below 1e4
SIGMA, TAU = 0.7, 1.5


def regression(shape, *, seed=0):
    rng = np.random.default_rng(seed)
    return jnp.array(rng.normal(size=shape)), jnp.array(rng.normal(size=shape[0]))


def mean_loss(Phi, t):
    """The mean negative log-likelihood of an example, constants included."""

    def loss(w):
        return jnp.mean((t - Phi @ w) ** 2) / (2 * SIGMA**2) + np.log(2 * np.pi * SIGMA**2) / 2

    return loss


def divergence(q, posterior):
    """KL(q || posterior) of two Gaussians, q diagonal."""
    variances, error = jnp.exp(2 * q.log_std), q.mean - posterior.mean
    trace = jnp.sum(variances * jnp.diag(posterior.precision))
    determinants = jnp.linalg.slogdet(posterior.precision)[1] + jnp.sum(2 * q.log_std)
    return (trace + error @ posterior.precision @ error - len(error) - determinants) / 2


def any_mean_field(size, *, seed=0):
    rng = np.random.default_rng(seed)
    return MeanField(jnp.array(rng.normal(size=size)), jnp.array(rng.normal(size=size) / 2 - 1))


def test_samples_have_the_mean_exactly_and_the_deviations_nearly():
    q = any_mean_field(3)
    w = variational.weight_samples(jax.random.key(0), q, 3000)
    assert w.shape == (6000, 3)
    assert_allclose(w.mean(axis=0), q.mean, rtol=EXACT)
    # 3000 independent squares of a Gaussian; a z-test at 4 standard errors.
    z = (np.var(w, axis=0) / np.exp(2 * q.log_std) - 1) / np.sqrt(2 / 3000)
    assert_allclose(z, 0, atol=4)


def test_samples_of_different_weights_are_independent_also_across_leaves():
    q = MeanField({"a": jnp.zeros(2), "b": jnp.zeros(())}, {"a": jnp.zeros(2), "b": jnp.zeros(())})
    w = variational.weight_samples(jax.random.key(1), q, 3000)
    columns = np.concatenate([w["a"], w["b"][:, None]], axis=1)[:3000]
    assert_allclose((np.corrcoef(columns.T) - np.eye(3)) * np.sqrt(3000), 0, atol=4)


@pytest.mark.parametrize("tau", [0.5, 2.0])
def test_divergence_from_the_prior_is_its_integral(tau):
    q = any_mean_field(3, seed=1)
    expected = 0.0
    for m, s in zip(q.mean, np.exp(q.log_std), strict=True):

        def integrand(w, m=m, s=s):
            return norm.pdf(w, m, s) * (norm.logpdf(w, m, s) - norm.logpdf(w, 0, tau))

        expected += scipy.integrate.quad(integrand, m - 12 * s, m + 12 * s, epsabs=1e-12)[0]
    assert_allclose(variational.kl_from_prior(q, tau), expected, rtol=1e-8)


@pytest.mark.parametrize("shape", [(6, 3), (2, 4)])
def test_free_energy_and_its_gradient_are_unbiased(shape):
    Phi, t = regression(shape, seed=2)
    q, loss = any_mean_field(shape[1], seed=3), mean_loss(Phi, t)
    posterior = linear_gaussian.linear_posterior(Phi, t, SIGMA, TAU)
    evidence = linear_gaussian.linear_log_evidence(Phi, t, SIGMA, TAU)

    def exact(q):  # F(q) = KL(q || posterior) - log evidence
        return divergence(q, posterior) - evidence

    def estimate(key):
        return jax.value_and_grad(
            lambda q: variational.free_energy(key, loss, q, shape[0], TAU, num_pairs=2)
        )(q)

    estimates = jax.jit(jax.vmap(estimate))(jax.random.split(jax.random.key(0), 1500))
    expected = jax.jit(jax.value_and_grad(exact))(q)

    def check(found, expected):  # z-tests at 4 standard errors; some gradients have no noise
        error, spread = found.mean(axis=0) - expected, found.std(axis=0) / np.sqrt(1500)
        assert np.all(np.abs(error) <= 4 * spread + EXACT)

    jax.tree.map(check, estimates, expected)


def test_free_energy_of_the_posterior_is_minus_the_evidence():
    # Orthogonal columns: the posterior is in the family.
    Phi = jnp.array([[1.0, 1.0], [1.0, -1.0], [2.0, 0.0]]) @ jnp.diag(jnp.array([1.0, 0.5]))
    Phi, t = Phi.at[2, 0].set(0.0), jnp.array([1.0, -0.5, 2.0])
    posterior = linear_gaussian.linear_posterior(Phi, t, SIGMA, TAU)
    q = variational.mean_field_optimum(posterior)
    key = jax.random.key(3)
    estimates = jax.jit(
        jax.vmap(
            lambda key: variational.free_energy(key, mean_loss(Phi, t), q, 3, TAU, num_pairs=2)
        )
    )(jax.random.split(key, 1000))
    evidence = linear_gaussian.linear_log_evidence(Phi, t, SIGMA, TAU)
    # A z-test at 4 standard errors.
    assert abs(estimates.mean() + evidence) < 4 * estimates.std() / np.sqrt(1000)


@pytest.mark.parametrize("shape", [(6, 3), (2, 4)])
def test_mean_field_optimum_is_stationary_and_too_narrow(shape):
    Phi, t = regression(shape, seed=4)
    posterior = linear_gaussian.linear_posterior(Phi, t, SIGMA, TAU)
    q = variational.mean_field_optimum(posterior)
    gradient = jax.jit(jax.grad(lambda q: divergence(q, posterior)))(q)
    jax.tree.map(lambda g: assert_allclose(g, 0, atol=EXACT), gradient)
    assert np.all(np.exp(2 * q.log_std) < np.diag(np.linalg.inv(posterior.precision)))


def test_bayes_by_backprop_finds_the_mean_field_optimum():
    Phi, t = regression((12, 3), seed=5)
    optimum = variational.mean_field_optimum(linear_gaussian.linear_posterior(Phi, t, SIGMA, TAU))
    optimizer = optax.adam(optax.cosine_decay_schedule(0.1, 400))

    def advance(carry, key):
        q, state = carry
        g = jax.grad(
            lambda q: variational.free_energy(key, mean_loss(Phi, t), q, 12, TAU, num_pairs=8)
        )(q)
        updates, state = optimizer.update(g, state)
        return (optax.apply_updates(q, updates), state), None

    @jax.jit
    def train(q):
        keys = jax.random.split(jax.random.key(0), 400)
        return jax.lax.scan(advance, (q, optimizer.init(q)), keys)[0][0]

    q = train(any_mean_field(3, seed=6))
    # The noise that is left once the step size has decayed; posterior deviations are 0.2.
    assert_allclose(q.mean, optimum.mean, atol=0.02)
    assert_allclose(q.log_std, optimum.log_std, atol=0.1)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("shape", [(6, 3), (2, 4)])
def test_one_full_noisy_newton_step_ends_at_a_gaussian_posterior(shape, seed):
    Phi, t = regression(shape, seed=7)
    posterior = linear_gaussian.linear_posterior(Phi, t, SIGMA, TAU)
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(shape[1], shape[1]))
    q = Gaussian(jnp.array(rng.normal(size=shape[1])), jnp.array(root @ root.T) + jnp.eye(shape[1]))

    def energy(w):
        return linear_gaussian.linear_energy(Phi, t, w, SIGMA, TAU)

    @jax.jit
    def step(q):
        return variational.noisy_newton_step(jax.random.key(seed), energy, q, 1.0)

    assert_allclose(step(q).mean, posterior.mean, rtol=1e-8, atol=EXACT)
    assert_allclose(step(q).precision, posterior.precision, rtol=EXACT, atol=EXACT)


def test_mean_field_noisy_newton_finds_the_mean_field_optimum():
    Phi, t = regression((6, 3), seed=8)
    optimum = variational.mean_field_optimum(linear_gaussian.linear_posterior(Phi, t, SIGMA, TAU))

    def energy(w):
        return linear_gaussian.linear_energy(Phi, t, w, SIGMA, TAU)

    def advance(q, key):
        return variational.noisy_newton_step(key, energy, q, 0.3, mean_field=True), None

    @jax.jit
    def train(q):
        return jax.lax.scan(advance, q, jax.random.split(jax.random.key(0), 200))[0]

    q = train(Gaussian(jnp.zeros(3), jnp.eye(3)))
    assert_allclose(q.mean, optimum.mean, rtol=1e-7)
    assert_allclose(q.precision, np.diag(np.exp(-2 * optimum.log_std)), atol=1e-7)


@pytest.mark.parametrize("step_size", [0.1, 0.6])
def test_noisy_newton_is_natural_gradient_descent_in_natural_parameters(step_size):
    a, b = 3.0, -2.0  # U = a w^2 / 2 - b w

    def log_partition(theta):
        return -(theta[0] ** 2) / (4 * theta[1]) - jnp.log(-2 * theta[1]) / 2

    def objective(theta):  # E_q[U] less the entropy of q
        precision = -2 * theta[1]
        m = theta[0] / precision
        return a * (m**2 + 1 / precision) / 2 - b * m + jnp.log(precision) / 2

    theta = jnp.array([0.7 * 0.5, -0.5 / 2])  # mean 0.7, precision 0.5
    fisher, gradient = jax.jit(
        lambda theta: (jax.hessian(log_partition)(theta), jax.grad(objective)(theta))
    )(theta)
    expected = theta - step_size * np.linalg.solve(fisher, gradient)

    @jax.jit
    def step(q):
        def energy(w):
            return jnp.sum(a * w**2 / 2 - b * w)

        return variational.noisy_newton_step(jax.random.key(0), energy, q, step_size)

    m, precision = step(Gaussian(jnp.array([0.7]), jnp.array([[0.5]])))
    assert_allclose(jnp.stack([precision[0, 0] * m[0], -precision[0, 0] / 2]), expected, rtol=EXACT)


def test_noisy_newton_takes_the_curvature_on_the_mean_over_q():
    c, m = jnp.array([1.0, -0.5]), jnp.array([0.3, 0.2])
    precision = jnp.array([[2.0, 1.2], [1.2, 1.0]])

    def step(key):  # H = 3 (c w)^2 c c^T
        q = variational.noisy_newton_step(
            key, lambda w: (c @ w) ** 4 / 4, Gaussian(m, precision), 0.5, num_pairs=4
        )
        return (q.precision[0, 0] - precision[0, 0] / 2) * 2

    found = jax.jit(jax.vmap(step))(jax.random.split(jax.random.key(1), 1500))
    expected = 3 * ((c @ m) ** 2 + c @ jnp.linalg.solve(precision, c))
    # A z-test at 4 standard errors.
    assert abs(found.mean() - expected) < 4 * found.std() / np.sqrt(1500)
