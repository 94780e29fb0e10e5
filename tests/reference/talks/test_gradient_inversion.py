"""Examples recovered from gradients that autodiff made, and moments by Stein's identity."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from reference import problems
from reference.talks import gradient_inversion

EXACT = 1e-9  # float64 and well conditioned
hermite_moments = jax.jit(gradient_inversion.hermite_moments)
linear_layer_input = jax.jit(gradient_inversion.linear_layer_input)
moment_components = jax.jit(gradient_inversion.moment_components, static_argnums=3)
recovered_directions = jax.jit(gradient_inversion.recovered_directions, static_argnums=3)


def activation(s):
    """E s'' = E s''' = 1 at unit inputs."""
    return s**2 / 2 + s**3 / 6


def unit_rows(N, D, *, seed=0):
    x = np.random.default_rng(seed).normal(size=(N, D))
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def matched(found, x):
    """The rows of `found` in the order of x."""
    return np.asarray(found)[np.argmax(x @ np.asarray(found).T, axis=1)]


@pytest.mark.parametrize("seed", range(3))
def test_input_of_one_example_is_exact(seed):
    w = problems.perceptron_parameters(jax.random.key(seed), [4, 3, 2], np.float64)
    x = jnp.array(np.random.default_rng(seed).normal(size=(1, 4)))
    t = jnp.array([[1.0, -1.0]])

    def loss(w):
        return jnp.mean((problems.perceptron_outputs(w, x) - t) ** 2) / 2

    g = jax.jit(jax.grad(loss))(w)[0]
    found = linear_layer_input(g["weights"].T, g["biases"])
    assert_allclose(found, x[0], rtol=EXACT)


def test_inputs_of_a_batch_are_mixed_by_their_sensitivities():
    rng = np.random.default_rng(1)
    X, d = rng.normal(size=(3, 4)), rng.normal(size=(3, 2))
    found = linear_layer_input(d.T @ X, d.sum(axis=0))
    total = d.sum(axis=0)
    expected = sum(total @ d[n] * X[n] for n in range(3)) / (total @ total)
    assert_allclose(found, expected, rtol=EXACT)


def test_dead_units_do_no_harm():
    x, d = jnp.array([1.0, -2.0, 3.0]), jnp.array([0.0, 2.0, 0.0])
    assert_allclose(linear_layer_input(jnp.outer(d, x), d), x, rtol=EXACT)


def test_hermite_moments_are_those_of_the_polynomials():
    rng = np.random.default_rng(2)
    w, g = rng.normal(size=(5, 3)), rng.normal(size=5)
    second, third = hermite_moments(w, g)
    delta = np.eye(3)
    for i in range(3):
        for j in range(3):
            he_2 = w[:, i] * w[:, j] - delta[i, j]
            assert_allclose(second[i, j], np.mean(g * he_2), rtol=EXACT)
            for k in range(3):
                he_3 = (
                    w[:, i] * w[:, j] * w[:, k]
                    - w[:, i] * delta[j, k]
                    - w[:, j] * delta[i, k]
                    - w[:, k] * delta[i, j]
                )
                assert_allclose(third[i, j, k], np.mean(g * he_3), rtol=EXACT)


def test_moments_of_a_gradient_are_sums_of_powers_of_the_examples():
    x, r, M = unit_rows(2, 3), np.array([0.7, 1.5]), 40_000
    w = np.random.default_rng(3).normal(size=(M, 3))
    g = activation(w @ x.T) @ r
    second, third = hermite_moments(w, g)
    # E s'' = 1 + E s = 1 and E s''' = 1 for unit x.
    expected_second = np.einsum("n,ni,nj->ij", r, x, x)
    expected_third = np.einsum("n,ni,nj,nk->ijk", r, x, x, x)
    spread = np.std(g[:, None] * w**2, axis=0).max() / M**0.5
    assert_allclose(second, expected_second, atol=4 * spread)
    spread = np.std(g[:, None] * (w**3 - 3 * w), axis=0).max() / M**0.5
    assert_allclose(third, expected_third, atol=4 * spread)


@pytest.mark.parametrize(("N", "D"), [(1, 3), (3, 3), (3, 6)])
@pytest.mark.parametrize("seed", range(2))
def test_components_of_exact_moments_are_the_examples(N, D, seed):
    x, rng = unit_rows(N, D, seed=seed), np.random.default_rng(seed)
    p, q = rng.uniform(0.5, 2, N), rng.uniform(0.5, 2, N)
    second = np.einsum("n,ni,nj->ij", p, x, x)
    third = np.einsum("n,ni,nj,nk->ijk", q, x, x, x)
    found = moment_components(jax.random.key(seed), second, third, N)
    # Power iteration converges quadratically; whitening divides by the least eigenvalue.
    assert_allclose(matched(found, x), x, atol=1e-7)


def test_components_of_negative_cubes_are_opposite():
    x = unit_rows(2, 3, seed=5)
    third = np.einsum("n,ni,nj,nk->ijk", np.array([1.0, -2.0]), x, x, x)
    found = moment_components(jax.random.key(0), x.T @ x, third, 2)
    signed = x * np.array([[1.0], [-1.0]])
    assert_allclose(matched(found, signed), signed, atol=1e-7)


def test_components_turn_with_the_examples():
    x = unit_rows(2, 4, seed=6)
    Q = np.linalg.qr(np.random.default_rng(6).normal(size=(4, 4)))[0]

    def found(x):
        third = np.einsum("ni,nj,nk->ijk", x, x, x)
        return matched(moment_components(jax.random.key(1), x.T @ x, third, 2), x)

    assert_allclose(found(x @ Q), found(x) @ Q, atol=1e-7)


def test_examples_are_recovered_from_the_gradient_of_a_wide_network():
    x, t = unit_rows(3, 5, seed=7), np.array([-1.0, -1.5, -2.0])
    errors = []
    for M in (6_000, 96_000):
        w = np.random.default_rng(8).normal(size=(M, 5))

        def loss(a, w=w):
            return jnp.sum((activation(w @ x.T).T @ a - t) ** 2) / 2  # t < 0 = f: r > 0

        g = jax.jit(jax.grad(loss))(jnp.zeros(M))
        found = recovered_directions(jax.random.key(2), w, g, 3)
        errors.append(np.abs(matched(found, x) - x).max())
    assert errors[1] < 0.1  # some multiple of 1 / sqrt(M), 0.003
    assert errors[1] < 0.6 * errors[0]  # a quarter, but for chance
