"""Conjugate gradients against SciPy's, dense solves and the space that they search."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.sparse.linalg
from numpy.testing import assert_allclose

from reference.pytrees import as_tree, as_vector
from reference.taylor import conjugate_gradients
from reference.taylor.conjugate_gradients import Ending

EXACT = 1e-10  # float64 and condition numbers below 1e3

conjugate_gradient = conjugate_gradients.conjugate_gradient
conjugate_gradient_iterates = conjugate_gradients.conjugate_gradient_iterates


def system(eigenvalues, *, seed=0):
    """A with these eigenvalues, and any b."""
    rng, D = np.random.default_rng(seed), len(eigenvalues)
    Q = np.linalg.qr(rng.normal(size=(D, D)))[0]
    return Q * np.array(eigenvalues) @ Q.T, rng.normal(size=D)


@partial(jax.jit, static_argnums=2)
def krylov_iterates(A, b, num_steps):
    return conjugate_gradient_iterates(lambda x: A @ x, b, num_steps)


@pytest.mark.parametrize("preconditioned", [False, True])
@pytest.mark.parametrize("eigenvalues", [np.geomspace(1, 30, 12), [7.0], np.linspace(1, 2, 5)])
def test_conjugate_gradient_takes_the_steps_of_scipy(eigenvalues, preconditioned):
    A, b = system(eigenvalues)
    x_0, M_inverse, steps = np.ones_like(b), np.diag(1 / np.diag(A)), []
    expected, _ = scipy.sparse.linalg.cg(
        A, b, x_0, rtol=1e-8, M=M_inverse if preconditioned else None, callback=steps.append
    )
    result = conjugate_gradient(
        lambda x: A @ x,
        b,
        x_0,
        tolerance=1e-8,
        max_steps=100,
        preconditioner=(lambda r: M_inverse @ r) if preconditioned else None,
    )
    assert result.steps == len(steps)
    assert result.ending == Ending.CONVERGED
    # Rounding separates the two by kappa^2 eps a step, below 1e-11.
    assert_allclose(result.solution, expected, atol=EXACT)
    assert_allclose(result.residual_norm, np.linalg.norm(b - A @ result.solution), rtol=1e-4)
    assert result.residual_norm <= 1.01e-8 * np.linalg.norm(b)


def nan_after_one_step(x):
    return jnp.where(jnp.abs(x[1]) > 2, jnp.nan, x * jnp.array([1.0, 3.0]))


@pytest.mark.parametrize(
    ("matvec", "b", "ending", "steps"),
    [
        (lambda x: x * jnp.array([1.0, 3.0]), [1.0, 1.0], Ending.CONVERGED, 2),
        (lambda x: x * jnp.array([1.0, 3.0]), [0.0, 0.0], Ending.CONVERGED, 0),
        (lambda x: x * jnp.array([1.0, 0.0]), [2.0, 0.0], Ending.CONVERGED, 1),
        (lambda x: x * jnp.arange(1.0, 41), [1.0] * 40, Ending.STEP_LIMIT, 5),
        (lambda x: x * jnp.array([1.0, -3.0]), [1.0, 1.0], Ending.NONPOSITIVE_CURVATURE, 0),
        (lambda x: x * jnp.array([4.0, -1.0]), [1.0, 1.0], Ending.NONPOSITIVE_CURVATURE, 1),
        (lambda x: x * jnp.array([1.0, 0.0]), [0.0, 1.0], Ending.NONPOSITIVE_CURVATURE, 0),
        (lambda x: x * jnp.nan, [1.0, 1.0], Ending.NOT_FINITE, 0),
        (lambda x: x, [jnp.nan, 1.0], Ending.NOT_FINITE, 0),
    ],
)
def test_conjugate_gradient_says_how_it_ended(matvec, b, ending, steps):
    b = jnp.array(b)
    result = conjugate_gradient(matvec, b, tolerance=1e-10, max_steps=5)
    assert (Ending(int(result.ending)), int(result.steps)) == (ending, steps)
    assert np.all(np.isfinite(result.solution))


def test_conjugate_gradient_needs_no_step_from_the_solution_and_one_with_the_inverse():
    A, b = system([1.0, 5.0, 30.0])
    x = np.linalg.solve(A, b)
    options = {"tolerance": 1e-10, "max_steps": 50}
    assert conjugate_gradient(lambda x: A @ x, b, x, **options).steps == 0
    inverse = np.linalg.inv(A)
    result = conjugate_gradient(lambda x: A @ x, b, preconditioner=lambda r: inverse @ r, **options)
    assert result.steps == 1


def test_conjugate_gradient_solves_on_pytrees_under_jit():
    A, b = map(jnp.array, system(np.geomspace(1, 50, 7)))
    tree = as_tree(b, like={"W": jnp.zeros((3, 2)), "bias": jnp.zeros(())})
    result = jax.jit(
        lambda b: conjugate_gradient(
            lambda x: as_tree(A @ as_vector(x), like=x), b, tolerance=1e-12, max_steps=200
        )
    )(tree)
    assert jax.tree.map(jnp.shape, result.solution) == jax.tree.map(jnp.shape, tree)
    assert_allclose(as_vector(result.solution), np.linalg.solve(A, b), atol=EXACT)


def test_float32_residual_norm_is_the_true_one_and_not_that_of_the_recurrence():
    A, b = (jnp.asarray(x, jnp.float32) for x in system(np.geomspace(1e-3, 1, 10)))
    result = conjugate_gradient(lambda x: A @ x, b, tolerance=1e-9, max_steps=500)
    assert result.ending == Ending.CONVERGED
    x = np.asarray(result.solution, float)
    true_norm = np.linalg.norm(np.asarray(b, float) - np.asarray(A, float) @ x)
    assert true_norm > 1e-8 * np.linalg.norm(b)
    # The true residual is itself a rounding error, so its size alone is determined.
    assert true_norm / 10 < result.residual_norm < 10 * true_norm


@pytest.mark.parametrize("seed", range(3))
def test_iterates_are_optimal_over_the_krylov_space(seed):
    A, b = system(np.geomspace(1, 20, 6), seed=seed)
    iterates = krylov_iterates(A, b, 6)
    krylov = np.stack([np.linalg.matrix_power(A, k) @ b for k in range(6)], axis=1)
    for k in range(1, 7):
        K = np.linalg.qr(krylov[:, :k])[0]
        best = K @ np.linalg.solve(K.T @ A @ K, K.T @ b)
        # Powers of A lose kappa^5 / 1e6 of the digits of the oracle.
        assert_allclose(iterates[k], best, atol=1e-8)
    assert_allclose(iterates[0], 0)


@pytest.mark.parametrize("num_distinct", [1, 2, 4])
def test_iterates_reach_the_solution_in_as_many_steps_as_distinct_eigenvalues(num_distinct):
    A, b = system(np.repeat(np.arange(1.0, num_distinct + 1), 3))
    iterates = krylov_iterates(A, b, num_distinct)
    solution = np.linalg.solve(A, b)
    assert_allclose(iterates[-1], solution, atol=EXACT)
    assert np.abs(iterates[-2] - solution).max() > 1e-2


@pytest.mark.parametrize("condition_number", [4.0, 400.0])
def test_errors_fall_monotonically_and_below_the_bound(condition_number):
    A, b = system(np.geomspace(1, condition_number, 30))
    errors = krylov_iterates(A, b, 25) - np.linalg.solve(A, b)
    norms = np.sqrt(np.einsum("td,de,te->t", errors, A, errors))
    bounds = norms[0] * conjugate_gradients.conjugate_gradient_bound(condition_number, 25)
    assert np.all((np.diff(norms) < 0) | (norms[1:] < 1e-12))
    assert np.all(norms <= bounds + 1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("eigenvalues", [[1.0, 2.0, 3.0], [0.0, 1.0, 5.0], [1.0] * 4, [1e-3, 1.0]])
def test_iterates_stay_at_the_solution_long_after_they_reach_it(eigenvalues, dtype):
    A, x = system(eigenvalues)
    b = A @ x
    A, b = jnp.asarray(A, dtype), jnp.asarray(b, dtype)
    iterates = krylov_iterates(A, b, 100)
    assert iterates.dtype == dtype
    # Rounding enters x times the smallest positive eigenvalue's inverse, 1e3 at worst.
    tolerance = 2e4 * float(jnp.finfo(dtype).eps)
    expected = np.linalg.lstsq(np.asarray(A, float), np.asarray(b, float), rcond=1e-6)[0]
    assert_allclose(iterates[10:], np.broadcast_to(expected, (91, len(b))), atol=tolerance)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_iterates_from_a_zero_right_side_are_zero(dtype):
    iterates = conjugate_gradient_iterates(lambda x: 2 * x, jnp.zeros(3, dtype), 4)
    assert iterates.shape == (5, 3)
    assert_allclose(iterates, 0)
