"""Dropout against means over all its masks."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from reference import problems
from reference.papers import dropout

EXACT = 1e-10  # float64, a few operations


def all_noise(size, p):
    """Every eta, and its probability."""
    dropped = np.array(list(itertools.product([True, False], repeat=size)))
    probabilities = np.prod(np.where(dropped, p, 1 - p), axis=1)
    return np.where(dropped, -1.0, p / (1 - p)), probabilities


def regression(N, D, *, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=D), rng.normal(size=(N, D)), rng.normal(size=N)


@pytest.mark.parametrize("p", [0.1, 0.7])
def test_noise_has_mean_zero_and_two_values(p):
    eta = dropout.dropout_noise(jax.random.key(0), jnp.ones((4000, 2)), p)
    assert eta.shape == (4000, 2)
    values = np.unique(eta)
    assert_allclose(values, [-1, p / (1 - p)], rtol=EXACT)
    # z-tests at 4 standard errors.
    assert_allclose(eta.mean(axis=0) / np.sqrt(p / (1 - p) / 4000), 0, atol=4)
    assert abs(np.mean(eta[:, 0] * eta[:, 1])) / (p / (1 - p) / np.sqrt(4000)) < 4


@pytest.mark.parametrize(("N", "D"), [(3, 4), (1, 1), (5, 2)])
@pytest.mark.parametrize("p", [0.0, 0.2, 0.6])
def test_mean_loss_over_all_masks_is_the_loss_and_the_penalty(p, N, D):
    w, inputs, targets = regression(N, D)
    eta, probabilities = all_noise(D, p)
    expected = 0.0
    for x, t in zip(inputs, targets, strict=True):
        expected += probabilities @ ((x * (1 + eta)) @ w - t) ** 2 / 2 / N
    plain = np.mean((inputs @ w - targets) ** 2) / 2
    penalty = dropout.least_squares_penalty(jnp.array(w), jnp.array(inputs), p)
    assert_allclose(plain + penalty, expected, rtol=EXACT)


@pytest.mark.parametrize("p", [0.2, 0.6])
def test_penalty_is_exact_for_a_linear_head_with_several_outputs_and_any_quadratic(p):
    rng = np.random.default_rng(1)
    W, h, target, root = (rng.normal(size=shape) for shape in [(3, 2), 3, 2, (2, 2)])
    metric = root @ root.T
    eta, probabilities = all_noise(3, p)

    def loss(z):
        return (z - target) @ metric @ (z - target) / 2

    def head(h):
        return h @ W

    values = np.array([loss(head(h * (1 + e))) for e in eta])
    penalty = jax.jit(lambda h: dropout.penalty(head, loss, h, p))(jnp.array(h))
    assert_allclose(loss(head(h)) + penalty, probabilities @ values, rtol=EXACT)


@pytest.mark.parametrize("label", [0, 2])
def test_penalty_of_a_classifier_is_the_softmax_fishers_and_blind_to_the_label(label):
    rng = np.random.default_rng(2)
    W, h, p = rng.normal(size=(4, 3)), jnp.array(rng.normal(size=4)), 0.3

    def loss(z):
        return -jax.nn.log_softmax(z)[label]

    penalty = jax.jit(lambda h: dropout.penalty(lambda h: h @ W, loss, h, p))(h)
    probabilities = np.exp(h @ W) / np.exp(h @ W).sum()
    fisher = np.diag(probabilities) - np.outer(probabilities, probabilities)
    expected = p / (1 - p) / 2 * np.sum(h**2 * np.diag(W @ fisher @ W.T))
    assert_allclose(penalty, expected, rtol=EXACT)


def test_penalty_leaves_out_the_curvature_of_the_head():
    w = problems.perceptron_parameters(jax.random.key(3), [3, 4, 2])
    h, p = jnp.array([0.5, -1.0, 2.0]), 0.25

    def head(h):
        return problems.perceptron_outputs(w, h[None])[0]

    def loss(z):
        return jnp.sum(z**4) / 4

    @jax.jit
    def linearised_curvature(h):
        z, J = head(h), jax.jacfwd(head)(h)
        return jnp.diag(jax.hessian(lambda e: loss(z + J @ e))(jnp.zeros(3)))

    expected = p / (1 - p) / 2 * np.sum(h**2 * linearised_curvature(h))
    penalty = jax.jit(lambda h: dropout.penalty(head, loss, h, p))(h)
    assert_allclose(penalty, expected, rtol=EXACT)


@pytest.mark.parametrize("p", [0.2, 0.6])
@pytest.mark.parametrize("D", [1, 2, 4])
def test_gradient_noise_covariance_is_that_over_all_masks(D, p):
    w, inputs, targets = regression(1, D, seed=4)
    x, t = inputs[0], targets[0]
    eta, probabilities = all_noise(D, p)
    masked = x * (1 + eta)
    gradients = masked * (masked @ w - t)[:, None]
    expected = np.cov(gradients.T, aweights=probabilities, bias=True).reshape(D, D)
    found = dropout.gradient_noise_covariance(jnp.array(w), jnp.array(x), jnp.array(t), p)
    assert_allclose(found, expected, rtol=EXACT, atol=EXACT)


def test_there_is_no_noise_without_dropout():
    w, inputs, targets = regression(1, 3, seed=5)
    w, x, t = map(jnp.array, (w, inputs[0], targets[0]))
    assert_allclose(dropout.gradient_noise_covariance(w, x, t, 0.0), 0, atol=EXACT)


def layer_and_rest():
    rng = np.random.default_rng(6)
    x, target = jnp.array(rng.normal(size=3)), jnp.array(rng.normal(size=2))
    w = {"W": jnp.array(rng.normal(size=(3, 4))), "V": jnp.array(rng.normal(size=(4, 2)))}

    def hidden(w):
        return jnp.tanh(x @ w["W"])

    def loss_of_hidden(w, h):
        return jnp.sum(jnp.cos(h @ w["V"] - target))

    return w, hidden, loss_of_hidden


def test_first_order_noise_is_the_derivative_of_the_gradient_along_the_mask():
    w, hidden, loss_of_hidden = layer_and_rest()
    eta = jnp.array(np.random.default_rng(7).normal(size=4))

    @jax.jit
    def gradient(c):
        return jax.grad(lambda w: loss_of_hidden(w, hidden(w) * (1 + c * eta)))(w)

    found = jax.jit(lambda eta: dropout.first_order_gradient_noise(hidden, loss_of_hidden, w, eta))(
        eta
    )
    c = 1e-4

    def check(found, plus, minus):
        # A central difference: an error of c^2, and rounding of 1e-16 / c.
        assert_allclose(found, (plus - minus) / (2 * c), atol=1e-7)

    jax.tree.map(check, found, gradient(c), gradient(-c))


def test_first_order_noise_has_mean_zero_over_all_masks():
    w, hidden, loss_of_hidden = layer_and_rest()
    eta, probabilities = all_noise(4, 0.3)
    noise = jax.jit(
        jax.vmap(lambda eta: dropout.first_order_gradient_noise(hidden, loss_of_hidden, w, eta))
    )(jnp.array(eta))
    for leaf in jax.tree.leaves(noise):
        assert_allclose(np.tensordot(probabilities, leaf, 1), 0, atol=EXACT)
        assert np.abs(leaf).max() > 0.01
