"""Coding rates against determinants, autodiff, and the optimum of orthogonal subspaces."""

import jax
import numpy as np
import pytest
from numpy.testing import assert_allclose

from reference.talks import rate_reduction as rates

EXACT = 1e-10  # float64 and matrices near the identity
coding_rate = jax.jit(rates.coding_rate)
class_coding_rate = jax.jit(rates.class_coding_rate)
rate_reduction = jax.jit(rates.rate_reduction)
orthogonal_rate_reduction = jax.jit(rates.orthogonal_rate_reduction, static_argnums=2)
rate_reduction_gradient = jax.jit(rates.rate_reduction_gradient)
ascent_iterates = jax.jit(rates.ascent_iterates, static_argnums=4)

SHAPES = [(7, 3), (3, 5), (4, 4)]


def vectors(shape, *, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def one_hot(labels):
    return np.eye(max(labels) + 1)[labels]


def fuzzy(N, J, *, seed=1):
    return np.random.default_rng(seed).dirichlet(np.ones(J), size=N)


def separated(sizes, ranks, D):
    """Classes isotropic in orthogonal subspaces, |Z_j|_F^2 = N_j, and their memberships."""
    rng, used, blocks = np.random.default_rng(2), 0, []
    frame = np.linalg.qr(rng.normal(size=(D, D)))[0]
    for N, d in zip(sizes, ranks, strict=True):
        left = np.linalg.qr(rng.normal(size=(N, d)))[0]
        blocks.append((N / d) ** 0.5 * left @ frame[used : used + d])
        used += d
    return np.concatenate(blocks), one_hot(np.repeat(np.arange(len(sizes)), sizes))


@pytest.mark.parametrize("distortion", [0.1, 1.0])
@pytest.mark.parametrize("shape", SHAPES)
def test_coding_rate_is_the_determinant_of_the_other_side(shape, distortion):
    Z, (N, D) = vectors(shape), shape
    other_side = np.eye(N) + D / (N * distortion**2) * Z @ Z.T
    expected = np.linalg.slogdet(other_side)[1] / 2
    assert_allclose(coding_rate(Z, distortion), expected, rtol=EXACT)


def test_coding_rate_is_that_of_spheres_packed_in_a_ball():
    """At small distortion each direction adds log(s_i sqrt(D / N) / eps)."""
    Z, eps = vectors((9, 3)), 1e-4
    s = np.linalg.svd(Z, compute_uv=False)
    expected = np.sum(np.log(s * (3 / 9) ** 0.5 / eps))
    assert_allclose(coding_rate(Z, eps), expected, rtol=1e-7)  # relative order eps^2


@pytest.mark.parametrize("labels", [[0, 0, 1, 1, 1, 2, 2], [0, 0, 0, 0, 0, 0, 0]])
def test_class_rate_is_the_mean_of_rates_of_the_classes(labels):
    Z, labels = vectors((7, 3)), np.array(labels)
    expected = sum(
        np.mean(labels == j) * coding_rate(Z[labels == j], 0.5) for j in range(labels.max() + 1)
    )
    assert_allclose(class_coding_rate(Z, one_hot(labels), 0.5), expected, rtol=EXACT)


def test_class_rate_of_fuzzy_members_is_that_of_repeated_ones():
    Z = vectors((2, 3))
    memberships = np.array([[0.75, 0.25], [0.5, 0.5]])
    repeated = np.repeat(Z, [4, 4], axis=0)
    labels = np.array([0, 0, 0, 1, 0, 0, 1, 1])
    expected = class_coding_rate(repeated, one_hot(labels), 0.5)
    assert_allclose(class_coding_rate(Z, memberships, 0.5), expected, rtol=EXACT)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", range(3))
def test_rate_reduction_is_not_negative_and_zero_for_equal_classes(shape, seed):
    Z = vectors(shape, seed=seed)
    assert rate_reduction(Z, fuzzy(shape[0], 2, seed=seed), 0.5) > 0
    assert_allclose(rate_reduction(Z, np.full((shape[0], 3), 1 / 3), 0.5), 0, atol=EXACT)
    twice = np.concatenate([Z, -Z])
    labels = np.repeat([0, 1], shape[0])
    assert_allclose(rate_reduction(twice, one_hot(labels), 0.5), 0, atol=EXACT)


def test_rate_reduction_is_invariant_under_rotations():
    Z, memberships = vectors((6, 4)), fuzzy(6, 2)
    Q = np.linalg.qr(vectors((4, 4), seed=3))[0]
    expected = rate_reduction(Z, memberships, 0.5)
    assert_allclose(rate_reduction(Z @ Q, memberships, 0.5), expected, rtol=EXACT)
    assert_allclose(rate_reduction(Z, memberships[:, ::-1], 0.5), expected, rtol=EXACT)


@pytest.mark.parametrize("shape", SHAPES)
def test_gradient_is_that_of_autodiff(shape):
    Z, memberships = vectors(shape), fuzzy(shape[0], 3)
    expected = jax.jit(jax.grad(rates.rate_reduction))(Z, memberships, 0.4)
    assert_allclose(rate_reduction_gradient(Z, memberships, 0.4), expected, atol=EXACT)


@pytest.mark.parametrize(("sizes", "ranks", "D"), [([4, 4], [2, 2], 4), ([3, 5, 4], [1, 3, 2], 7)])
def test_value_of_orthogonal_subspaces_is_the_closed_form(sizes, ranks, D):
    Z, memberships = separated(sizes, ranks, D)
    closed = orthogonal_rate_reduction(np.array(sizes, float), np.array(ranks, float), D, 0.3)
    assert_allclose(rate_reduction(Z, memberships, 0.3), closed, rtol=EXACT)


@pytest.mark.parametrize("seed", range(5))
def test_no_other_representation_has_more(seed):
    sizes, ranks, D = [4, 6], [2, 2], 4
    Z, memberships = separated(sizes, ranks, D)
    best = rate_reduction(Z, memberships, 0.3)
    # Of the same ranks and norms, from far and from near.
    rng = np.random.default_rng(seed)
    for size in (0.1, 1.0, 100.0):
        classes = []
        for block in (Z[:4], Z[4:]):
            U, s, Vt = np.linalg.svd(block + size * rng.normal(size=block.shape))
            low = (U[:, :2] * s[:2]) @ Vt[:2]
            classes.append(low * (len(block) / np.sum(low**2)) ** 0.5)
        assert rate_reduction(np.concatenate(classes), memberships, 0.3) < best


def test_ascent_ends_with_classes_in_orthogonal_subspaces():
    Z_0 = vectors((8, 4), seed=4)
    Z_0 = Z_0 / np.linalg.norm(Z_0, axis=1, keepdims=True)
    memberships = one_hot(np.repeat([0, 1], 4))
    iterates = ascent_iterates(Z_0, memberships, 0.5, 0.05, 600)
    values = np.asarray(jax.vmap(lambda Z: rate_reduction(Z, memberships, 0.5))(iterates))
    assert np.all(np.diff(values) > -EXACT)
    Z = np.asarray(iterates[-1])
    assert_allclose(Z[:4] @ Z[4:].T, 0, atol=1e-3)
    best = orthogonal_rate_reduction(np.array([4.0, 4.0]), np.array([2.0, 2.0]), 4, 0.5)
    assert_allclose(values[-1], best, rtol=1e-5)


def test_first_iterate_of_ascent_is_a_scaled_step():
    Z, memberships = vectors((5, 3)), fuzzy(5, 2)
    expected = Z + 0.1 * 5 * jax.jit(jax.grad(rates.rate_reduction))(Z, memberships, 0.5)
    expected = expected / np.linalg.norm(expected, axis=1, keepdims=True)
    iterates = ascent_iterates(Z, memberships, 0.5, 0.1, 1)
    assert_allclose(iterates, np.stack([Z, expected]), rtol=EXACT)
