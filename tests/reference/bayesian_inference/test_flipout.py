"""Flipout against its perturbations written out, all signs enumerated, and many draws."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from reference.bayesian_inference import flipout

EXACT = 1e-10  # float64, a few operations


def layer(N, D, K, *, seed=0):
    rng = np.random.default_rng(seed)
    return (jnp.array(rng.normal(size=shape)) for shape in [(N, D), (D, K), (D, K)])


@pytest.mark.parametrize("sizes", [(4, 3, 2), (1, 1, 5), (3, 6, 1)])
def test_outputs_are_those_of_every_examples_own_weights(sizes):
    inputs, W, E = layer(*sizes)
    S, R = flipout.random_signs(jax.random.key(0), W, sizes[0])
    found = flipout.flipout_outputs(inputs, W, E, S, R)
    expected = [x @ (W + E * np.outer(s, r)) for x, s, r in zip(inputs, S, R, strict=True)]
    assert_allclose(found, np.stack(expected), rtol=EXACT, atol=EXACT)
    by_perturbations = np.einsum("nd,ndk->nk", inputs, W + flipout.flipout_perturbations(E, S, R))
    assert_allclose(found, by_perturbations, rtol=EXACT, atol=EXACT)


def test_over_all_signs_the_entries_are_centred_and_uncorrelated():
    _, _, E = layer(1, 2, 3, seed=1)
    signs = np.array(list(itertools.product([-1.0, 1.0], repeat=5)))
    perturbations = flipout.flipout_perturbations(
        E, jnp.array(signs[:, :2]), jnp.array(signs[:, 2:])
    )
    flat = np.asarray(perturbations).reshape(len(signs), 6)
    assert_allclose(flat.mean(axis=0), 0, atol=EXACT)
    assert_allclose(flat.T @ flat / len(signs), np.diag(np.ravel(E) ** 2), atol=EXACT)


def test_signs_are_signs_and_independent():
    W = jnp.zeros((3, 3), jnp.float32)  # square, so that one key for both would show
    S, R = flipout.random_signs(jax.random.key(1), W, 4000)
    assert S.dtype == R.dtype == jnp.float32
    signs = np.concatenate([S, R], axis=1)
    assert_allclose(np.abs(signs), np.ones((4000, 6)))
    # z-tests at 4 standard errors, of means and of products.
    assert_allclose(signs.mean(axis=0) * np.sqrt(4000), 0, atol=4)
    assert_allclose((signs.T @ signs / 4000 - np.eye(6)) * np.sqrt(4000), 0, atol=4)


def test_noise_of_a_batch_falls_with_its_size_where_shared_noise_stays():
    N, draws = 8, 2000
    _, W, _ = layer(1, 3, 2, seed=2)
    x = jnp.array([1.0, -2.0, 0.5])
    inputs = jnp.broadcast_to(x, (N, 3))

    def mean_outputs(key):
        key_of_noise, key_of_signs = jax.random.split(key)
        E = jax.random.normal(key_of_noise, W.shape, W.dtype)
        S, R = flipout.random_signs(key_of_signs, W, N)
        by_flipout = flipout.flipout_outputs(inputs, W, E, S, R)
        return by_flipout.mean(axis=0), (inputs @ (W + E)).mean(axis=0)

    keys = jax.random.split(jax.random.key(2), draws)
    for outputs, variance in zip(
        jax.jit(jax.vmap(mean_outputs))(keys), [x @ x / N, x @ x], strict=True
    ):
        # z-tests at 4 standard errors: unbiased, and of the variance announced.
        errors = outputs - x @ W
        assert_allclose(errors.mean(axis=0) / np.sqrt(variance / draws), 0, atol=4)
        spread = np.std(errors**2, axis=0) / np.sqrt(draws)
        assert_allclose((np.mean(errors**2, axis=0) - variance) / spread, 0, atol=4)


def test_gradients_are_unbiased_and_vary_less_than_with_shared_noise():
    inputs, W, _ = layer(8, 3, 2, seed=3)

    def loss(outputs):
        return jnp.mean(jnp.sum(outputs**2, axis=1)) / 2

    def gradients(key):
        key_of_noise, key_of_signs = jax.random.split(key)
        E = jax.random.normal(key_of_noise, W.shape, W.dtype)
        S, R = flipout.random_signs(key_of_signs, W, 8)
        by_flipout = jax.grad(lambda W: loss(flipout.flipout_outputs(inputs, W, E, S, R)))(W)
        return by_flipout, jax.grad(lambda W: loss(inputs @ (W + E)))(W)

    keys = jax.random.split(jax.random.key(3), 1000)
    by_flipout, shared = jax.jit(jax.vmap(gradients))(keys)
    # The noise is centred and the gradient linear in it. A z-test at 4 standard errors.
    expected = inputs.T @ inputs @ W / 8
    z = (by_flipout.mean(axis=0) - expected) / (by_flipout.std(axis=0) / np.sqrt(1000))
    assert_allclose(z, 0, atol=4)
    assert by_flipout.var(axis=0).sum() < 0.6 * shared.var(axis=0).sum()


def test_evolution_strategies_find_the_gradient_of_the_smoothed_loss():
    inputs, W, _ = layer(4, 3, 2, seed=4)
    std, draws = 0.5, 2000

    def loss(outputs):
        return jnp.sum(outputs**3) / 3

    def estimate(key):
        return flipout.flipout_es_gradient(key, loss, inputs, W, std, 4)

    found = jax.jit(jax.vmap(estimate))(jax.random.split(jax.random.key(4), draws))
    outputs, spread = inputs @ W, std**2 * np.sum(inputs**2, axis=1, keepdims=True)
    expected = inputs.T @ (outputs**2 + spread)
    # A z-test at 4 standard errors.
    z = (found.mean(axis=0) - expected) / (found.std(axis=0) / np.sqrt(draws))
    assert_allclose(z, 0, atol=4)


@pytest.mark.parametrize("population", [1, 16])
def test_evolution_strategies_err_on_a_linear_loss_as_announced(population):
    inputs, W, _ = layer(2, 3, 2, seed=5)
    C = jnp.array([[1.0, -2.0], [0.5, 3.0]])
    G, draws = inputs.T @ C, 3000

    def square_error(key):
        g = flipout.flipout_es_gradient(
            key, lambda outputs: jnp.sum(C * outputs), inputs, W, 0.1, population
        )
        return jnp.sum((g - G) ** 2)

    errors = jax.jit(jax.vmap(square_error))(jax.random.split(jax.random.key(5), draws))
    expected = (2 + (3 * 2 - 1) / population) * jnp.sum(G**2)
    # A z-test at 4 standard errors.
    assert abs(errors.mean() - expected) < 4 * errors.std() / np.sqrt(draws)
