"""Talk: structured matrices as products of permutations and block-diagonal factors.

    Monarch:  M = P L P^T R,      M[(a, j), (k, i)] = L[j, a, k] R[k, j, i]

R has K blocks of shape (J, I), L has J blocks of shape (A, K), and P transposes: it takes the
entry (j, a) of a vector, seen as a matrix in row-major order, to (a, j). A product costs
K J (I + A) multiplications where the dense matrix, (A J) x (K I), needs K J I A. The blocks (j, k)
of M, as matrices over (a, i), are of rank one: so the nearest Monarch matrix takes one singular
triple of each. The discrete Fourier transform is a Monarch matrix, its columns permuted: the first
step of Cooley and Tukey.

Pixelated butterfly matrices instead flatten a product of log2 B sparse factors to their sum, a
fixed support that is filled with dense blocks. Letters: A, I, J, K as above, B blocks.

    >>> L, R = jnp.ones((2, 1, 3)), jnp.arange(12.0).reshape(3, 2, 2)
    >>> print(monarch_matrix(L, R))
    [[ 0.  1.  4.  5.  8.  9.]
     [ 2.  3.  6.  7. 10. 11.]]

Source: Dao et al. (2022), Monarch; Chen et al. (2022), Pixelated Butterfly.
"""

import jax.numpy as jnp
from jaxtyping import Array, Bool, Inexact, Int

# --- Monarch matrices ----------------------------------------------------------------------------


def monarch_product(
    L: Inexact[Array, "J A K"], R: Inexact[Array, "K J I"], x: Inexact[Array, " K*I"]
) -> Inexact[Array, " A*J"]:
    """M x = P L P^T R x, by two batched products. Cost: K J (I + A) multiplications."""
    K, _, I = R.shape  # noqa: E741
    u = jnp.einsum("kji,ki->kj", R, x.reshape(K, I))
    return jnp.einsum("jak,kj->aj", L, u).ravel()


def monarch_matrix(
    L: Inexact[Array, "J A K"], R: Inexact[Array, "K J I"]
) -> Inexact[Array, "A*J K*I"]:
    """M itself, M[(a, j), (k, i)] = L[j, a, k] R[k, j, i]. Cost: one product an entry."""
    (J, A, K), I = L.shape, R.shape[2]  # noqa: E741
    return jnp.einsum("jak,kji->ajki", L, R).reshape(A * J, K * I)


def monarch_projection(
    M: Inexact[Array, "m n"], num_left: int, num_right: int
) -> tuple[Inexact[Array, "{num_left} A {num_right}"], Inexact[Array, "{num_right} {num_left} I"]]:
    """L and R of the Monarch matrix nearest to M in the Frobenius norm.

    `num_left` is J, the number of blocks of L, which divides the rows of M; `num_right` is K, that
    of R, which divides the columns. The root of a singular value goes to each side; the scale
    that a block of rank one could move from L to R leaves M alone.
    Cost: J K singular value decompositions of (A, I). Source: Dao et al. (2022), the projection.
    """
    blocks = M.reshape(-1, num_left, num_right, M.shape[1] // num_right)
    U, s, Vh = jnp.linalg.svd(blocks.transpose(1, 2, 0, 3), full_matrices=False)
    root = jnp.sqrt(s[..., :1])
    return (U[..., 0] * root).transpose(0, 2, 1), (Vh[..., 0, :] * root).transpose(1, 0, 2)


# --- The Fourier transform -----------------------------------------------------------------------


def stride_permutation(num_blocks: int, block_size: int) -> Int[Array, " n"]:
    """p with p[k I + i] = i K + k: x[p] is x dealt out to K hands of I entries.

    >>> print(stride_permutation(2, 3))
    [0 2 4 1 3 5]
    """
    return jnp.arange(num_blocks * block_size).reshape(block_size, num_blocks).T.ravel()


def fourier_factors(
    num_blocks: int, block_size: int, dtype: jnp.dtype | type = complex
) -> tuple[Inexact[Array, "I K K"], Inexact[Array, "K I I"]]:
    """L and R with M x[p] = FFT(x), n = K I, p = `stride_permutation(K, I)`.

    R[k, j, i] = exp(-2 pi sqrt(-1) i j / I) transforms each hand, and L[j, a, k] =
    exp(-2 pi sqrt(-1) (a I + j) k / n) joins them, twiddle factors included: the exponent of
    entry (a I + j, i K + k), for the product of a and i is a multiple of n.
    """
    K, I = num_blocks, block_size  # noqa: E741
    a, j, k, i = jnp.arange(K), jnp.arange(I), jnp.arange(K), jnp.arange(I)
    R = _roots_of_unity(j[:, None] * i, I, dtype)
    L = _roots_of_unity((a[:, None] * I + j[:, None, None]) * k, K * I, dtype)
    return L, jnp.broadcast_to(R, (K, I, I))


def _roots_of_unity(powers: Array, order: int, dtype: jnp.dtype | type) -> Array:
    # Reduced as integers, where a large angle would lose digits.
    angles = (powers % order) * jnp.asarray(2 * jnp.pi / order, jnp.zeros((), dtype).real.dtype)
    return jnp.exp(-1j * angles).astype(dtype)


# --- Pixelated butterfly -------------------------------------------------------------------------


def flat_butterfly_support(num_blocks: int) -> Bool[Array, "{num_blocks} {num_blocks}"]:
    """Where I + lambda (B_1 + .. + B_log2(B)) is not zero: p = q, or p xor q a power of two.

    B_s, a butterfly factor, mixes entry p with the one whose bit s differs. The sum is the product
    (I + lambda B_1) (I + lambda B_2) .. to first order in lambda, and has B (1 + log2 B) entries.
    `num_blocks` is a power of two; an entry stands for a dense block. Source: Chen et al. (2022).

    >>> print(flat_butterfly_support(4).astype(int))
    [[1 1 1 0]
     [1 1 0 1]
     [1 0 1 1]
     [0 1 1 1]]
    """
    index = jnp.arange(num_blocks)
    differing = index[:, None] ^ index
    return differing & (differing - 1) == 0
