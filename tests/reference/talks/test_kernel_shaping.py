"""Q and C maps of Tailored ReLUs against random units and quadrature; the slope solved for."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from reference.infinite_limits import dual_activations
from reference.talks import kernel_shaping

correlation_map = jax.jit(kernel_shaping.correlation_map)
network_correlation_map = jax.jit(
    kernel_shaping.network_correlation_map, static_argnames="num_layers"
)
tailored_negative_slope = jax.jit(
    kernel_shaping.tailored_negative_slope, static_argnames="num_layers"
)
SLOPES = [0.0, 0.3, 0.9, 1.0]


@pytest.mark.parametrize("alpha", SLOPES)
def test_maps_are_means_over_random_units(alpha):
    q, c = 1.7, -0.35
    z = np.random.default_rng(0).normal(size=(2, 40_000))
    u, v = z[0], c * z[0] + np.sqrt(1 - c**2) * z[1]
    phi_u, phi_v, phi_q = (
        np.array(kernel_shaping.tailored_relu(jnp.array(x), alpha)) for x in (u, v, np.sqrt(q) * u)
    )
    for samples, expected in [
        (phi_u * phi_v, correlation_map(jnp.array(c), alpha)),
        (phi_q**2, kernel_shaping.variance_map(jnp.array(q), alpha)),
    ]:
        assert abs(samples.mean() - expected) < 4 * samples.std() / 200


@pytest.mark.parametrize("alpha", SLOPES)
def test_maps_are_those_by_gauss_hermite_quadrature(alpha):
    c, q = jnp.array([-0.9, 0.0, 0.5, 1.0]), jnp.ones(4)

    def by_rule(c):
        def phi(x):
            return kernel_shaping.tailored_relu(x, alpha)

        return dual_activations.quadrature_covariance(phi, q, q, c, num_nodes=120)

    # A kink leaves an error of order 1 / nodes.
    assert_allclose(jax.jit(by_rule)(c), correlation_map(c, alpha), atol=3e-3)
    assert_allclose(jax.jit(by_rule)(q), kernel_shaping.variance_map(q, alpha), atol=3e-3)


@pytest.mark.parametrize("alpha", SLOPES)
def test_correlation_map_is_the_formula_in_the_angle(alpha):
    c = np.array([-1.0, -0.6, 0.0, 0.3, 0.95, 1.0])
    bend = (1 - alpha) ** 2 / (np.pi * (1 + alpha**2))
    expected = c + bend * (np.sqrt(1 - c**2) - c * np.arccos(c))
    assert_allclose(correlation_map(jnp.array(c), alpha), expected, atol=1e-14)
    slopes = jax.jit(jax.vmap(jax.grad(kernel_shaping.correlation_map), (0, None)))(
        jnp.array(c), alpha
    )
    assert_allclose(slopes, 1 - bend * np.arccos(c), atol=1e-14)  # 1 at c = 1: the edge of chaos


def test_extreme_slopes_are_the_plain_relu_and_the_identity():
    x = jnp.array([-2.0, 0.0, 3.0])
    assert_allclose(kernel_shaping.tailored_relu(x, 0.0), 2**0.5 * np.maximum(x, 0), rtol=1e-14)
    assert_allclose(kernel_shaping.tailored_relu(x, 1.0), x, rtol=1e-14)
    c = jnp.linspace(-1, 1, 7)
    assert_allclose(correlation_map(c, 1.0), c, atol=1e-15)
    assert_allclose(correlation_map(c, 0.0), dual_activations.relu_correlation(c), atol=1e-15)


@pytest.mark.parametrize("alpha", SLOPES)
def test_variance_map_is_the_identity(alpha):
    q = jnp.array([0.0, 0.5, 7.0])
    assert_allclose(kernel_shaping.variance_map(q, alpha), q, rtol=1e-14)


@pytest.mark.parametrize("num_layers", [0, 1, 5])
def test_network_map_is_the_map_iterated(num_layers):
    c = jnp.array([-0.5, 0.2, 1.0])
    expected = c
    for _ in range(num_layers):
        expected = correlation_map(expected, 0.4)
    assert_allclose(network_correlation_map(c, 0.4, num_layers), expected, rtol=1e-13)


@pytest.mark.parametrize(
    ("num_layers", "etas"), [(1, [0.05, 0.2]), (10, [0.2, 0.7]), (300, [0.1, 0.9, 0.99])]
)
def test_slope_solved_for_gives_the_network_its_correlation_at_zero(num_layers, etas):
    eta = jnp.array(etas)
    alpha = tailored_negative_slope(eta, num_layers=num_layers)
    assert np.all((alpha > 0) & (alpha < 1))
    reached = jax.vmap(lambda a: network_correlation_map(jnp.zeros(()), a, num_layers))(alpha)
    assert_allclose(reached, eta, rtol=1e-10)
    assert np.all(np.diff(alpha) < 0)  # more of a kink for more correlation


def test_slope_of_one_layer_is_a_root_of_its_quadratic():
    eta = 0.2  # C(0) = (1 - alpha)^2 / (pi (1 + alpha^2))
    roots = np.roots([1 - np.pi * eta, -2, 1 - np.pi * eta])
    alpha = tailored_negative_slope(jnp.array(eta), num_layers=1)
    assert_allclose(alpha, roots.real.min(), rtol=1e-12)


def test_what_no_slope_reaches_gets_a_plain_relu():
    alpha = tailored_negative_slope(jnp.array(0.9), num_layers=1)
    assert alpha == 0
    assert_allclose(network_correlation_map(jnp.zeros(()), alpha, 1), 1 / np.pi, rtol=1e-12)


def test_deep_plain_relu_networks_forget_and_tailored_ones_do_not():
    c = jnp.array([0.0, 0.5])
    plain = network_correlation_map(c, 0.0, 300)
    alpha = tailored_negative_slope(jnp.array(0.5), num_layers=300)
    tailored = network_correlation_map(c, alpha, 300)
    assert plain[1] - plain[0] < 1e-4
    assert_allclose(tailored[0], 0.5, rtol=1e-9)
    assert tailored[1] - tailored[0] > 0.15


def test_outputs_of_a_finite_deep_network_have_the_correlations_mapped():
    alpha, c, width, depth = 0.5, 0.1, 100, 6
    inputs = jnp.array([[1.0, 0.0], [c, (1 - c**2) ** 0.5]]) * 2**0.5

    def correlation(key):
        keys = jax.random.split(key, depth)
        # First of all to the width, isometric in the mean; a C map follows each activation.
        a = inputs @ jax.random.normal(keys[0], (2, width)) / 2**0.5
        a = kernel_shaping.tailored_relu(a, alpha)
        for key in keys[1:]:
            h = a @ jax.random.normal(key, (width, width)) / width**0.5
            a = kernel_shaping.tailored_relu(h, alpha)
        return a[0] @ a[1] / width

    samples = np.array(jax.jit(jax.vmap(correlation))(jax.random.split(jax.random.key(0), 40)))
    expected = network_correlation_map(jnp.array(c), alpha, depth)
    assert abs(samples.mean() - expected) < 4 * samples.std() / 40**0.5


def test_float32_slopes_are_solved_to_its_rounding():
    eta = jnp.array(0.9, jnp.float32)
    alpha = tailored_negative_slope(eta, num_layers=100)
    assert alpha.dtype == jnp.float32
    assert_allclose(alpha, tailored_negative_slope(jnp.array(0.9), num_layers=100), rtol=1e-4)
