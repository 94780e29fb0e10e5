"""Paths of linear residual networks, one by one; and the knee of data parallelism."""

from itertools import combinations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from reference.talks import residual_ensembles

path_length_distribution = jax.jit(residual_ensembles.path_length_distribution)
gradient_by_path_length = jax.jit(residual_ensembles.gradient_by_path_length)


def network(num_blocks, *, seed=0, size=0.5):
    """A_1 .. A_L and the gradient at the output."""
    rng = np.random.default_rng(seed)
    return size * rng.normal(size=(num_blocks, 3, 3)), rng.normal(size=3)


@pytest.mark.parametrize("num_blocks", [0, 1, 5])
def test_parts_are_sums_over_all_paths_of_a_length(num_blocks):
    blocks, g = network(num_blocks)
    expected = np.zeros((num_blocks + 1, 3))
    for length in range(num_blocks + 1):
        for path in combinations(range(num_blocks), length):
            product = np.eye(3)
            for i in path:
                product = blocks[i] @ product  # A_1 acts first
            expected[length] += product.T @ g
    parts = gradient_by_path_length(jnp.array(blocks), jnp.array(g))
    assert_allclose(parts, expected, rtol=1e-11, atol=1e-13)


def test_parts_add_up_to_the_gradient():
    blocks, g = network(6, seed=1)

    def output(x):
        for A in blocks:
            x = x + A @ x
        return g @ x

    parts = gradient_by_path_length(jnp.array(blocks), jnp.array(g))
    assert_allclose(parts.sum(axis=0), jax.grad(output)(jnp.ones(3)), rtol=1e-11)


@pytest.mark.parametrize("num_blocks", [1, 4, 54])
def test_numbers_of_paths_are_binomial(num_blocks):
    shares = path_length_distribution(jnp.ones(num_blocks))
    expected = stats.binom.pmf(np.arange(num_blocks + 1), num_blocks, 0.5)
    assert_allclose(shares, expected, rtol=1e-11)


@pytest.mark.parametrize("gain", [0.1, 1.0, 3.0])
def test_shares_with_one_gain_are_binomial_with_its_odds(gain):
    shares = path_length_distribution(jnp.full(7, gain))
    expected = stats.binom.pmf(np.arange(8), 7, gain / (1 + gain))
    assert_allclose(shares, expected, rtol=1e-11)


def test_shares_are_the_parts_of_the_gradient_where_blocks_are_multiples_of_one():
    gains = np.array([0.2, 0.7, 1.5, 0.05])
    shares = path_length_distribution(jnp.array(gains))
    parts = gradient_by_path_length(
        jnp.array(gains[:, None, None] * np.eye(2)), jnp.array([1.0, -2.0])
    )
    total = parts.sum(axis=0)
    assert_allclose(parts / total, np.tile(shares[:, None], 2), rtol=1e-12)
    assert_allclose(jnp.sum(shares), 1, rtol=1e-12)
    assert_allclose(shares @ np.arange(5), np.sum(gains / (1 + gains)), rtol=1e-12)


def test_most_of_a_gradient_takes_paths_shorter_than_most_paths():
    by_count = path_length_distribution(jnp.ones(54))
    by_gradient = path_length_distribution(jnp.full(54, 0.2))
    lengths = np.arange(55)
    assert by_count[19:36].sum() > 0.95  # nearly all paths have lengths near 27
    assert by_gradient[:17].sum() > 0.99
    assert_allclose([by_count @ lengths, by_gradient @ lengths], [27, 9], rtol=1e-10)


def test_paths_of_random_blocks_carry_the_squares_of_their_gains_in_the_mean():
    # E|part k|^2 = C(L, k) a^(2k) |g|^2 for independent blocks with E A A^T = a^2 I.
    L, a = 4, 0.5
    blocks = a * np.random.default_rng(5).normal(size=(4000, L, 3, 3)) / 3**0.5
    parts = jax.jit(jax.vmap(residual_ensembles.gradient_by_path_length, (0, None)))(
        jnp.array(blocks), jnp.array([1.0, 2.0, -2.0])
    )
    squares = np.sum(np.array(parts) ** 2, axis=2)
    expected = 9 * stats.binom.pmf(np.arange(L + 1), L, 0.5) * 2**L * a ** (2 * np.arange(L + 1))
    errors = squares.std(axis=0) / 4000**0.5
    assert np.all(np.abs(squares.mean(axis=0) - expected) <= 4 * errors + 1e-12)


@pytest.mark.parametrize(("min_steps", "critical"), [(100.0, 32.0), (7.0, 1000.0)])
def test_steps_and_examples_lie_on_the_hyperbola(min_steps, critical):
    B = jnp.array([1.0, 32.0, 500.0, 1e5])
    S = residual_ensembles.steps_to_target(B, min_steps, critical)
    E = S * B
    assert_allclose((S / min_steps - 1) * (E / (min_steps * critical) - 1), 1, rtol=1e-9)
    efficiency = residual_ensembles.parallel_efficiency(B, critical)
    assert_allclose(efficiency, min_steps * critical / E, rtol=1e-12)


def test_knee_takes_twice_the_fewest_steps_and_twice_the_fewest_examples():
    knee = jnp.array(64.0)
    assert_allclose(residual_ensembles.steps_to_target(knee, 10.0, 64.0), 20, rtol=1e-12)
    assert_allclose(residual_ensembles.parallel_efficiency(knee, 64.0), 0.5, rtol=1e-12)


def test_steps_are_those_of_the_best_noisy_steps_on_a_quadratic():
    # Expected gain of a step eps on g and Hessian H: eps |g|^2 - eps^2/2 (g^T H g + tr(H C)/B).
    rng = np.random.default_rng(6)
    H, C, g = np.diag([1.0, 2.0, 5.0]), np.diag(rng.uniform(1, 3, size=3)), rng.normal(size=3)
    eps = np.linspace(0, 1, 200_001)

    def best_gain(noise):
        return np.max(eps * (g @ g) - eps**2 / 2 * (g @ H @ g + noise))

    B = np.array([1.0, 4.0, 30.0])
    gains = np.array([best_gain(np.trace(H @ C) / b) for b in B])
    critical = np.trace(H @ C) / (g @ H @ g)
    steps = residual_ensembles.steps_to_target(jnp.array(B), 1 / best_gain(0.0), critical)
    assert_allclose(steps, 1 / gains, rtol=1e-5)  # the grid's spacing, squared
