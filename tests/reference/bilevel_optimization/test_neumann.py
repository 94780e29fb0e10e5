"""Lecture 11: Neumann series against dense powers, exact solves and unrolled descent."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from reference.bilevel_optimization import implicit, neumann
from reference.pytrees import as_vector

EXACT = 1e-10  # float64; sums of at most a few hundred terms of order 1


def system(eigenvalues, *, seed=0):
    """H with these eigenvalues, and any v."""
    rng, D = np.random.default_rng(seed), len(eigenvalues)
    Q = np.linalg.qr(rng.normal(size=(D, D)))[0]
    return Q * np.array(eigenvalues) @ Q.T, rng.normal(size=D)


@partial(jax.jit, static_argnums=3)
def inverse_product(H, v, step_size, num_terms):
    return neumann.neumann_inverse_product(lambda x: H @ x, v, step_size, num_terms)


def regression(seed):
    """L_t and L_v of a regression with a penalty a weight, theta, and the minimiser w*."""
    rng = np.random.default_rng(seed)
    Phi, t = rng.normal(size=(8, 3)), rng.normal(size=8)

    def inner_loss(w, theta):
        return jnp.mean((Phi @ w["w"] - t) ** 2) / 2 + jnp.exp(theta) @ w["w"] ** 2 / 2

    def outer_loss(w, theta):
        return jnp.sum(jnp.cos(w["w"])) + theta @ theta

    theta = rng.normal(size=3)
    H = Phi.T @ Phi / 8 + np.diag(np.exp(theta))
    w = {"w": np.linalg.solve(H, Phi.T @ t / 8)}
    return inner_loss, outer_loss, w, theta, H


@pytest.mark.parametrize("num_terms", [0, 1, 7])
@pytest.mark.parametrize("eigenvalues", [[0.7], [0.2, 1.0, 3.0], [0.0, 1.0, 2.0]])
def test_sum_is_that_of_dense_powers_and_the_residual_the_true_one(eigenvalues, num_terms):
    H, v = system(eigenvalues)
    result = inverse_product(H, v, 0.4, num_terms)
    factor = np.eye(len(H)) - 0.4 * np.asarray(H)
    powers = [np.linalg.matrix_power(factor, j) @ v for j in range(num_terms)]
    assert_allclose(result.solution, 0.4 * np.sum(powers, axis=0) + 0 * v, atol=EXACT)
    assert_allclose(result.residual_norm, np.linalg.norm(v - H @ result.solution), atol=EXACT)


def test_series_tends_to_the_inverse_of_a_tree_shaped_system_in_float32_too():
    H, v = system([0.5, 1.0, 1.5, 2.0])
    H, v = H.astype("float32"), v.astype("float32")

    def matvec(x):
        y = H @ jnp.concatenate([x["a"], x["b"]])
        return {"a": y[:1], "b": y[1:]}

    tree = {"a": v[:1], "b": v[1:]}
    result = jax.jit(lambda v: neumann.neumann_inverse_product(matvec, v, 0.5, 100))(tree)
    assert result.solution["a"].dtype == jnp.float32
    # 0.75^100 = 3e-13 of truncation; float32 rounding of 100 terms is what is left.
    assert_allclose(as_vector(result.solution), np.linalg.solve(H, v), rtol=1e-4)


def test_series_diverges_and_says_so_beyond_the_largest_step_size():
    H, v = system([1.0, 4.0])
    below, above = (inverse_product(H, v, step_size, 200) for step_size in (0.49, 0.51))
    assert below.residual_norm < np.linalg.norm(v) / 10
    assert above.residual_norm > np.linalg.norm(v)


@pytest.mark.parametrize("num_terms", [1, 5])
def test_shrinkage_is_what_the_series_does_to_each_eigenvector(num_terms):
    h = np.array([0.1, 1.0, 2.5])
    H, v = system(h)
    Q = np.linalg.eigh(H)[1]
    p = inverse_product(H, v, 0.6, num_terms).solution
    shrinkage = neumann.neumann_shrinkage(jnp.array(h), 0.6, num_terms)
    assert_allclose(Q.T @ p, shrinkage / h * (Q.T @ v), atol=EXACT)


@pytest.mark.parametrize("num_terms", [0, 1, 6])
def test_hypergradient_is_that_of_descent_unrolled_from_the_optimum(num_terms):
    inner_loss, outer_loss, w, theta, _ = regression(0)

    def unrolled(theta):
        u = w
        for _ in range(num_terms):
            gradient = jax.grad(inner_loss)(u, theta)
            u = jax.tree.map(lambda u, g: u - 0.3 * g, u, gradient)
        return outer_loss(u, theta)

    @jax.jit
    def both(theta):
        result = neumann.neumann_hypergradient(inner_loss, outer_loss, w, theta, 0.3, num_terms)
        return result.hypergradient, jax.grad(unrolled)(theta)

    assert_allclose(*both(theta), atol=EXACT)


@pytest.mark.parametrize("seed", range(2))
def test_hypergradient_tends_to_the_exact_one_and_its_residual_to_zero(seed):
    inner_loss, outer_loss, w, theta, H = regression(seed)
    step_size = 1 / np.linalg.eigvalsh(H)[-1]

    @jax.jit
    def hypergradients(w, theta):
        of = partial(neumann.neumann_hypergradient, inner_loss, outer_loss, w, theta, step_size)
        return of(3), of(2000), implicit.dense_hypergradient(inner_loss, outer_loss, w, theta)

    few, many, expected = hypergradients(w, theta)
    # Eigenvalues within a factor of 50 of each other: 2000 terms leave 0.98^2000 = 1e-18.
    assert_allclose(many.hypergradient, expected, atol=1e-8)
    assert many.residual_norm < 1e-9 < few.residual_norm
    assert_allclose(H @ many.inverse_product["w"], -np.sin(w["w"]), atol=1e-8)
