"""Lecture 5: batch normalisation's moments, and the identities of scale-invariant losses."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from numpy.testing import assert_allclose

from reference.adaptive_methods import normalization
from reference.adaptive_methods.adaptive import optimizer_iterates

EXACT = 1e-10  # float64; nothing here cancels more than a few digits
X = np.random.default_rng(0).normal(size=(7, 3)) * [1.0, 5.0, 0.1] + [3.0, -1.0, 0.0]
TARGETS = np.random.default_rng(1).normal(size=7)
batch_normalization = jax.jit(normalization.batch_normalization)


def normalized_loss(w):
    """Least squares on one batch-normalised unit; does not see the scale of w."""
    z = normalization.batch_normalization(
        (X @ w)[:, None], jnp.array([1.5]), jnp.array([0.2]), epsilon=0.0
    )
    return jnp.mean((jnp.tanh(z[:, 0]) - TARGETS) ** 2) / 2


def plain_loss(w):
    """Sees it."""
    return jnp.mean((jnp.tanh(X @ w) - TARGETS) ** 2) / 2


W = np.array([0.5, -0.3, 2.0])


def test_outputs_have_the_gain_and_the_bias_as_moments():
    gain, bias = jnp.array([2.0, 0.5, -1.0]), jnp.array([0.0, 1.0, 3.0])
    Z = batch_normalization(X, gain, bias, epsilon=0.0)
    assert_allclose(np.mean(Z, axis=0), bias, atol=EXACT)
    assert_allclose(np.std(Z, axis=0, ddof=0), np.abs(gain), rtol=EXACT)


@pytest.mark.parametrize("epsilon", [0.0, 0.1])
def test_outputs_are_the_formula_unit_by_unit(epsilon):
    gain, bias = np.array([2.0, 0.5, -1.0]), np.array([0.0, 1.0, 3.0])
    Z = batch_normalization(X, gain, bias, epsilon=epsilon)
    for d in range(3):
        x = X[:, d] - sum(X[:, d]) / 7
        expected = gain[d] * x / np.sqrt(sum(x**2) / 7 + epsilon) + bias[d]
        assert_allclose(Z[:, d], expected, rtol=EXACT)


def test_scale_and_shift_of_the_inputs_are_not_seen_unless_epsilon_is():
    ones, zeros = jnp.ones(3), jnp.zeros(3)
    moved = X * np.array([3.0, 0.2, 1e3]) + np.array([5.0, 0.0, -1.0])
    Z = batch_normalization(X, ones, zeros, epsilon=0.0)
    assert_allclose(batch_normalization(moved, ones, zeros, epsilon=0.0), Z, rtol=1e-9)
    with_epsilon = (batch_normalization(x, ones, zeros, epsilon=0.1) for x in (X, moved))
    assert np.max(np.abs(np.subtract(*with_epsilon))) > 0.1


def test_given_moments_normalise_each_row_by_itself():
    mean, variance = X.mean(axis=0), X.var(axis=0)
    arguments = (jnp.array([2.0, 0.5, -1.0]), jnp.array([0.0, 1.0, 3.0]))
    normalized = partial(normalization.inference_normalization, epsilon=0.1)
    all_rows = batch_normalization(X, *arguments, epsilon=0.1)
    assert_allclose(
        normalized(jnp.array(X[:2]), mean, variance, *arguments), all_rows[:2], rtol=EXACT
    )


@pytest.mark.parametrize(
    "loss", [normalized_loss, normalization.scale_invariant(plain_loss)], ids=["batch", "weights"]
)
@pytest.mark.parametrize("c", [0.01, 30.0])
def test_gradient_of_a_normalised_loss_is_normal_to_the_weights_and_shrinks_with_them(loss, c):
    gradient = jax.jit(jax.value_and_grad(loss))
    (value, g), (scaled_value, scaled_g) = gradient(jnp.array(W)), gradient(jnp.array(c * W))
    assert np.linalg.norm(g) > 0.01
    assert_allclose(scaled_value, value, rtol=EXACT)
    assert_allclose(c * scaled_g, g, rtol=1e-9, atol=EXACT)
    assert_allclose(g @ W, 0, atol=EXACT)


def test_unnormalised_loss_has_neither_property():
    g = jax.grad(plain_loss)(jnp.array(W))
    assert abs(g @ W) > 1e-3
    assert abs(plain_loss(2 * W) - plain_loss(W)) > 1e-3


def test_gradient_of_the_invariant_loss_is_the_tangent_component_over_the_norm():
    w, u = jnp.array(W), jnp.array(W / np.linalg.norm(W))
    g = jax.jit(jax.grad(normalization.scale_invariant(plain_loss)))(w)
    tangent = normalization.tangent_component(w, jax.grad(plain_loss)(u))
    assert_allclose(g, tangent / np.linalg.norm(W), rtol=1e-9)


def test_tangent_component_of_a_tree_is_the_projection():
    w = {"a": jnp.array([1.0, 2.0]), "b": jnp.array([[2.0]])}
    v = {"a": jnp.array([0.5, -1.0]), "b": jnp.array([[3.0]])}
    tangent = normalization.tangent_component(w, v)
    flat_w, flat_v = np.array([1.0, 2.0, 2.0]), np.array([0.5, -1.0, 3.0])
    projection = np.eye(3) - np.outer(flat_w, flat_w) / 9
    assert_allclose([*tangent["a"], tangent["b"][0, 0]], projection @ flat_v, rtol=EXACT)


@pytest.mark.parametrize("step_size", [0.1, 5.0])
def test_descent_on_the_sphere_is_gradient_descent_seen_from_there(step_size):
    w_0 = jnp.array(W)
    iterates, sphere = jax.jit(
        lambda w_0: (
            optimizer_iterates(optax.sgd(step_size), normalized_loss, w_0, 8),
            normalization.spherical_descent_iterates(normalized_loss, w_0, step_size, 8),
        )
    )(w_0)
    norms = np.linalg.norm(iterates, axis=1)
    assert_allclose(sphere.norms, norms, rtol=1e-8)  # a few digits are lost over the steps
    assert_allclose(sphere.directions, iterates / norms[:, None], atol=1e-8)
    assert np.all(np.diff(norms) > 0)
    # |w'|^2 = |w|^2 + alpha^2 |grad f(w)|^2, by Pythagoras.
    lengths = np.linalg.norm(np.diff(iterates, axis=0), axis=1)
    assert_allclose(norms[1:] ** 2, norms[:-1] ** 2 + lengths**2, rtol=1e-9)


def test_effective_step_size_makes_equal_paths_of_directions():
    u, c = jnp.array(W / np.linalg.norm(W)), 7.0
    unit, long = (
        normalization.spherical_descent_iterates(normalized_loss, w, step_size, 4).directions
        for w, step_size in ((u, 0.3), (c * u, 0.3 * c**2))
    )
    assert_allclose(long, unit, rtol=1e-9, atol=EXACT)
    assert_allclose(normalization.effective_step_size(0.3 * c**2, c * u), 0.3, rtol=EXACT)
