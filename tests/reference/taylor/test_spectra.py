"""Eigenvalues and densities from products alone, against `eigh` and matfree."""

from functools import partial

import jax
import jax.numpy as jnp
import matfree.decomp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from reference.pytrees import as_tree, as_vector
from reference.taylor import spectra
from reference.taylor.conjugate_gradients import Ending

EXACT = 1e-10  # float64 and matrices of norm below 100


def symmetric(eigenvalues, *, seed=0):
    """A with these eigenvalues, and any v."""
    rng, P = np.random.default_rng(seed), len(eigenvalues)
    Q = np.linalg.qr(rng.normal(size=(P, P)))[0]
    return jnp.array(Q * np.array(eigenvalues) @ Q.T), jnp.array(rng.normal(size=P))


@partial(jax.jit, static_argnames=("tolerance", "max_steps"))
def power_iteration(A, v, *, tolerance, max_steps):
    return spectra.power_iteration(lambda v: A @ v, v, tolerance=tolerance, max_steps=max_steps)


@partial(jax.jit, static_argnums=2)
def lanczos_decomposition(A, v, num_steps):
    return spectra.lanczos_decomposition(lambda v: A @ v, v, num_steps)


@partial(jax.jit, static_argnums=2)
def gauss_quadrature(A, v, num_steps):
    return spectra.gauss_quadrature(lambda v: A @ v, v, num_steps)


@partial(jax.jit, static_argnames=("num_probes", "num_steps"))
def spectral_density(A, key, *, num_probes, num_steps):
    return spectra.spectral_density(
        lambda v: A @ v, A[0], key, num_probes=num_probes, num_steps=num_steps
    )


# --- One eigenvalue ------------------------------------------------------------------------------


@pytest.mark.parametrize("eigenvalues", [[1.0, 2.0, 5.0], [-7.0, 3.0, 4.0, 1.0], [2.0]])
def test_power_iteration_finds_the_largest_in_absolute_value(eigenvalues):
    A, v = symmetric(eigenvalues)
    result = power_iteration(A, v, tolerance=1e-9, max_steps=200)
    assert result.ending == Ending.CONVERGED
    assert_allclose(result.eigenvalue, max(eigenvalues, key=abs), rtol=EXACT)
    assert_allclose(jnp.linalg.norm(result.eigenvector), 1, rtol=EXACT)
    assert_allclose(A @ result.eigenvector, result.eigenvalue * result.eigenvector, atol=1e-8)
    residual = A @ result.eigenvector - result.eigenvalue * result.eigenvector
    assert_allclose(result.residual_norm, np.linalg.norm(residual), rtol=1e-5)


def test_error_of_the_eigenvalue_falls_by_the_squared_ratio_of_eigenvalues():
    A, v = symmetric([1.0, 4.0, 5.0])
    ends = [power_iteration(A, v, tolerance=0.0, max_steps=k).eigenvalue for k in (30, 31)]
    # The third eigenvector's share is by then (1/4)^60 of the second's.
    assert_allclose((5 - ends[1]) / (5 - ends[0]), 0.8**2, rtol=1e-4)


@pytest.mark.parametrize(
    ("diagonal", "ending", "steps"),
    [
        ([1.0, -1.0], Ending.STEP_LIMIT, 7),  # no eigenvalue is the largest
        ([1.0, 0.999], Ending.STEP_LIMIT, 7),
        ([2.0, 2.0], Ending.CONVERGED, 0),
        ([0.0, 0.0], Ending.CONVERGED, 0),
        ([3.0, 0.0], Ending.CONVERGED, 1),
        ([np.nan, 1.0], Ending.NOT_FINITE, 0),
        ([np.inf, 1.0], Ending.NOT_FINITE, 0),
    ],
)
def test_power_iteration_says_how_it_ended(diagonal, ending, steps):
    result = power_iteration(
        jnp.diag(jnp.array(diagonal)), jnp.array([1.0, 2.0]), tolerance=1e-9, max_steps=7
    )
    assert (Ending(int(result.ending)), int(result.steps)) == (ending, steps)


def test_rayleigh_quotient_lies_between_the_eigenvalues_whatever_the_length():
    A, v = symmetric([1.0, 2.0, 5.0])
    quotient = spectra.rayleigh_quotient(lambda v: A @ v, v)
    assert_allclose(quotient, v @ A @ v / (v @ v), rtol=EXACT)
    assert_allclose(spectra.rayleigh_quotient(lambda v: A @ v, 9 * v), quotient, rtol=EXACT)
    assert 1 < quotient < 5


# --- Lanczos -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("size", "num_steps"), [(9, 4), (5, 5), (5, 1)])
def test_lanczos_makes_the_matrix_tridiagonal_in_an_orthonormal_basis(size, num_steps):
    A, v = symmetric(np.linspace(-3, 20, size))
    lanczos = lanczos_decomposition(A, v, num_steps)
    Q = np.asarray(lanczos.basis)
    T = np.asarray(spectra.tridiagonal_matrix(lanczos.diagonal, lanczos.off_diagonal))
    assert lanczos.dimension == num_steps
    assert_allclose(Q[0], v / jnp.linalg.norm(v), atol=EXACT)
    assert_allclose(Q @ Q.T, np.eye(num_steps), atol=EXACT)
    assert_allclose(Q @ A @ Q.T, T, atol=EXACT)
    rest = A @ Q.T - Q.T @ T
    assert_allclose(rest[:, :-1], 0, atol=EXACT)
    assert_allclose(np.linalg.norm(rest[:, -1]), lanczos.residual_norm, atol=EXACT)


def test_lanczos_is_that_of_matfree():
    num_steps = 5
    A, v = symmetric(np.geomspace(1, 40, 8), seed=1)
    peer = matfree.decomp.tridiag_sym(num_steps, materialize=True, custom_vjp=False)
    expected = jax.jit(lambda v: peer(lambda x: A @ x, v))(v)
    lanczos = lanczos_decomposition(A, v, num_steps)
    T = spectra.tridiagonal_matrix(lanczos.diagonal, lanczos.off_diagonal)
    assert_allclose(T, expected.J_small, atol=1e-8)
    assert_allclose(lanczos.basis, expected.Q_tall, atol=1e-8)


def test_basis_stays_orthonormal_long_after_eigenvalues_have_converged():
    A, v = symmetric(np.append(np.linspace(0, 1, 39), 1000.0))
    Q = lanczos_decomposition(A, v, 40).basis
    # Without orthogonalising against all rows the last ones are far from it.
    assert_allclose(Q @ Q.T, np.eye(40), atol=EXACT)


@pytest.mark.parametrize(
    ("eigenvalues", "dimension", "dtype"),
    [
        ([1.0, 1.0, 1.0, 2.0, 2.0], 2, "float32"),
        ([1.0, 1.0, 1.0, 2.0, 2.0], 2, "float64"),
        ([0.0] * 3, 1, "float32"),
        ([5.0, 6.0], 2, "float64"),
    ],
)
def test_an_exhausted_krylov_space_leaves_zeros(eigenvalues, dimension, dtype):
    A, v = symmetric(eigenvalues)
    lanczos = lanczos_decomposition(A.astype(dtype), v.astype(dtype), 7)
    assert lanczos.dimension == dimension
    assert lanczos.basis.dtype == dtype
    assert_allclose(lanczos.basis[dimension:], 0)
    assert_allclose(lanczos.diagonal[dimension:], 0)
    assert_allclose(lanczos.off_diagonal[dimension - 1 :], 0)
    assert_allclose(lanczos.residual_norm, 0)


def test_lanczos_works_on_trees_as_on_their_vectors():
    A, v = symmetric([1.0, 2.0, 5.0, 7.0])
    tree = as_tree(v, like={"W": jnp.zeros((1, 3)), "bias": jnp.zeros(())})
    of_tree = jax.jit(
        lambda v: spectra.lanczos_decomposition(lambda x: as_tree(A @ as_vector(x), like=x), v, 3)
    )(tree)
    jax.tree.map(partial(assert_allclose, atol=EXACT), of_tree, lanczos_decomposition(A, v, 3))


# --- Quadrature and density ----------------------------------------------------------------------


@pytest.mark.parametrize("num_steps", [1, 3])
def test_gauss_quadrature_is_exact_up_to_twice_the_steps_less_one_and_no_further(num_steps):
    A, v = symmetric([-1.0, 0.3, 1.0, 1.5, 2.0, -1.8])
    nodes, weights = gauss_quadrature(A, v, num_steps)
    for k in range(2 * num_steps + 1):
        moment = v @ np.linalg.matrix_power(A, k) @ v
        exact = np.isclose(np.sum(weights * nodes**k), moment, rtol=1e-9, atol=1e-9)
        assert exact == (k < 2 * num_steps)


def test_gauss_quadrature_is_exact_for_all_functions_once_the_space_is_exhausted():
    eigenvalues = np.array([1.0, 1.0, 3.0, -2.0, 3.0])
    A, v = symmetric(eigenvalues)
    nodes, weights = gauss_quadrature(A, v, 5)
    a, Q = np.linalg.eigh(A)
    assert_allclose(np.sum(weights * np.exp(nodes)), np.exp(a) @ (Q.T @ v) ** 2, rtol=1e-9)


def test_every_probe_is_exact_for_a_diagonal_matrix():
    a = np.array([1.0, 2.0, 4.0, 8.0])
    density = spectral_density(jnp.diag(a), jax.random.key(0), num_probes=2, num_steps=4)
    assert_allclose(density.nodes, [a, a], rtol=EXACT)
    assert_allclose(density.weights, np.full((2, 4), 1 / 8), rtol=EXACT)


def test_spectral_density_estimates_traces_without_bias():
    a = np.geomspace(0.1, 3, 12)
    A, _ = symmetric(a)
    density = spectral_density(A, jax.random.key(1), num_probes=500, num_steps=3)
    assert_allclose(np.sum(density.weights), 1, rtol=EXACT)
    for k in range(1, 6):  # 2 M - 1 = 5
        estimates = np.sum(500 * density.weights * density.nodes**k, axis=1)
        standard_error = estimates.std() / 500**0.5
        assert standard_error > 0
        assert abs(estimates.mean() - np.mean(a**k)) < 4 * standard_error


def test_moments_of_the_density_are_traces_of_powers_over_the_dimension():
    a = np.array([1.0, 2.0, 4.0])
    density = spectral_density(jnp.diag(a), jax.random.key(0), num_probes=3, num_steps=3)
    moments = spectra.spectral_moments(density, 5)
    assert_allclose(moments, [np.mean(a**k) for k in range(5)], rtol=EXACT)


def test_smoothed_density_integrates_to_one_and_is_wider_by_its_kernel():
    a = np.array([1.0, 2.0, 4.0])
    density = spectral_density(jnp.diag(a), jax.random.key(0), num_probes=3, num_steps=3)
    x = jnp.linspace(-3, 8, 2001)  # 8 widths beyond the ends
    curve = np.asarray(spectra.smoothed_density(density, x, 0.5))
    dx = 11 / 2000
    assert_allclose(curve.sum() * dx, 1, rtol=1e-9)
    assert_allclose((curve * x).sum() * dx, a.mean(), rtol=1e-9)
    assert_allclose((curve * (x - a.mean()) ** 2).sum() * dx, a.var() + 0.25, rtol=1e-9)
