"""The autoencoder's minimum is a minimum, and its three scales of curvature are as derived."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize
from numpy.testing import assert_allclose

from reference.pytrees import as_tree, as_vector
from reference.taylor import linear_autoencoder
from reference.taylor.linear_autoencoder import Autoencoder
from reference.taylor.products import hessian

EXACT = 1e-10  # float64; curvatures down to 1e-8 are differences of numbers of order 1

autoencoder_loss = jax.jit(linear_autoencoder.autoencoder_loss)
curvature = jax.jit(linear_autoencoder.curvature)


def data(D, *, seed=0, num_examples=30):
    """Inputs whose principal components are well apart, along no axis."""
    rng = np.random.default_rng(seed)
    Q = np.linalg.qr(rng.normal(size=(D, D)))[0]
    return jnp.array(rng.normal(size=(num_examples, D)) * np.geomspace(3, 0.7, D) @ Q)


def rotation(angle, K, i, j):
    R = np.eye(K)
    R[[i, i, j, j], [i, j, i, j]] = np.cos(angle), np.sin(angle), -np.sin(angle), np.cos(angle)
    return R


def rotated(w, R):
    return Autoencoder(w.encoder @ R, R.T @ w.decoder)


PENALTIES = np.array([0.001, 0.002, 0.004])


def test_loss_is_a_mean_of_half_squares_and_ridge_penalties():
    X, rng = data(3, num_examples=5), np.random.default_rng(1)
    E, D = jnp.array(rng.normal(size=(3, 2))), jnp.array(rng.normal(size=(2, 3)))
    penalties = np.array([0.3, 0.7])
    expected = np.mean([np.sum((x - x @ E @ D) ** 2) / 2 for x in np.asarray(X)])
    for j in range(2):
        expected += penalties[j] / 2 * (E[:, j] @ E[:, j] + D[j] @ D[j])
    assert_allclose(autoencoder_loss(Autoencoder(E, D), X, penalties), expected, rtol=EXACT)


@pytest.mark.parametrize("penalties", [[0.01, 0.02, 0.03], [0.3, 0.1, 0.2], [0.5], [0.1, 50.0]])
def test_optimal_autoencoder_is_where_no_descent_from_random_starts_gets_below(penalties):
    X, penalties = data(4), jnp.array(penalties)
    w = linear_autoencoder.optimal_autoencoder(X, penalties)
    gradient = jax.jit(jax.grad(autoencoder_loss))(w, X, penalties)
    assert_allclose(as_vector(gradient), 0, atol=EXACT)
    value_and_gradient = jax.jit(
        jax.value_and_grad(lambda x: autoencoder_loss(as_tree(x, like=w), X, penalties))
    )
    rng, best = np.random.default_rng(0), autoencoder_loss(w, X, penalties)
    ends = [
        scipy.optimize.minimize(
            value_and_gradient, rng.normal(size=len(as_vector(w))), jac=True, tol=1e-12
        ).fun
        for _ in range(3)
    ]
    assert min(ends) > best - 1e-10
    assert_allclose(min(ends), best, rtol=1e-6)


def test_principal_components_are_those_of_the_singular_value_decomposition():
    X = data(5, num_examples=9)
    s, U = linear_autoencoder.principal_components(X, 3)
    _, singular_values, Vt = np.linalg.svd(X, full_matrices=False)
    assert_allclose(s, singular_values[:3] ** 2 / 9, rtol=EXACT)
    assert_allclose(np.abs(np.sum(U * Vt[:3].T, axis=0)), 1, rtol=EXACT)


def test_minimum_is_aligned_with_the_principal_directions_and_its_rotations_are_not():
    X = data(4)
    w = linear_autoencoder.optimal_autoencoder(X, jnp.array(PENALTIES))
    alignment = linear_autoencoder.principal_alignment(w.encoder, X)
    assert_allclose(alignment, 1, rtol=EXACT)
    turned = linear_autoencoder.principal_alignment(w.encoder @ rotation(np.pi / 4, 3, 0, 2), X)
    # a_0 and a_2 differ by the order of the penalties, 1e-3.
    assert_allclose(turned, [0.5, 1, 0.5], atol=2e-3)


@pytest.mark.parametrize("seed", range(2))
def test_curvatures_are_those_derived_in_closed_form(seed):
    X, penalties = data(4, seed=seed), jnp.array(PENALTIES)
    w = linear_autoencoder.optimal_autoencoder(X, penalties)
    s, _ = linear_autoencoder.principal_components(X, 3)
    growth = linear_autoencoder.growth_curvatures(s, penalties)
    turning = linear_autoencoder.rotation_curvatures(s, penalties)
    for j in range(3):
        along = linear_autoencoder.growth_direction(w, j)
        assert_allclose(curvature(w, along, X, penalties), growth[j], rtol=EXACT)
        along = linear_autoencoder.exchange_direction(w, j)
        assert_allclose(curvature(w, along, X, penalties), 2 * penalties[j], rtol=1e-8)
    for i, j in [(0, 1), (2, 0), (1, 2)]:
        along = linear_autoencoder.rotation_direction(w, i, j)
        # A sum of order 1 that cancels to 1e-6.
        assert_allclose(curvature(w, along, X, penalties), turning[i, j], rtol=1e-7)
    assert_allclose(jnp.diag(turning), 0)


def test_curvature_is_the_rayleigh_quotient_of_the_dense_hessian():
    X, penalties, rng = data(3), jnp.array([0.1, 0.2]), np.random.default_rng(3)
    w, v = (Autoencoder(*map(jnp.array, (rng.normal(size=(3, 2)), rng.normal(size=(2, 3)))))
            for _ in range(2))  # fmt: skip
    H = hessian(lambda w: autoencoder_loss(w, X, penalties), w)
    x = as_vector(v)
    assert_allclose(curvature(w, v, X, penalties), x @ H @ x / (x @ x), rtol=EXACT)


def test_growth_is_a_thousand_times_more_curved_than_rotation():
    X, penalties = data(4), jnp.array(PENALTIES)
    w = linear_autoencoder.optimal_autoencoder(X, penalties)
    growth = curvature(w, linear_autoencoder.growth_direction(w, 0), X, penalties)
    exchange = curvature(w, linear_autoencoder.exchange_direction(w, 0), X, penalties)
    turning = curvature(w, linear_autoencoder.rotation_direction(w, 0, 1), X, penalties)
    assert growth > 1e3 * exchange > 1e6 * turning > 0
    # So the Hessian's condition number is larger still.
    a = np.linalg.eigvalsh(hessian(lambda w: autoencoder_loss(w, X, penalties), w))
    assert a[-1] / a[0] > growth / turning


@pytest.mark.parametrize("move", ["growth_direction", "exchange_direction", "rotation_direction"])
def test_directions_are_derivatives_of_the_moves_that_they_name(move):
    rng, e = np.random.default_rng(4), 1e-5
    w = Autoencoder(jnp.array(rng.normal(size=(4, 3))), jnp.array(rng.normal(size=(3, 4))))
    scale = np.diag(np.exp([0.0, e, 0.0]))

    def moved(sign):
        if move == "rotation_direction":
            return rotated(w, rotation(sign * e, 3, 0, 2))
        M = jnp.array(np.linalg.matrix_power(scale, sign))
        back = M if move == "growth_direction" else jnp.linalg.inv(M)
        return Autoencoder(w.encoder @ M, back @ w.decoder)

    units = (0, 2) if move == "rotation_direction" else (1,)
    direction = getattr(linear_autoencoder, move)(w, *units)
    difference = (as_vector(moved(1)) - as_vector(moved(-1))) / (2 * e)
    assert_allclose(as_vector(direction), difference, atol=1e-8)


def test_equal_penalties_leave_the_rotations_flat():
    X, penalties = data(4), jnp.full(3, 0.01)
    w = linear_autoencoder.optimal_autoencoder(X, penalties)
    turned = rotated(w, rotation(0.7, 3, 0, 2))
    assert_allclose(
        autoencoder_loss(turned, X, penalties), autoencoder_loss(w, X, penalties), rtol=EXACT
    )
    along = linear_autoencoder.rotation_direction(w, 0, 2)
    assert_allclose(curvature(w, along, X, penalties), 0, atol=EXACT)


def test_descent_finds_the_subspace_at_once_and_the_axes_last():
    X, penalties = data(4), jnp.array([0.02, 0.04, 0.06])
    best = linear_autoencoder.optimal_autoencoder(X, penalties)
    start = rotated(best, rotation(0.8, 3, 0, 1))
    noise = np.random.default_rng(5).normal(size=24)
    start = as_tree(as_vector(start) + 0.1 * noise, like=start)

    @jax.jit
    def end(w):
        def step(_, w):
            gradient = jax.grad(autoencoder_loss)(w, X, penalties)
            return jax.tree.map(lambda w, g: w - 0.05 * g, w, gradient)

        return jax.lax.fori_loop(0, 1000, step, w)

    w = end(start)
    gaps = [autoencoder_loss(w, X, penalties) - autoencoder_loss(best, X, penalties)
            for w in (start, w)]  # fmt: skip
    assert 0 < gaps[1] < 1e-2 * gaps[0]
    alignment = linear_autoencoder.principal_alignment(w.encoder, X)
    assert alignment[0] < 0.8
    basis = np.linalg.qr(w.encoder)[0]
    assert_allclose(basis @ (basis.T @ best.encoder), best.encoder, atol=1e-3)
