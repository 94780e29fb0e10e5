"""Quantised activations against enumeration, worst cases, and training without compression."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from reference.talks import activation_compression

EXACT = 1e-12  # a few float64 operations
quantised = jax.jit(activation_compression.stochastic_quantisation, static_argnums=2)
quantisation_variance = jax.jit(activation_compression.quantisation_variance, static_argnums=1)
message_error_bounds = jax.jit(activation_compression.message_error_bounds, static_argnums=1)
message_iterates = jax.jit(
    jax.vmap(activation_compression.message_iterates, in_axes=(0, None, None)), static_argnums=2
)


def samples(x, num_bits, num_samples=2000, *, seed=0):
    keys = jax.random.split(jax.random.key(seed), num_samples)
    return np.asarray(jax.vmap(lambda key: quantised(key, x, num_bits))(keys))


def settling_activations(num_steps=25):
    """Steps that halve, around a value that is far from 0."""
    rng = np.random.default_rng(1)
    steps = rng.normal(size=(num_steps, 6)) * 0.5 ** np.arange(num_steps)[:, None]
    return 5 + np.cumsum(steps, axis=0)


@pytest.mark.parametrize("num_bits", [1, 2, 5])
def test_values_are_the_two_levels_around_each_entry(num_bits):
    x = np.random.default_rng(0).normal(size=7)
    levels = np.linspace(-np.abs(x).max(), np.abs(x).max(), 2**num_bits)
    q = samples(x, num_bits, 50)
    assert_allclose(np.abs(q[..., None] - levels).min(axis=-1), 0, atol=EXACT)
    assert np.all(np.abs(q - x) <= levels[1] - levels[0] + EXACT)


@pytest.mark.parametrize("num_bits", [1, 3])
def test_mean_is_the_argument(num_bits):
    x = np.random.default_rng(2).normal(size=5)
    q = samples(x, num_bits)
    # The last term is for entries that are a level, without any spread.
    assert np.all(np.abs(q.mean(axis=0) - x) < 4 * q.std(axis=0) / len(q) ** 0.5 + EXACT)


@pytest.mark.parametrize("num_bits", [1, 2, 3])
@pytest.mark.parametrize("seed", range(3))
def test_variance_is_that_of_samples_and_below_the_bound(num_bits, seed):
    x = np.random.default_rng(seed).normal(size=6)
    squares = np.sum((samples(x, num_bits, seed=seed) - x) ** 2, axis=1)
    variance = quantisation_variance(x, num_bits)
    assert abs(squares.mean() - variance) < 4 * squares.std() / len(squares) ** 0.5
    c = activation_compression.relative_error_bound(6, num_bits)
    assert variance <= c**2 * np.sum(x**2)


def test_bound_on_the_variance_is_attained_by_halves_of_levels():
    # The levels are -3, -1, 1, 3: all but the entry that sets them lie half-way.
    x = jnp.concatenate([jnp.array([3.0]), jnp.zeros(8)])
    variance = quantisation_variance(x, 2)
    c = activation_compression.relative_error_bound(9, 2)
    assert_allclose(variance, 8 / 9 * c**2 * 9, rtol=EXACT)


def test_zero_is_sent_as_zero():
    assert_allclose(quantised(jax.random.key(0), jnp.zeros(3), 2), 0, atol=0)
    assert_allclose(quantisation_variance(jnp.zeros(3), 2), 0, atol=0)


def test_compressed_change_has_the_mean_and_the_levels_of_the_change():
    m, a = jnp.array([5.0, 5.0, 5.0]), jnp.array([5.1, 4.95, 5.02])
    keys = jax.random.split(jax.random.key(0), 500)
    change = jax.vmap(lambda k: activation_compression.compressed_change(k, m, a, 2))
    sent = np.asarray(change(keys))
    assert np.all(np.abs(sent - a) <= 0.2 / 3 + EXACT)  # h = 2 * 0.1 / 3, whatever the size of a
    assert np.all(np.abs(sent.mean(axis=0) - a) < 4 * sent.std(axis=0) / 500**0.5 + EXACT)


def test_messages_follow_their_recursion():
    activations, key = settling_activations(4), jax.random.key(3)
    messages = message_iterates(key[None], activations, 3)[0]
    expected = [activations[0]]
    for key_t, a in zip(jax.random.split(key, 3), activations[1:], strict=True):
        expected.append(expected[-1] + quantised(key_t, a - expected[-1], 3))
    assert_allclose(messages, np.array(expected), rtol=EXACT)


@pytest.mark.parametrize("num_bits", [2, 4])
def test_message_errors_are_within_their_bound_and_vanish(num_bits):
    activations = settling_activations()
    bounds = np.asarray(message_error_bounds(activations, num_bits))
    messages = message_iterates(jax.random.split(jax.random.key(4), 200), activations, num_bits)
    errors = np.sqrt(np.mean(np.sum((messages - activations) ** 2, axis=2), axis=0))
    # Means over 200 draws; the bound is a factor of more than 1.3 away after the first.
    assert errors[0] == bounds[0] == 0
    assert np.all(errors[1:] < bounds[1:])
    direct = np.sqrt(quantisation_variance(activations[-1], num_bits))
    assert errors[-1] < 0.05 * direct


def test_error_bounds_follow_their_recursion():
    activations = settling_activations(5)
    c = 6**0.5 / 7
    expected = [0.0]
    for change in np.linalg.norm(np.diff(activations, axis=0), axis=1):
        expected.append(c * (expected[-1] + change))
    assert_allclose(message_error_bounds(activations, 3), expected, rtol=EXACT)


def two_layers():
    """Two linear layers on 4 examples that they can fit, as functions and weights."""
    rng = np.random.default_rng(5)
    X, t = rng.normal(size=(4, 5)), 3 + rng.normal(size=4)
    weights = jnp.array(rng.normal(size=5) / 2), jnp.array(1.0)

    def loss_of_activations(w_2, a):
        return jnp.mean((w_2 * a - t) ** 2) / 2

    return lambda w_1: X @ w_1, loss_of_activations, weights


def losses_of_training(num_steps, **options):
    first, loss, w_0 = two_layers()

    @jax.jit
    def run(key):
        w_1, w_2 = activation_compression.compressed_descent_iterates(
            key, first, loss, w_0, 0.05, num_steps, **options
        )
        return w_1, w_2, jax.vmap(lambda w_1, w_2: loss(w_2, first(w_1)))(w_1, w_2)

    return run(jax.random.key(6))


def test_many_bits_give_plain_gradient_descent():
    first, loss, w = two_layers()
    w_1, w_2, _ = losses_of_training(30, num_bits=40)
    gradient = jax.jit(jax.grad(lambda w: loss(w[1], first(w[0]))))
    for k in range(31):
        assert_allclose(w_1[k], w[0], rtol=1e-8)  # 2^-40 a step
        assert_allclose(w_2[k], w[1], rtol=1e-8)
        w = jax.tree.map(lambda w, g: w - 0.05 * g, w, gradient(w))


def test_feedback_trains_to_the_end_where_direct_quantisation_stalls():
    with_feedback = losses_of_training(1500, num_bits=3)[2]
    without = losses_of_training(1500, num_bits=3, feed_back=False)[2]
    assert with_feedback[-1] < 1e-8 * with_feedback[0]
    assert jnp.median(without[-200:]) > 1e-4 * without[0]
