"""Fixed points against iteration and SciPy, slopes against differences, the edge against depth."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import optimize

from reference.infinite_limits import dual_activations, edge_of_chaos

TANH = dual_activations.quadrature_activation(jnp.tanh, num_nodes=60)
ACTIVATIONS = {"erf": dual_activations.ERF, "tanh": TANH, "relu": dual_activations.RELU}
variance_map = jax.jit(edge_of_chaos.variance_map, static_argnums=0)
correlation_map = jax.jit(edge_of_chaos.correlation_map, static_argnums=0)
correlation_slope = jax.jit(edge_of_chaos.correlation_slope, static_argnums=0)
variance_fixed_point = jax.jit(edge_of_chaos.variance_fixed_point, static_argnums=0)
correlation_fixed_point = jax.jit(edge_of_chaos.correlation_fixed_point, static_argnums=0)
correlation_iterates = jax.jit(
    edge_of_chaos.correlation_iterates, static_argnums=0, static_argnames="num_layers"
)
critical_initialisation = jax.jit(edge_of_chaos.critical_initialisation, static_argnums=0)

ORDERED, CHAOTIC = (1.2, 0.3), (4.0, 0.05)
CASES = [("erf", *ORDERED), ("erf", *CHAOTIC), ("tanh", *ORDERED), ("tanh", *CHAOTIC)]
every_case = pytest.mark.parametrize(("name", "s_w2", "s_b2"), CASES)


def gaussian(f):
    """E f(z) by NumPy's rule."""
    z, p = np.polynomial.hermite_e.hermegauss(150)
    return p @ f(z) / np.sqrt(2 * np.pi)


def erf_variance(q, s_w2, s_b2):
    return s_w2 * 2 / np.pi * np.arcsin(2 * q / (1 + 2 * q)) + s_b2


@pytest.mark.parametrize("q", [0.1, 2.0])
def test_variance_map_is_the_second_moment_of_the_next_layer(q):
    tanh = 1.5 * gaussian(lambda z: np.tanh(np.sqrt(q) * z) ** 2) + 0.2
    assert_allclose(variance_map(TANH, jnp.array(q), 1.5, 0.2), tanh, atol=1e-4)  # poles of tanh
    erf = variance_map(dual_activations.ERF, jnp.array(q), 1.5, 0.2)
    assert_allclose(erf, erf_variance(q, 1.5, 0.2), rtol=1e-12)
    relu = variance_map(dual_activations.RELU, jnp.array(q), 1.5, 0.2)
    assert_allclose(relu, 1.5 * q / 2 + 0.2, rtol=1e-12)


@every_case
def test_fixed_point_of_the_variance_is_where_iteration_ends(name, s_w2, s_b2):
    found = variance_fixed_point(ACTIVATIONS[name], s_w2, s_b2)
    q = jnp.array(0.01)
    for _ in range(150):
        q = variance_map(ACTIVATIONS[name], q, s_w2, s_b2)
    assert found.converged
    assert found.steps < 10
    assert_allclose(found.value, q, rtol=1e-10)
    if name == "erf":
        root = optimize.root_scalar(
            lambda q: erf_variance(q, s_w2, s_b2) - q, bracket=(1e-6, 10), xtol=1e-14
        )
        assert_allclose(found.value, root.root, rtol=1e-10)


def test_relu_variance_has_its_fixed_point_in_closed_form_or_none():
    found = variance_fixed_point(dual_activations.RELU, 1.5, 0.1)
    assert_allclose(found.value, 0.1 / (1 - 0.75), rtol=1e-12)
    none = variance_fixed_point(dual_activations.RELU, 2.5, 0.1)
    assert not none.converged


def test_variance_dies_out_without_biases_and_with_small_weights():
    # The slope of V at 0 is s_w^2 4/pi for erf.
    found = variance_fixed_point(dual_activations.ERF, 0.7, 0.0)
    assert_allclose(found.value, 0, atol=1e-12)
    assert variance_fixed_point(dual_activations.ERF, 0.9, 0.0).value > 0.05


@every_case
def test_fixed_point_of_the_correlation_is_stable_and_where_iteration_ends(name, s_w2, s_b2):
    activation = ACTIVATIONS[name]
    q = variance_fixed_point(activation, s_w2, s_b2).value
    found = correlation_fixed_point(activation, q, s_w2, s_b2)
    starts = jnp.array([0.0, 0.5, 0.99])
    ends = correlation_iterates(activation, q, starts, s_w2, s_b2, num_layers=400)[-1]
    chi_1 = correlation_slope(activation, q, jnp.array(1.0), s_w2)
    assert found.converged
    assert_allclose(ends, found.value, atol=1e-9)
    assert correlation_slope(activation, q, found.value, s_w2) < 1
    assert (found.value < 0.999) == (chi_1 > 1) == ((s_w2, s_b2) == CHAOTIC)
    if chi_1 < 1:
        assert_allclose(found.value, 1, atol=1e-10)


@every_case
def test_one_is_a_fixed_point_of_every_correlation_map(name, s_w2, s_b2):
    q = variance_fixed_point(ACTIVATIONS[name], s_w2, s_b2).value
    C = correlation_map(ACTIVATIONS[name], q, jnp.array(1.0), s_w2, s_b2)
    assert_allclose(C, 1, rtol=1e-12)


@pytest.mark.parametrize("name", ["erf", "tanh"])
def test_slope_is_that_of_the_correlation_map_and_of_gradients(name):
    activation, s_w2, s_b2 = ACTIVATIONS[name], 2.0, 0.1
    q = variance_fixed_point(activation, s_w2, s_b2).value
    c, h = jnp.array([-0.4, 0.3, 0.9]), 1e-5
    ends = [correlation_map(activation, q, c + e, s_w2, s_b2) for e in (h, -h)]
    slope = correlation_slope(activation, q, c, s_w2)
    # h^2, and for tanh what its poles leave of 60 nodes.
    assert_allclose(slope, (ends[0] - ends[1]) / (2 * h), atol=1e-4 if name == "tanh" else 1e-8)

    def phi_slope(u):
        return 1 - np.tanh(u) ** 2 if name == "tanh" else 2 / np.pi**0.5 * np.exp(-(u**2))

    chi_1 = s_w2 * gaussian(lambda z: phi_slope(np.sqrt(q) * z) ** 2)
    assert_allclose(correlation_slope(activation, q, jnp.array(1.0), s_w2), chi_1, atol=1e-4)


def test_correlation_map_is_a_mean_over_random_units():
    q, c, s_w2, s_b2 = 1.3, 0.4, 2.0, 0.1
    z = np.random.default_rng(0).normal(size=(2, 40_000))
    u, v = np.sqrt(q) * z[0], np.sqrt(q) * (c * z[0] + np.sqrt(1 - c**2) * z[1])
    samples = (s_w2 * np.tanh(u) * np.tanh(v) + s_b2) / q
    error = samples.mean() - correlation_map(TANH, jnp.array(q), jnp.array(c), s_w2, s_b2)
    assert abs(error) < 4 * samples.std() / 200


@pytest.mark.parametrize("name", ["erf", "tanh", "relu"])
def test_critical_initialisation_keeps_the_variance_and_has_slope_one(name):
    activation, q = ACTIVATIONS[name], jnp.array([0.2, 1.0, 3.0])
    s_w2, s_b2 = critical_initialisation(activation, q)
    assert_allclose(variance_map(activation, q, s_w2, s_b2), q, rtol=1e-12)
    assert_allclose(correlation_slope(activation, q, jnp.ones(3), s_w2), 1, rtol=1e-12)
    if name == "relu":
        assert_allclose(s_w2, 2, rtol=1e-12)
        assert_allclose(s_b2, 0, atol=1e-12)
    else:
        assert np.all(np.diff(s_w2) > 0)
        assert np.all(np.diff(s_b2) > 0)


def test_erf_is_critical_at_a_quarter_of_pi_without_biases():
    s_w2, s_b2 = critical_initialisation(dual_activations.ERF, jnp.array(1e-8))
    assert_allclose(s_w2, np.pi / 4, rtol=1e-6)
    assert_allclose(s_b2, 0, atol=1e-8)


def test_on_the_edge_the_fixed_point_is_one_to_half_the_digits_and_slowly_reached():
    erf, q = dual_activations.ERF, jnp.array(1.0)
    s_w2, s_b2 = critical_initialisation(erf, q)
    found = correlation_fixed_point(erf, q, s_w2, s_b2)
    assert_allclose(found.value, 1, atol=1e-6)
    gaps = 1 - correlation_iterates(erf, q, jnp.array(0.0), s_w2, s_b2, num_layers=1600)
    # C is smooth for erf, so that 1 - c falls as 1 / layer, not geometrically.
    assert_allclose(gaps[800] / gaps[1600], 2, rtol=0.05)


@pytest.mark.parametrize(("s_w2", "s_b2"), [ORDERED, CHAOTIC])
def test_correlations_approach_their_fixed_point_at_the_depth_scale(s_w2, s_b2):
    erf = dual_activations.ERF
    q = variance_fixed_point(erf, s_w2, s_b2).value
    c_star = correlation_fixed_point(erf, q, s_w2, s_b2).value
    xi = edge_of_chaos.depth_scale(correlation_slope(erf, q, c_star, s_w2))
    gaps = np.abs(correlation_iterates(erf, q, jnp.array(0.9), s_w2, s_b2, num_layers=30) - c_star)
    layers = slice(20, 25)  # far enough for the linear regime, not yet rounding
    assert_allclose(gaps[layers][1:] / gaps[layers][:-1], np.exp(-1 / xi), rtol=1e-2)


def test_iterates_begin_where_they_are_told_and_apply_the_map():
    erf, q, c = dual_activations.ERF, jnp.array(1.1), jnp.array([0.2, -0.5])
    iterates = correlation_iterates(erf, q, c, 2.0, 0.1, num_layers=2)
    once = correlation_map(erf, q, c, 2.0, 0.1)
    twice = correlation_map(erf, q, once, 2.0, 0.1)
    assert_allclose(iterates, jnp.stack([c, once, twice]), rtol=1e-12)


def test_float32_fixed_points_stop_at_rounding():
    settings = [jnp.asarray(x, jnp.float32) for x in CHAOTIC]
    q = variance_fixed_point(dual_activations.ERF, *settings)
    c = correlation_fixed_point(dual_activations.ERF, q.value, *settings)
    assert q.converged
    assert c.converged
    assert c.value.dtype == jnp.float32
    assert_allclose(
        c.value,
        correlation_fixed_point(
            dual_activations.ERF, jnp.asarray(q.value, jnp.float64), *CHAOTIC
        ).value,
        atol=1e-5,
    )
