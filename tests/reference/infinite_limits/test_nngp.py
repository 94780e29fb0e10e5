"""NNGP kernels against random networks, a loop over pairs, and Bayesian linear regression."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from reference.infinite_limits import dual_activations, finite_width, nngp

VARIANCES = {"weight_variance": 1.7, "bias_variance": 0.3}
IDENTITY = dual_activations.Activation(
    lambda u: u, lambda q_u, q_v, k: k, lambda q_u, q_v, k: jnp.ones_like(k)
)
nngp_kernel = jax.jit(nngp.nngp_kernel, static_argnames=("activation", "num_hidden"))
posterior = jax.jit(nngp.posterior)


def points(shape, *, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def outputs_of_networks(X, widths, *, num_networks, phi, seed=0):
    """f(X) of many random networks, a row each."""

    def one(key):
        theta = finite_width.unit_normal_parameters(key, (X.shape[1], *widths, 1), jnp.float64)
        w = finite_width.standard_parameters(theta, **VARIANCES)
        return finite_width.perceptron_outputs(w, jnp.array(X), phi)[:, 0]

    keys = jax.random.split(jax.random.key(seed), num_networks)
    return np.array(jax.jit(lambda keys: jax.lax.map(one, keys, batch_size=500))(keys))


@pytest.mark.parametrize("name", ["RELU", "ERF"])
@pytest.mark.parametrize("num_hidden", [0, 1, 3])
def test_kernel_is_a_loop_over_pairs_and_layers(name, num_hidden):
    X, activation = points((4, 3)), getattr(dual_activations, name)
    dual = jax.jit(activation.covariance)

    def entry(x, y):
        q_x, q_y, k = (1.7 * (a @ b) / 3 + 0.3 for a, b in [(x, x), (y, y), (x, y)])
        for _ in range(num_hidden):
            triples = [(q_x, q_x, q_x), (q_y, q_y, q_y), (q_x, q_y, k)]
            q_x, q_y, k = (1.7 * float(dual(*triple)) + 0.3 for triple in triples)
        return k

    K = nngp_kernel(jnp.array(X), activation=activation, num_hidden=num_hidden, **VARIANCES)
    expected = [[entry(x, y) for y in X] for x in X]
    # A loop's diagonal may have 1 - c of a rounding; ReLU's dual is flat there.
    assert_allclose(K, expected, rtol=1e-12)


@pytest.mark.parametrize("name", ["RELU", "ERF"])
def test_one_hidden_layer_of_any_width_has_the_kernel_as_its_covariance(name):
    X, activation = points((3, 2)), getattr(dual_activations, name)
    f = outputs_of_networks(X, (6,), num_networks=8000, phi=activation.phi)
    K = nngp_kernel(jnp.array(X), activation=activation, num_hidden=1, **VARIANCES)
    products = f[:, :, None] * f[:, None, :]
    z = (products.mean(axis=0) - K) / (products.std(axis=0) / len(f) ** 0.5)
    assert np.abs(z).max() < 4
    assert np.abs(f.mean(axis=0) / (f.std(axis=0) / len(f) ** 0.5)).max() < 4


def test_two_wide_hidden_layers_have_the_kernel_as_their_covariance():
    X = points((3, 2), seed=1)
    f = outputs_of_networks(X, (40, 40), num_networks=1500, phi=jax.nn.relu)
    K = nngp_kernel(jnp.array(X), activation=dual_activations.RELU, num_hidden=2, **VARIANCES)
    products = f[:, :, None] * f[:, None, :]
    # The bias of order 1/40 is below a standard error, of 4 % or more.
    z = (products.mean(axis=0) - K) / (products.std(axis=0) / len(f) ** 0.5)
    assert np.abs(z).max() < 4


def test_a_random_layer_nears_its_dual_as_one_over_the_root_of_the_width():
    X = jnp.array(points((3, 2), seed=2))
    K = nngp.input_kernel(X, **VARIANCES)
    exact = nngp.dual_kernel(dual_activations.RELU.covariance, K)

    def root_mean_square_error(width):
        def error(key):
            h = jnp.linalg.cholesky(K) @ jax.random.normal(key, (3, width), X.dtype)
            a = jax.nn.relu(h)
            return jnp.mean((a @ a.T / width - exact) ** 2)

        keys = jax.random.split(jax.random.key(0), 200)
        return float(jnp.sqrt(jnp.mean(jax.jit(jax.vmap(error))(keys))))

    # A factor 4, known from 200 draws of each to about 10 %.
    assert 3 < root_mean_square_error(15) / root_mean_square_error(240) < 5.3


def test_linear_networks_have_the_linear_kernel_at_any_depth():
    X = jnp.array(points((4, 3)))
    options = {"weight_variance": 1.0, "bias_variance": 0.0}
    K = nngp_kernel(X, activation=IDENTITY, num_hidden=5, **options)
    assert_allclose(K, X @ X.T / 3, rtol=1e-12)


def test_relu_kernel_at_two_and_zero_keeps_norms_and_draws_inputs_together():
    X, depths = jnp.array(points((4, 3))), (0, 2, 8)
    options = {"weight_variance": 2.0, "bias_variance": 0.0}
    kernels = [
        nngp_kernel(X, activation=dual_activations.RELU, num_hidden=n, **options) for n in depths
    ]
    correlations = [K / np.sqrt(np.outer(np.diag(K), np.diag(K))) for K in kernels]
    for K in kernels:
        assert_allclose(np.diag(K), 2 * np.sum(X**2, axis=1) / 3, rtol=1e-12)
    assert np.all(correlations[1] - correlations[0] > -1e-12)
    assert np.all(correlations[2] - correlations[1] > -1e-12)
    assert np.min(correlations[2]) > 0.6


def test_float32_kernel_has_its_diagonal_to_rounding():
    X = jnp.array(points((4, 3)), jnp.float32)
    options = {"activation": dual_activations.RELU, "num_hidden": 4}
    K = nngp_kernel(X, **options, weight_variance=2.0, bias_variance=0.0)
    assert_allclose(np.diag(K), 2 * np.sum(np.square(X), axis=1) / 3, rtol=2e-6)


@pytest.mark.parametrize(("num_train", "num_test"), [(5, 2), (1, 3)])
def test_posterior_is_that_of_bayesian_linear_regression(num_train, num_test):
    X, t = points((num_train + num_test, 3)), points(num_train, seed=1)
    train, test = X[:num_train], X[num_train:]
    mean, covariance = posterior(jnp.array(X @ X.T), jnp.array(t), noise_variance=0.2)
    S = np.linalg.inv(np.eye(3) + train.T @ train / 0.2)  # of w ~ N(0, I), given t
    assert_allclose(mean, test @ (S @ train.T @ t) / 0.2, rtol=1e-9)
    assert_allclose(covariance, test @ S @ test.T, rtol=1e-9, atol=1e-12)


def test_posterior_without_noise_interpolates_and_with_much_is_the_prior():
    X, t = jnp.array(points((4, 3))), jnp.array([1.0, -2.0])
    K = nngp_kernel(X, activation=dual_activations.ERF, num_hidden=2, **VARIANCES)
    twice = jnp.concatenate([X[:2], X[:2]])
    K_twice = nngp_kernel(twice, activation=dual_activations.ERF, num_hidden=2, **VARIANCES)
    mean, covariance = posterior(K_twice, t, noise_variance=0.0)
    assert_allclose(mean, t, rtol=1e-9)
    assert_allclose(covariance, 0, atol=1e-10)
    mean, covariance = posterior(K, t, noise_variance=1e9)
    assert_allclose(mean, 0, atol=1e-8)
    assert_allclose(covariance, K[2:, 2:], rtol=1e-8)
