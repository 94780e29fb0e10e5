"""Dual activations against integrals by SciPy, exact moments, and limits at correlation +-1."""

from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.special
from numpy.testing import assert_allclose
from scipy import integrate

from reference.infinite_limits import dual_activations

relu_covariance = jax.jit(dual_activations.relu_covariance)
relu_derivative_covariance = jax.jit(dual_activations.relu_derivative_covariance)
erf_covariance = jax.jit(dual_activations.erf_covariance)
erf_derivative_covariance = jax.jit(dual_activations.erf_derivative_covariance)
relu_correlation = jax.jit(dual_activations.relu_correlation)
step_correlation = jax.jit(dual_activations.step_correlation)
arc_cosine_kernel = jax.jit(dual_activations.arc_cosine_kernel, static_argnames="order")
gauss_hermite_rule = jax.jit(dual_activations.gauss_hermite_rule, static_argnums=(0, 1))
quadrature_covariance = jax.jit(
    dual_activations.quadrature_covariance, static_argnums=0, static_argnames="num_nodes"
)
DUALS = [
    relu_covariance,
    relu_derivative_covariance,
    erf_covariance,
    erf_derivative_covariance,
]
BOTH = [(dual_activations.RELU, "relu"), (dual_activations.ERF, "erf")]


def expectation(f, q_u, q_v, c):
    """E f(u, v) in polar coordinates, cut where u or v changes its sign, so that f is smooth."""
    tilt = np.arccos(c)  # u = sqrt(q_u) r cos(a), v = sqrt(q_v) r cos(a - tilt)
    kinks = np.sort(np.mod([np.pi / 2, -np.pi / 2, tilt + np.pi / 2, tilt - np.pi / 2], 2 * np.pi))

    def around(a):
        r, p = np.polynomial.laguerre.laggauss(60)  # r^2/2 is exponential
        r = np.sqrt(2 * r)
        u, v = np.sqrt(q_u) * r * np.cos(a), np.sqrt(q_v) * r * np.cos(a - tilt)
        return p @ f(u, v) / (2 * np.pi)

    ends = [*kinks, kinks[0] + 2 * np.pi]
    pieces = pairwise(ends)
    return sum(integrate.quad(around, *piece, epsabs=1e-11)[0] for piece in pieces)


@pytest.mark.parametrize(("q_u", "q_v", "c"), [(1.0, 1.0, 0.3), (0.5, 2.0, -0.8), (3.0, 0.2, 0.95)])
def test_relu_duals_are_the_integrals_that_define_them(q_u, q_v, c):
    k = jnp.array(c * np.sqrt(q_u * q_v))
    relu = relu_covariance(jnp.array(q_u), jnp.array(q_v), k)
    step = relu_derivative_covariance(jnp.array(q_u), jnp.array(q_v), k)
    # u v and 1 are polynomials in r^2 between the kinks: the rule in r is exact.
    exact = expectation(lambda u, v: np.maximum(u, 0) * np.maximum(v, 0), q_u, q_v, c)
    assert_allclose(relu, exact, atol=1e-9)
    assert_allclose(step, expectation(lambda u, v: (u > 0) * (v > 0), q_u, q_v, c), atol=1e-9)


@pytest.mark.parametrize(("q_u", "q_v", "c"), [(1.0, 1.0, 0.3), (0.5, 2.0, -0.8), (0.7, 0.7, 1.0)])
def test_erf_duals_are_the_integrals_that_define_them(q_u, q_v, c):
    z, p = np.polynomial.hermite_e.hermegauss(120)
    u = np.sqrt(q_u) * z[:, None]
    v = np.sqrt(q_v) * (c * z[:, None] + np.sqrt(1 - c**2) * z)
    weights = np.outer(p, p) / (2 * np.pi)

    def slope(x):
        return 2 / np.sqrt(np.pi) * np.exp(-(x**2))

    arguments = [jnp.array(x) for x in (q_u, q_v, c * np.sqrt(q_u * q_v))]
    # 120 nodes leave less than this for functions so smooth.
    assert_allclose(
        erf_covariance(*arguments),
        np.sum(weights * scipy.special.erf(u) * scipy.special.erf(v)),
        atol=1e-8,
    )
    assert_allclose(
        erf_derivative_covariance(*arguments),
        np.sum(weights * slope(u) * slope(v)),
        atol=1e-8,
    )


@pytest.mark.parametrize(("activation", "name"), BOTH)
def test_duals_are_means_over_random_pairs(activation, name):
    q_u, q_v, k = 1.5, 0.8, -0.6
    z = np.random.default_rng(0).normal(size=(2, 40_000))
    u, v = np.linalg.cholesky([[q_u, k], [k, q_v]]) @ z
    phi, slope = {
        "relu": (lambda x: np.maximum(x, 0), lambda x: x > 0),
        "erf": (scipy.special.erf, lambda x: 2 / np.sqrt(np.pi) * np.exp(-(x**2))),
    }[name]
    for dual, f in [(activation.covariance, phi), (activation.derivative_covariance, slope)]:
        samples = f(u) * f(v)
        error = samples.mean() - jax.jit(dual)(jnp.array(q_u), jnp.array(q_v), jnp.array(k))
        assert abs(error) < 4 * samples.std() / np.sqrt(samples.size)
    assert_allclose(activation.phi(jnp.array(u[:9])), phi(u[:9]), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("activation", [dual_activations.RELU, dual_activations.ERF])
def test_slope_in_the_covariance_is_the_dual_of_the_derivative(activation):
    c = jnp.array([-1.0, -0.999, -0.3, 0.0, 0.7, 1 - 1e-9, 1.0])
    q_u, q_v = jnp.full(7, 2.0), jnp.full(7, 0.5)
    slopes = jax.jit(jax.vmap(jax.grad(activation.covariance, argnums=2)))(q_u, q_v, c)
    assert_allclose(
        slopes, jax.jit(activation.derivative_covariance)(q_u, q_v, c), rtol=1e-12, atol=1e-15
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("dual", DUALS)
def test_slopes_are_finite_where_correlations_end_and_variances_vanish(dual, dtype):
    q_u = jnp.array([1.7, 1.7, 3.0, 0.0, 0.0, 1e-6], dtype)
    q_v = jnp.array([1.7, 1.7, 3.0, 0.0, 2.0, 1e-6], dtype)
    k = jnp.array([1.7, -1.7, 3.0, 0.0, 0.0, 1e-6], dtype)
    slopes = jax.jit(jax.vmap(jax.grad(dual, argnums=(0, 1, 2))))(q_u, q_v, k)
    assert all(bool(jnp.all(jnp.isfinite(slope))) for slope in slopes)
    assert {slope.dtype.name for slope in slopes} == {dtype}


@pytest.mark.parametrize("dual", [*DUALS, relu_correlation])
def test_slopes_inside_are_finite_differences(dual):
    q = jnp.array([1.7, 0.9, 0.6])[: 1 if dual is relu_correlation else 3] / 2
    h = 1e-6

    def both_slopes(q):
        steps = h * jnp.eye(len(q))
        central = jax.vmap(lambda e: dual(*(q + e)) - dual(*(q - e)))(steps) / (2 * h)
        return jax.grad(lambda q: dual(*q))(q), central

    slopes, central = jax.jit(both_slopes)(q)
    assert_allclose(slopes, central, atol=1e-8)  # h^2, and eps/h


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_duals_are_exact_at_correlation_plus_and_minus_one(dtype):
    q = jnp.array([1e-3, 0.7, 1.0, 3.3, 1e4], dtype)
    eps = float(jnp.finfo(dtype).eps)
    assert_allclose(relu_covariance(q, q, q), q / 2, rtol=2 * eps)
    assert_allclose(relu_covariance(q, q, -q), 0, atol=2 * eps * 1e4)
    assert_allclose(relu_derivative_covariance(q, q, q), 0.5, rtol=eps)
    assert_allclose(relu_derivative_covariance(q, q, -q), 0, atol=eps)
    exact = 4 / np.pi / np.sqrt(1 + 4 * np.asarray(q, np.float64))
    assert_allclose(erf_derivative_covariance(q, q, q), exact, rtol=4 * eps)


def test_angles_next_to_zero_are_as_good_as_one_less_the_correlation():
    gap = 2.0 ** -np.arange(10.0, 50.0)  # 1 - gap is exact
    exact = 1 - np.arcsin(np.sqrt(gap / 2)) * 2 / np.pi
    value = step_correlation(jnp.array(1 - gap))
    assert_allclose(1 - value, 1 - exact, rtol=1e-8, atol=1e-15)
    below = step_correlation(jnp.array(gap - 1))
    assert_allclose(below, 1 - exact, rtol=1e-8, atol=1e-15)


def test_correlations_rounded_past_one_count_as_one():
    c = jnp.array([1 + 1e-15, -1 - 1e-15])
    assert_allclose(step_correlation(c), [1, 0], atol=1e-15)
    # Past one only c is bent back, and by a rounding.
    assert_allclose(relu_correlation(c), [1, 0], atol=1e-14)


@pytest.mark.parametrize("shape", [(4, 3), (3, 1)])
@pytest.mark.parametrize("order", [0, 1])
def test_arc_cosine_kernels_are_the_formula_in_the_angle(shape, order):
    X = np.random.default_rng(1).normal(size=shape)
    lengths = np.linalg.norm(X, axis=1)
    c = np.clip(X @ X.T / np.outer(lengths, lengths), -1, 1)
    theta = np.arccos(c)
    J = [np.pi - theta, np.sin(theta) + (np.pi - theta) * c][order]
    expected = np.outer(lengths, lengths) ** order * J / np.pi
    # arccos turns a rounding of c next to 1 into its root.
    assert_allclose(arc_cosine_kernel(jnp.array(X), order), expected, atol=1e-7)


def test_arc_cosine_kernel_does_not_see_rotations_and_is_homogeneous():
    rng = np.random.default_rng(2)
    X, Q = rng.normal(size=(4, 3)), np.linalg.qr(rng.normal(size=(3, 3)))[0]
    for order in (0, 1):
        k = arc_cosine_kernel(jnp.array(X), order)
        turned = arc_cosine_kernel(jnp.array(3 * X @ Q), order)
        assert_allclose(turned, 9**order * k, atol=1e-6)


@pytest.mark.parametrize("num_nodes", [1, 2, 30])
def test_gauss_hermite_rule_is_numpys(num_nodes):
    z, p = np.polynomial.hermite_e.hermegauss(num_nodes)
    nodes, weights = gauss_hermite_rule(num_nodes, jnp.float64)
    assert_allclose(nodes, z, atol=1e-13)
    assert_allclose(weights, p / p.sum(), atol=1e-13)


def test_quadrature_is_exact_for_polynomials():
    q_u, q_v = 2.0, 0.5  # sqrt(q_u q_v) = 1, so c is the covariance
    c = np.array([-1.0, 0.0, 0.4, 1.0])
    arguments = [jnp.array(x) for x in (np.full(4, q_u), np.full(4, q_v), c)]

    def moment(degree):
        return quadrature_covariance(lambda u: u**degree, *arguments, num_nodes=4)

    assert_allclose(moment(1), c, atol=1e-13)
    assert_allclose(moment(2), q_u * q_v + 2 * c**2, rtol=1e-12)  # Isserlis
    assert_allclose(moment(3), 9 * q_u * q_v * c + 6 * c**3, rtol=1e-12, atol=1e-13)


def test_quadrature_activation_agrees_with_the_closed_forms_of_erf():
    activation = dual_activations.quadrature_activation(jax.scipy.special.erf, num_nodes=60)
    arguments = jnp.array([0.3, 0.6]), jnp.array([0.5, 0.6]), jnp.array([-0.2, 0.6])
    for name in ("covariance", "derivative_covariance"):
        closed = jax.jit(getattr(dual_activations.ERF, name))(*arguments)
        assert_allclose(jax.jit(getattr(activation, name))(*arguments), closed, atol=1e-8)


def test_slope_of_a_quadrature_along_the_diagonal_is_that_of_the_variance():
    def variance(q):
        return quadrature_covariance(lambda u: u**3, q, q, q, num_nodes=5)

    assert_allclose(jax.jit(jax.grad(variance))(jnp.array(2.0)), 45 * 2.0**2, rtol=1e-12)  # 15 q^3
