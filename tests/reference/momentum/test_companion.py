"""Two-step recursions against LAPACK's eigenvalues and against the recursion itself."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from reference.momentum import companion

EXACT = 1e-10  # float64, no double roots
eigenvalues = jax.jit(companion.companion_eigenvalues)
spectral_radius = jax.jit(companion.spectral_radius, static_argnames="num_squarings")


def any_matrix(D, *, seed, complex_entries=False):
    rng = np.random.default_rng(seed)
    M = rng.normal(size=(D, D))
    return M + 1j * rng.normal(size=(D, D)) if complex_entries else M


def ordered(z):
    """By imaginary parts, real roots by real parts; no rounding can swap those of a pair."""
    z = np.asarray(z)
    return np.take_along_axis(
        z, np.argsort(np.imag(z) + 1e-3 * np.real(z) * (np.imag(z) == 0), axis=1), 1
    )


def test_companion_matrices_advance_the_recursion():
    p, q = np.array([1.5, -0.3, 0.0]), np.array([0.7, 0.2, -1.0])
    x = [np.array([1.0, 2.0, 3.0]), np.array([0.5, -1.0, 2.0])]
    for _ in range(5):
        x.append(p * x[-1] - q * x[-2])
    pairs = np.stack([x[1], x[0]], axis=1)
    C = companion.companion_matrices(jnp.array(p), jnp.array(q))
    advanced = np.einsum("dij,dj->di", np.linalg.matrix_power(C, 5), pairs)
    assert_allclose(advanced, np.stack([x[6], x[5]], axis=1), rtol=EXACT)


@pytest.mark.parametrize("seed", range(3))
def test_companion_eigenvalues_are_those_of_the_matrices(seed):
    p, q = np.random.default_rng(seed).normal(size=(2, 7))
    found = eigenvalues(p, q)
    assert found.dtype == jnp.complex128
    C = companion.companion_matrices(jnp.array(p), jnp.array(q))
    assert_allclose(ordered(found), ordered(np.linalg.eigvals(C)), atol=EXACT)
    assert np.all(np.abs(found[:, 0]) >= np.abs(found[:, 1]) - EXACT)


def test_a_small_root_beside_a_large_one_keeps_its_digits():
    p, q = np.array([1.0, -1.0, 0.0]), np.array([1e-18, 1e-18, 0.0])
    # p/2 - sqrt(p^2/4 - q) would be 0 in the first two.
    assert_allclose(eigenvalues(p, q)[:, 1], [1e-18, -1e-18, 0.0], rtol=EXACT)


@pytest.mark.parametrize("complex_entries", [False, True])
@pytest.mark.parametrize("D", [1, 2, 5, 9])
def test_spectral_radius_is_that_of_lapack(D, complex_entries):
    M = any_matrix(D, seed=D, complex_entries=complex_entries)
    expected = np.abs(np.linalg.eigvals(M)).max()
    for scale in [1.0, 1e-30, 1e30]:
        assert_allclose(spectral_radius(scale * M), scale * expected, rtol=1e-9)


def test_spectral_radius_of_rotations_double_roots_and_nilpotent_matrices():
    turn = 0.7 * np.array([[np.cos(1), -np.sin(1)], [np.sin(1), np.cos(1)]])
    assert_allclose(spectral_radius(turn), 0.7, rtol=EXACT)
    # |M^k|^{1/k} exceeds the radius by log(k)/k = 3e-11.
    assert_allclose(spectral_radius(np.array([[0.5, 1.0], [0.0, 0.5]])), 0.5, rtol=1e-9)
    assert_allclose(spectral_radius(np.array([[0.0, 1.0], [0.0, 0.0]])), 0)


def test_few_squarings_give_a_root_of_a_norm():
    M = any_matrix(3, seed=0)
    norm = np.linalg.norm(np.linalg.matrix_power(M, 8))
    assert_allclose(spectral_radius(M, num_squarings=3), norm ** (1 / 8), rtol=EXACT)
