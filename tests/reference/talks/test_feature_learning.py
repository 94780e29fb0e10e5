"""The first gradient step against autodiff and Stein's identity, and what it does for ridge."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from reference.talks import feature_learning

EXACT = 1e-10  # float64
first_step_signals = jax.jit(feature_learning.first_step_signals)
second_layer = jax.jit(feature_learning.second_layer)
one_step_features = jax.jit(feature_learning.one_step_features)
relu_features = jax.jit(feature_learning.relu_features)
population_signal = jax.jit(feature_learning.population_signal)
subspace_alignment = jax.jit(feature_learning.subspace_alignment)
without_affine_part = jax.jit(feature_learning.without_affine_part)
paired_units = jax.jit(feature_learning.paired_units, static_argnums=(1, 2))


def directions(R, D, *, seed=0):
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(D, R)))[0].T


def quadratic_teacher(R, D, *, seed=0):
    """H = U^T G U with G regular, and t = 1/2 (x^T H x - tr H)."""
    U = directions(R, D, seed=seed)
    H = U.T @ np.diag(1.0 + np.arange(R)) @ U
    return U, H, lambda X: (np.einsum("nd,de,ne->n", X, H, X) - np.trace(H)) / 2


def data(shape, *, seed=1):
    rng = np.random.default_rng(seed)
    return rng.normal(size=shape), rng.normal(size=shape[0])


def test_paired_units_start_at_zero_with_unit_weights():
    w, a = paired_units(jax.random.key(0), 4, 3)
    X, _ = data((6, 3))
    assert_allclose(relu_features(w, jnp.zeros(8), X) @ a, 0, atol=EXACT)
    assert_allclose(jnp.sum(w**2, axis=1), 1, rtol=EXACT)
    assert_allclose(jnp.abs(a), 1 / 8, rtol=EXACT)
    assert np.linalg.matrix_rank(w) == 3


def test_features_are_rectified_sums():
    X, _ = data((5, 3))
    w, b = data((4, 3), seed=2)
    features = relu_features(w, b, X)
    for n in range(5):
        for m in range(4):
            assert_allclose(features[n, m], max(w[m] @ X[n] + b[m], 0), rtol=EXACT)


@pytest.mark.parametrize("shape", [(7, 3), (2, 5)])
def test_signals_are_gradients_of_the_loss_at_the_start(shape):
    X, t = data(shape)
    w, a = paired_units(jax.random.key(1), 3, shape[1])

    def loss(w):
        f = relu_features(w, jnp.zeros(6), X) @ a
        return jnp.mean((f - t) ** 2) / 2

    expected = -jax.jit(jax.grad(loss))(w) / a[:, None]
    assert_allclose(first_step_signals(w, X, t), expected, rtol=1e-8, atol=EXACT)


@pytest.mark.parametrize("R", [1, 2])
def test_signals_tend_to_their_population(R):
    _, H, teacher = quadratic_teacher(R, 4)
    w = np.array([0.5, -0.5, 0.1, 0.7]) / np.linalg.norm([0.5, -0.5, 0.1, 0.7])
    X, _ = data((40_000, 4), seed=3)
    t = teacher(X)
    terms = t[:, None] * (X @ w > 0)[:, None] * X
    expected = population_signal(H, w)
    error = np.abs(first_step_signals(w[None], X, t)[0] - expected)
    assert np.all(error < 4 * terms.std(axis=0) / 200)


def test_population_signal_is_that_of_quadrature():
    nodes, weights = np.polynomial.legendre.leggauss(200)
    radius, angle = 6 * (nodes + 1), np.pi / 2 * nodes  # the half-plane around w
    w, v = np.array([0.6, 0.8]), np.array([-0.8, 0.6])
    H = np.array([[1.0, 0.3], [0.3, -2.0]])
    r, a = np.meshgrid(radius, angle, indexing="ij")
    X = (r * np.cos(a))[..., None] * w + (r * np.sin(a))[..., None] * v
    weight = np.outer(6 * weights, np.pi / 2 * weights) * r * np.exp(-(r**2) / 2) / (2 * np.pi)
    f = (np.einsum("...d,de,...e", X, H, X) - np.trace(H)) / 2
    expected = np.einsum("ra,ra,rad->d", weight, f, X)
    assert_allclose(population_signal(H, w), expected, rtol=EXACT)


@pytest.mark.parametrize(("R", "D"), [(1, 4), (2, 5)])
def test_alignment_is_one_inside_and_nothing_outside(R, D):
    U, rng = directions(R, D), np.random.default_rng(4)
    inside = rng.normal(size=(6, R)) @ U
    outside = rng.normal(size=(6, D))
    outside = outside - outside @ U.T @ U
    assert_allclose(subspace_alignment(inside, U), 1, rtol=EXACT)
    assert_allclose(subspace_alignment(outside, U), 0, atol=EXACT)
    expected = np.sum(inside**2) / (np.sum(inside**2) + np.sum(outside**2))
    assert_allclose(subspace_alignment(inside + outside, U), expected, rtol=EXACT)
    assert_allclose(subspace_alignment(7 * inside, directions(R, R) @ U), 1, rtol=EXACT)


def test_first_step_aligns_with_the_directions_of_the_teacher():
    R, D = 2, 25
    U, H, teacher = quadratic_teacher(R, D)
    X, _ = data((8000, D), seed=5)
    w, _ = paired_units(jax.random.key(2), 20, D)
    before = subspace_alignment(w, U)
    after = subspace_alignment(one_step_features(w, X, teacher(X)), U)
    limit = subspace_alignment(jax.vmap(lambda w: population_signal(H, w))(w), U)
    assert before < 0.2  # R / D is 0.08
    assert limit > 0.95
    # Noise of squared size D E[t^2] / 2N against a signal of tr(H^2) / (2 pi D).
    assert after > 0.7


def test_without_affine_part_nothing_of_degree_one_is_left():
    D, N = 3, 20_000
    X, _ = data((N, D), seed=6)
    cubic = X[:, 0] ** 3 - 3 * X[:, 0]
    left = without_affine_part(X, cubic + 5 + X @ np.array([1.0, -2.0, 4.0]))
    # The removed parts are estimated to about the size of t, 7, over sqrt(N), D times.
    assert np.sqrt(np.mean((left - cubic) ** 2)) < 4 * 7 * (D / N) ** 0.5
    t = np.random.default_rng(7).normal(size=N)
    expected = t - t.mean() - X @ (X.T @ (t - t.mean()) / N)
    assert_allclose(without_affine_part(X, t), expected, rtol=1e-8, atol=EXACT)


@pytest.mark.parametrize("shape", [(9, 3), (4, 3)])
def test_second_layer_is_stationary_for_the_ridge_cost(shape):
    X, t = data(shape)
    w, b = data((6, 3), seed=8)

    def cost(a):
        return jnp.mean((relu_features(w, b, X) @ a - t) ** 2) / 2 + 0.05 * a @ a

    a = second_layer(w, b, X, t, 0.1)
    assert_allclose(jax.jit(jax.grad(cost))(a), 0, atol=EXACT)


def test_one_step_features_are_scaled_signals_of_what_is_not_affine():
    X, t = data((30, 4))
    w, _ = paired_units(jax.random.key(3), 3, 4)
    features = one_step_features(w, X, t)
    signals = first_step_signals(w, X, without_affine_part(X, t))
    assert_allclose(features / signals, features[0, 0] / signals[0, 0], rtol=1e-8)
    assert_allclose(np.mean(np.sum(features**2, axis=1)), 1, rtol=EXACT)


def test_learned_features_generalise_where_random_ones_do_not():
    D, N = 15, 1500
    _, _, teacher = quadratic_teacher(1, D)
    X, _ = data((N, D), seed=9)
    X_test, _ = data((1000, D), seed=10)
    w, _ = paired_units(jax.random.key(4), 30, D)
    b = jax.random.normal(jax.random.key(5), (60,), w.dtype)

    def risk(w):
        a = second_layer(w, b, X, teacher(X), 1e-3)
        return np.mean((relu_features(w, b, X_test) @ a - teacher(X_test)) ** 2) / 2

    assert risk(one_step_features(w, X, teacher(X))) < 0.4 * risk(w)
