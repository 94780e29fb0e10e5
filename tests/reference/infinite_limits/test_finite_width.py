"""Perceptrons in both parameterisations: the same functions, other gradients."""

from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from reference import problems
from reference.infinite_limits import finite_width

VARIANCES = {"weight_variance": 1.7, "bias_variance": 0.3}
SHAPES = [(3, 5, 4, 2), (2, 1), (1, 3, 1)]


def drawn(widths, *, seed=0):
    return finite_width.unit_normal_parameters(jax.random.key(seed), widths, jnp.float64)


@pytest.mark.parametrize("widths", SHAPES)
def test_parameters_have_the_shapes_of_their_layers(widths):
    theta = drawn(widths)
    assert [layer["weights"].shape for layer in theta] == [*pairwise(widths)]
    assert [layer["biases"].shape for layer in theta] == [(n,) for n in widths[1:]]


def test_unit_normal_parameters_have_the_moments_of_unit_normals():
    theta = drawn((50, 60, 40), seed=1)
    for leaf in jax.tree.leaves(theta):
        z = np.ravel(leaf)
        assert abs(z.mean()) < 4 / z.size**0.5
        assert abs(np.mean(z**2) - 1) < 4 * (2 / z.size) ** 0.5  # Var z^2 = 2


def test_standard_parameters_have_the_variances_asked_for():
    theta = drawn((50, 60, 40), seed=2)
    w = finite_width.standard_parameters(theta, **VARIANCES)
    for layer, num_in in zip(w, (50, 60), strict=True):
        for leaf, variance in [(layer["weights"], 1.7 / num_in), (layer["biases"], 0.3)]:
            z2 = np.ravel(leaf) ** 2 / variance
            assert abs(z2.mean() - 1) < 4 * (2 / z2.size) ** 0.5


@pytest.mark.parametrize("widths", SHAPES)
def test_rates_are_the_squares_of_what_parameters_are_multiplied_by(widths):
    theta = drawn(widths)
    w = finite_width.standard_parameters(theta, **VARIANCES)
    rates = finite_width.ntk_rates(theta, **VARIANCES)
    ratios = jax.tree.map(lambda leaf, unit: (leaf / unit) ** 2, w, theta)
    expected = jax.tree.map(lambda rate, leaf: jnp.full(leaf.shape, rate), rates, theta)
    jax.tree.map(lambda a, b: assert_allclose(a, b, rtol=1e-12), ratios, expected)


def test_descent_on_theta_is_descent_on_weights_with_rates():
    theta, X = drawn((3, 4, 2)), jnp.array(np.random.default_rng(0).normal(size=(5, 3)))
    w = finite_width.standard_parameters(theta, **VARIANCES)
    rates = finite_width.ntk_rates(theta, **VARIANCES)

    def loss(w):
        return jnp.sum(finite_width.perceptron_outputs(w, X, jnp.tanh) ** 2)

    def loss_of_theta(theta):
        return loss(finite_width.standard_parameters(theta, **VARIANCES))

    step = jax.tree.map(lambda t, g: t - 0.1 * g, theta, jax.jit(jax.grad(loss_of_theta))(theta))
    moved = finite_width.standard_parameters(step, **VARIANCES)
    expected = jax.tree.map(
        lambda leaf, g, rate: leaf - 0.1 * rate * g, w, jax.jit(jax.grad(loss))(w), rates
    )
    jax.tree.map(lambda a, b: assert_allclose(a, b, rtol=1e-10), moved, expected)


@pytest.mark.parametrize("widths", SHAPES)
def test_outputs_are_those_of_the_perceptron_in_problems_and_of_loops(widths):
    w, X = drawn(widths, seed=3), np.random.default_rng(1).normal(size=(4, widths[0]))
    outputs = finite_width.perceptron_outputs(w, jnp.array(X), jnp.tanh)
    assert_allclose(outputs, problems.perceptron_outputs(w, jnp.array(X)), rtol=1e-12)
    for x, row in zip(X, outputs, strict=True):
        h = np.array(w[0]["weights"]).T @ x + w[0]["biases"]
        for layer in w[1:]:
            h = np.array(layer["weights"]).T @ np.tanh(h) + layer["biases"]
        assert_allclose(row, h, rtol=1e-10, atol=1e-12)
