"""Infinite tangent kernels against finite networks' and a loop; one hidden layer in closed form."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from reference.infinite_limits import (
    dual_activations,
    empirical_kernel,
    finite_width,
    neural_tangent_kernel,
    nngp,
)

VARIANCES = {"weight_variance": 1.7, "bias_variance": 0.3}
tangent_kernel = jax.jit(
    neural_tangent_kernel.neural_tangent_kernel, static_argnames=("activation", "num_hidden")
)
standard_tangent_kernel = jax.jit(
    neural_tangent_kernel.standard_tangent_kernel,
    static_argnames=("activation", "hidden_widths"),
)
shallow_relu_tangent_kernel = jax.jit(neural_tangent_kernel.shallow_relu_tangent_kernel)
BOTH = ["RELU", "ERF"]


def points(shape, *, seed=0):
    return jnp.array(np.random.default_rng(seed).normal(size=shape))


def kernels_of_networks(X, hidden, kernel_of_theta, *, num_networks, outputs=1):
    """Tangent kernels of many random networks, each the mean over outputs."""

    def one(key):
        widths = (X.shape[1], *hidden, outputs)
        return kernel_of_theta(finite_width.unit_normal_parameters(key, widths, jnp.float64))

    keys = jax.random.split(jax.random.key(0), num_networks)
    return np.array(jax.jit(jax.vmap(one))(keys))


def by_jacobians(X, activation, *, ntk):
    """The kernel by dense Jacobians in theta, or in the standard parameters."""

    def of_w(w, x):
        return finite_width.perceptron_outputs(w, x, activation.phi)

    def of_theta(theta, x):
        return of_w(finite_width.standard_parameters(theta, **VARIANCES), x)

    def kernel(theta):
        w = theta if ntk else finite_width.standard_parameters(theta, **VARIANCES)
        Theta = empirical_kernel.dense_tangent_kernel(of_theta if ntk else of_w, w, X)
        return jnp.mean(jnp.diagonal(Theta, axis1=2, axis2=3), axis=2)

    return kernel


def by_layers(X, activation):
    """The kernel in theta, for networks too wide for Jacobians."""

    def kernel(theta):
        w = finite_width.standard_parameters(theta, **VARIANCES)
        rates = finite_width.ntk_rates(theta, **VARIANCES)
        return empirical_kernel.traced_tangent_kernel(w, X, phi=activation.phi, rates=rates)

    return kernel


def largest_z(samples, expected):
    return np.abs(
        (samples.mean(axis=0) - expected) / (samples.std(axis=0) / len(samples) ** 0.5)
    ).max()


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize("num_hidden", [0, 1, 3])
def test_recursion_is_the_sum_over_layers_that_it_abbreviates(name, num_hidden):
    X, activation = points((4, 3)), getattr(dual_activations, name)
    K = [nngp.input_kernel(X, **VARIANCES)]
    for _ in range(num_hidden):
        K.append(1.7 * nngp.dual_kernel(activation.covariance, K[-1]) + 0.3)
    slopes = [1.7 * nngp.dual_kernel(activation.derivative_covariance, k) for k in K[:-1]]
    # Layer l's own part, sent through all the layers behind it.
    parts = [k * np.prod(slopes[layer:], axis=0) for layer, k in enumerate(K)]
    Theta = tangent_kernel(X, activation=activation, num_hidden=num_hidden, **VARIANCES)
    assert_allclose(Theta, sum(parts), rtol=1e-12)


def test_mean_kernel_of_narrow_networks_with_one_hidden_layer_is_the_infinite_one():
    X, activation = points((3, 2)), dual_activations.RELU
    kernel = by_jacobians(X, activation, ntk=True)
    samples = kernels_of_networks(X, (4,), kernel, num_networks=1500)
    Theta = tangent_kernel(X, activation=activation, num_hidden=1, **VARIANCES)
    assert largest_z(samples, Theta) < 4


def test_mean_kernel_of_wide_deep_networks_is_the_infinite_one():
    X, activation = points((3, 2)), dual_activations.RELU
    samples = kernels_of_networks(X, (40, 40), by_layers(X, activation), num_networks=200)
    Theta = tangent_kernel(X, activation=activation, num_hidden=2, **VARIANCES)
    # A standard error is 2 %, and the bias, of order 1/40, about one of them.
    assert largest_z(samples, Theta) < 4


def test_networks_near_their_kernel_as_one_over_the_root_of_the_width():
    X, activation = points((3, 2)), dual_activations.RELU
    Theta = tangent_kernel(X, activation=activation, num_hidden=1, **VARIANCES)

    def root_mean_square_error(width):
        kernels = kernels_of_networks(X, (width,), by_layers(X, activation), num_networks=200)
        return np.sqrt(np.mean((kernels - Theta) ** 2))

    # A factor 4, known from 200 networks of each to about 10 %.
    assert 3 < root_mean_square_error(8) / root_mean_square_error(128) < 5.3


def test_mean_standard_kernel_with_one_hidden_layer_is_exact():
    X, activation = points((3, 2)), dual_activations.ERF
    kernel = by_jacobians(X, activation, ntk=False)
    samples = kernels_of_networks(X, (5,), kernel, num_networks=1500, outputs=2)
    expected = standard_tangent_kernel(X, activation=activation, hidden_widths=(5,), **VARIANCES)
    assert largest_z(samples, expected) < 4


def test_standard_kernel_grows_with_width_and_layers_are_in_their_order():
    X, options = points((3, 2)), {"activation": dual_activations.RELU, **VARIANCES}
    first = standard_tangent_kernel(X, hidden_widths=(100, 7), **options)
    second = standard_tangent_kernel(X, hidden_widths=(7, 100), **options)
    assert np.abs(first - second).max() > 1
    wide = standard_tangent_kernel(X, hidden_widths=(10**6, 10**6), **options)
    wider = standard_tangent_kernel(X, hidden_widths=(2 * 10**6, 2 * 10**6), **options)
    assert_allclose(wider / wide, 2, rtol=1e-5)  # up to 1 / width


def test_both_parameterisations_have_one_kernel_where_the_rates_are_one():
    X = points((4, 3))
    options = {"activation": dual_activations.ERF, "weight_variance": 3.0, "bias_variance": 1.0}
    ntk = tangent_kernel(X, num_hidden=2, **options)
    standard = standard_tangent_kernel(X, hidden_widths=(3, 3), **options)
    assert_allclose(ntk, standard, rtol=1e-12)


@pytest.mark.parametrize("shape", [(4, 3), (3, 1)])
def test_one_hidden_relu_layer_is_k1_plus_the_inner_product_times_k0(shape):
    X = points(shape, seed=1)
    recursion = tangent_kernel(
        X * (shape[1] / 2) ** 0.5,
        activation=dual_activations.RELU,
        num_hidden=1,
        weight_variance=2.0,
        bias_variance=0.0,
    )
    lengths = np.linalg.norm(X, axis=1)
    c = np.clip(X @ X.T / np.outer(lengths, lengths), -1, 1)
    theta = np.arccos(c)
    k1 = np.outer(lengths, lengths) * (np.sin(theta) + (np.pi - theta) * c) / np.pi
    k0 = (np.pi - theta) / np.pi
    # arccos turns a rounding of c next to +-1 into its root.
    assert_allclose(shallow_relu_tangent_kernel(X), k1 + (X @ X.T) * k0, atol=1e-6)
    assert_allclose(recursion, k1 + (X @ X.T) * k0, atol=1e-6)


def test_shallow_kernel_is_the_mean_over_units():
    X, rng = np.array(points((3, 2))), np.random.default_rng(3)
    w, a = rng.normal(size=(40_000, 2)), rng.normal(size=(40_000, 1, 1))
    h = w @ X.T
    outer = np.maximum(h, 0)[:, :, None] * np.maximum(h, 0)[:, None, :]
    gates = (h > 0)[:, :, None] * (h > 0)[:, None, :]
    samples = 2 * (outer + a**2 * gates * (X @ X.T))  # of a unit, times n
    assert largest_z(samples, shallow_relu_tangent_kernel(jnp.array(X))) < 4


def test_kernel_of_inputs_has_finite_slopes_with_repeated_inputs():
    X = points((3, 2))
    X = jnp.concatenate([X, X[:1], -X[:1]])

    def total(X):
        Theta = neural_tangent_kernel.neural_tangent_kernel(
            X, activation=dual_activations.RELU, num_hidden=2, **VARIANCES
        )
        return jnp.sum(Theta)

    assert bool(jnp.all(jnp.isfinite(jax.jit(jax.grad(total))(X))))


@pytest.mark.parametrize("name", BOTH)
def test_kernel_is_symmetric_positive_and_does_not_see_rotations(name):
    X, activation = points((6, 3)), getattr(dual_activations, name)
    Q = np.linalg.qr(np.random.default_rng(5).normal(size=(3, 3)))[0]
    Theta = tangent_kernel(X, activation=activation, num_hidden=2, **VARIANCES)
    turned = tangent_kernel(X @ Q, activation=activation, num_hidden=2, **VARIANCES)
    assert_allclose(Theta, Theta.T, rtol=1e-13)
    assert_allclose(turned, Theta, rtol=1e-9)
    assert np.linalg.eigvalsh(Theta)[0] > 0
