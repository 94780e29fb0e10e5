"""Lecture 4: Kronecker algebra against dense matrices over the row-major ravel of W."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from reference.second_order import kronecker_products
from reference.second_order.kronecker_products import Factors

EXACT = 1e-9  # float64; dense solves with condition numbers below 1e4
SHAPES = [(3, 2), (2, 4), (1, 3), (4, 1)]

kronecker_vector_product = jax.jit(kronecker_products.kronecker_vector_product)
damping_ratio = jax.jit(kronecker_products.damping_ratio)
damped_factors = jax.jit(kronecker_products.damped_factors)
preconditioned_gradient = jax.jit(kronecker_products.preconditioned_gradient)
exactly_damped_gradient = jax.jit(kronecker_products.exactly_damped_gradient)


def layer(shape, *, seed=0):
    """Factors of unequal scale, and a gradient."""
    rng = np.random.default_rng(seed)
    A, G = (rng.normal(size=(n, n + 2)) for n in shape)
    return Factors(jnp.array(5 * A @ A.T), jnp.array(0.1 * G @ G.T)), rng.normal(size=shape)


def dense(factors):
    """A (x) G, an entry at a time from its definition."""
    A, G = np.asarray(factors.A), np.asarray(factors.G)
    P = len(A) * len(G)
    rows = [(i, o) for i in range(len(A)) for o in range(len(G))]
    return np.array([[A[i, j] * G[o, p] for j, p in rows] for i, o in rows]).reshape(P, P)


@pytest.mark.parametrize("shape", SHAPES)
def test_kronecker_matrix_acts_on_the_row_major_ravel(shape):
    factors, V = layer(shape)
    K = kronecker_products.kronecker_matrix(factors)
    assert_allclose(K, dense(factors), rtol=EXACT)
    product = kronecker_vector_product(factors, V)
    assert_allclose(product.ravel(), dense(factors) @ V.ravel(), rtol=EXACT)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("damping", [1e-3, 0.5, 100.0])
def test_preconditioned_gradient_inverts_the_product_of_the_damped_factors(shape, damping):
    factors, V = layer(shape, seed=1)
    A, G = (np.asarray(factor) for factor in factors)
    pi = np.sqrt((np.trace(A) / len(A)) / (np.trace(G) / len(G)))
    I_A, I_G, root = np.eye(len(A)), np.eye(len(G)), np.sqrt(damping)
    # The expansion in the module's docstring, each term dense.
    K = dense(factors) + damping * np.eye(V.size)
    K += root * (pi * np.kron(I_A, G) + np.kron(A, I_G) / pi)
    assert_allclose(dense(damped_factors(factors, damping)), K, rtol=EXACT, atol=EXACT)
    direction = preconditioned_gradient(factors, V, damping=damping)
    assert_allclose(direction.ravel(), np.linalg.solve(K, V.ravel()), rtol=1e-7)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("damping", [1e-3, 0.5, 100.0])
def test_exactly_damped_gradient_inverts_the_damped_product(shape, damping):
    factors, V = layer(shape, seed=2)
    K = dense(factors) + damping * np.eye(V.size)
    direction = exactly_damped_gradient(factors, V, damping=damping)
    assert_allclose(direction.ravel(), np.linalg.solve(K, V.ravel()), rtol=1e-7)


@pytest.mark.parametrize(
    ("damping", "least", "most"), [(1e-9, 0, 1e-2), (0.5, 0.3, 1), (1e9, 0, 1e-2)]
)
def test_factored_damping_differs_from_exact_damping_but_in_the_limits(damping, least, most):
    factors, V = layer((3, 2), seed=3)
    exact = exactly_damped_gradient(factors, V, damping=damping)
    factored = preconditioned_gradient(factors, V, damping=damping)
    assert least <= np.linalg.norm(factored - exact) / np.linalg.norm(exact) <= most
    assert np.linalg.norm(factored) <= np.linalg.norm(exact)


@pytest.mark.parametrize("scale", [1e-3, 7.0])
def test_scale_moved_between_the_factors_changes_nothing(scale):
    factors, V = layer((3, 2), seed=4)
    moved = Factors(scale * factors.A, factors.G / scale)
    assert_allclose(damping_ratio(moved), scale * damping_ratio(factors), rtol=EXACT)
    expected = preconditioned_gradient(factors, V, damping=0.3)
    assert_allclose(preconditioned_gradient(moved, V, damping=0.3), expected, rtol=EXACT)


def test_damping_ratio_minimises_the_trace_of_the_excess():
    factors, _ = layer((4, 2), seed=5)
    A, G, pi = np.asarray(factors.A), np.asarray(factors.G), float(damping_ratio(factors))

    def excess(pi):
        return np.trace(pi * np.kron(np.eye(4), G) + np.kron(A, np.eye(2)) / pi)

    assert excess(pi) < min(excess(0.99 * pi), excess(1.01 * pi))


@pytest.mark.parametrize("vanishing", ["A", "G"])
def test_layer_without_curvature_is_damped_evenly(vanishing):
    factors, V = layer((3, 2), seed=6)
    factors = factors._replace(**{vanishing: jnp.zeros_like(getattr(factors, vanishing))})
    assert_allclose(damping_ratio(factors), 1, rtol=EXACT)
    assert np.all(np.isfinite(preconditioned_gradient(factors, V, damping=0.3)))
