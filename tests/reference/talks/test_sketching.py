"""Sketches: mean and variance over many keys, enumeration, and angles."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from reference.talks import sketching

EXACT = 1e-12  # a few float64 operations
SKETCHES = [
    (sketching.gaussian_sketch, 3.0),
    (sketching.sign_sketch, 1.0),
    (sketching.count_sketch, 1.0),
]
KEYS = 4000


def pair(D=4, *, seed=0):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(2, D))
    return x, y + 0.5 * x


def sketched(sketch, vectors, size, num_keys=KEYS):
    """Sketches (vector, key, size): the same keys for all vectors."""
    keys = jax.random.split(jax.random.key(1), num_keys)
    over_keys = jax.jit(jax.vmap(lambda key, x: sketch(key, x, size), in_axes=(0, None)))
    return np.stack([np.asarray(over_keys(keys, x)) for x in vectors])


@pytest.mark.parametrize("size", [1, 5])
@pytest.mark.parametrize(("sketch", "kurtosis"), SKETCHES)
def test_inner_products_have_the_stated_mean_and_variance(sketch, kurtosis, size):
    x, y = pair()
    products = np.sum(np.prod(sketched(sketch, (x, y), size), axis=0), axis=1)
    variance = float(sketching.sketch_variance(x, y, size, kurtosis=kurtosis))
    assert abs(products.mean() - x @ y) < 4 * (variance / KEYS) ** 0.5
    squares = (products - x @ y) ** 2
    assert abs(squares.mean() - variance) < 4 * squares.std() / KEYS**0.5


@pytest.mark.parametrize("seed", range(2))
def test_variance_of_signs_is_that_of_all_signs(seed):
    x, y = pair(D=5, seed=seed)
    signs = np.array(list(itertools.product([-1, 1], repeat=5)))
    products = (signs @ x) * (signs @ y)
    variance = sketching.sketch_variance(x, y, 1, kurtosis=1.0)
    assert_allclose(variance, products.var(), rtol=EXACT)
    assert_allclose(sketching.sketch_variance(x, y, 7, kurtosis=1.0) * 7, variance, rtol=EXACT)


def test_lengths_vary_as_in_the_lemma_of_johnson_and_lindenstrauss():
    x, _ = pair()
    variance = sketching.sketch_variance(x, x, 10, kurtosis=3.0)
    assert_allclose(variance, 2 * (x @ x) ** 2 / 10, rtol=EXACT)


@pytest.mark.parametrize(("sketch", "_"), SKETCHES)
def test_sketches_are_linear_under_one_key(sketch, _):
    x, y = pair()
    s_x, s_y, s_sum = sketched(sketch, (x, y, 2 * x - y), 3, num_keys=5)
    assert_allclose(s_sum, 2 * s_x - s_y, atol=EXACT)


def test_count_sketch_keeps_every_entry_once():
    columns = sketched(sketching.count_sketch, np.eye(6), 3, num_keys=20)
    assert np.all(np.sum(np.abs(columns), axis=2) == 1)
    assert_allclose(np.unique(columns), [-1, 0, 1], atol=0)
    # Buckets do not tell signs: all six combinations come up.
    assert len(np.unique(columns.reshape(-1, 3), axis=0)) == 6


@pytest.mark.parametrize("angle", [0.0, 0.3, np.pi / 2, 3.0, np.pi])
def test_collision_probability_is_linear_in_the_angle(angle):
    x = jnp.array([2.0, 0.0, 0.0])
    y = 5 * jnp.array([np.cos(angle), np.sin(angle), 0.0])
    assert_allclose(sketching.collision_probability(x, y), 1 - angle / np.pi, atol=EXACT)


def test_collision_probability_keeps_small_angles():
    x, y = jnp.array([1.0, 0.0]), jnp.array([1.0, 1e-10])
    assert_allclose(1 - sketching.collision_probability(x, y), 1e-10 / np.pi, rtol=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_signs_collide_with_this_probability(seed):
    x, y = pair(seed=seed)
    hashes = sketched(sketching.sign_hash, (x, y), 10, num_keys=500)
    assert np.all(np.abs(hashes) == 1)
    same = np.mean(hashes[0] == hashes[1])
    p = float(sketching.collision_probability(x, y))
    assert abs(same - p) < 4 * (p * (1 - p) / 5000) ** 0.5


def test_hashed_cosine_tends_to_the_cosine():
    x, y = pair()
    bits = 20_000
    h_x, h_y = (sketching.sign_hash(jax.random.key(2), v, bits) for v in (x, y))
    cosine = x @ y / np.linalg.norm(x) / np.linalg.norm(y)
    # The mean of the signs' products varies by 1 / sqrt(S) at most, and the sine by pi/2 of it.
    assert abs(sketching.hashed_cosine(h_x, h_y) - cosine) < 4 * np.pi / 2 / bits**0.5
    assert_allclose(sketching.hashed_cosine(h_x, h_x), 1, rtol=EXACT)
    assert_allclose(sketching.hashed_cosine(h_x, -h_x), -1, rtol=EXACT)
