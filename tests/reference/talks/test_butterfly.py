"""Monarch matrices against dense permutations and blocks, LAPACK's projections and the FFT."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.linalg import block_diag

from reference.talks import butterfly

EXACT = 1e-12  # a few sums of float64 products
monarch_product = jax.jit(butterfly.monarch_product)
monarch_matrix = jax.jit(butterfly.monarch_matrix)
monarch_projection = jax.jit(butterfly.monarch_projection, static_argnums=(1, 2))

# A, J, K, I: L is (J, A, K) and R is (K, J, I).
SIZES = [(3, 3, 3, 3), (2, 3, 4, 5), (1, 4, 2, 3), (4, 1, 1, 2)]


def factors(sizes, *, seed=0):
    rng, (A, J, K, I) = np.random.default_rng(seed), sizes  # noqa: E741
    return rng.normal(size=(J, A, K)), rng.normal(size=(K, J, I))


def transposition(num_rows, num_columns):
    """The permutation matrix that takes the entry (a, j) of a matrix to (j, a)."""
    order = np.arange(num_rows * num_columns).reshape(num_rows, num_columns).T.ravel()
    return np.asarray(np.eye(num_rows * num_columns)[order])


@pytest.mark.parametrize("sizes", SIZES)
def test_matrix_is_the_product_of_permutations_and_block_diagonals(sizes):
    L, R = factors(sizes)
    A, J, K, _ = sizes
    dense = (
        transposition(A, J).T  # P: (j, a) to (a, j)
        @ np.asarray(block_diag(*L))
        @ transposition(K, J)  # P^T: (k, j) to (j, k)
        @ np.asarray(block_diag(*R))
    )
    assert_allclose(monarch_matrix(L, R), dense, atol=EXACT)


@pytest.mark.parametrize("sizes", SIZES)
def test_product_is_that_of_the_matrix(sizes):
    L, R = factors(sizes)
    x = np.random.default_rng(1).normal(size=sizes[2] * sizes[3])
    assert_allclose(monarch_product(L, R, x), monarch_matrix(L, R) @ x, atol=EXACT)


@pytest.mark.parametrize("sizes", SIZES)
def test_projection_gives_a_monarch_matrix_back(sizes):
    M = monarch_matrix(*factors(sizes))
    L, R = monarch_projection(M, sizes[1], sizes[2])
    assert_allclose(monarch_matrix(L, R), M, atol=EXACT)


@pytest.mark.parametrize("sizes", SIZES)
def test_projection_leaves_the_smaller_singular_values_of_the_blocks(sizes):
    A, J, K, I = sizes  # noqa: E741
    M = np.random.default_rng(2).normal(size=(A * J, K * I))
    L, R = monarch_projection(M, J, K)
    # Block (j, k): every J-th row from j, and I columns in a row.
    blocks = [M[j::J, k * I : (k + 1) * I] for j in range(J) for k in range(K)]
    left = sum(np.sum(np.linalg.svd(block, compute_uv=False)[1:] ** 2) for block in blocks)
    assert_allclose(np.sum((M - np.asarray(monarch_matrix(L, R))) ** 2), left, atol=EXACT)


@pytest.mark.parametrize(("num_blocks", "block_size"), [(4, 4), (2, 6), (5, 3)])
def test_fourier_transform_is_a_monarch_matrix_with_its_columns_permuted(num_blocks, block_size):
    n = num_blocks * block_size
    F = np.fft.fft(np.eye(n))
    p = butterfly.stride_permutation(num_blocks, block_size)
    L, R = butterfly.fourier_factors(num_blocks, block_size)
    assert_allclose(monarch_matrix(L, R), F[:, p], atol=EXACT)

    def projection_error(M):
        fitted = monarch_matrix(*monarch_projection(M, block_size, num_blocks))
        return np.linalg.norm(M - fitted) / np.linalg.norm(M)

    assert projection_error(F[:, p]) < EXACT
    assert projection_error(F) > 0.1


def test_fourier_factors_transform_a_vector():
    x = np.random.default_rng(3).normal(size=6)
    L, R = butterfly.fourier_factors(3, 2)
    hands = x[butterfly.stride_permutation(3, 2)] + 0j
    assert_allclose(monarch_product(L, R, hands), np.fft.fft(x), atol=EXACT)


def test_fourier_factors_keep_single_precision():
    L, R = butterfly.fourier_factors(3, 2, jnp.complex64)
    assert L.dtype == R.dtype == jnp.complex64


@pytest.mark.parametrize("log_size", [0, 1, 3, 4])
def test_flat_support_is_that_of_the_sum_of_butterfly_factors(log_size):
    size = 2**log_size
    total = np.eye(size)
    for bit in range(log_size):
        pair = np.kron(np.ones((2, 2)), np.eye(2**bit))  # [[D, D], [D, D]]
        total += np.kron(np.eye(size // 2 ** (bit + 1)), pair)
    support = butterfly.flat_butterfly_support(size)
    assert np.array_equal(support, total > 0)
    assert support.sum() == size * (1 + log_size)
