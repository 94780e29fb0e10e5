"""Plausible mistakes in `reference.talks.butterfly`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "the last permutation left out",
        '"jak,kj->aj", L, u)',
        '"jak,kj->ja", L, u)',
        "test_product_is_that_of_the_matrix",
    ),
    Mistake(
        "the last permutation left out of the matrix",
        '"jak,kji->ajki"',
        '"jak,kji->jaki"',
        "test_matrix_is_the_product_of_permutations_and_block_diagonals",
    ),
    Mistake(
        "blocks of consecutive rows",
        "M.reshape(-1, num_left, num_right, M.shape[1] // num_right)",
        "M.reshape(num_left, -1, num_right, M.shape[1] // num_right).swapaxes(0, 1)",
        "test_projection_gives_a_monarch_matrix_back",
    ),
    Mistake(
        "the singular value on both sides",
        "root = jnp.sqrt(s[..., :1])",
        "root = s[..., :1]",
        "test_projection_gives_a_monarch_matrix_back",
    ),
    Mistake(
        "no twiddle factors",
        "(a[:, None] * I + j[:, None, None]) * k",
        "(a[:, None] * I + 0 * j[:, None, None]) * k",
        "test_fourier_factors_transform_a_vector",
    ),
    Mistake(
        "the inverse transform's sign",
        "jnp.exp(-1j * angles)",
        "jnp.exp(1j * angles)",
        "test_fourier_factors_transform_a_vector",
    ),
    Mistake(
        "the inverse permutation",
        "reshape(block_size, num_blocks).T",
        "reshape(num_blocks, block_size).T",
        "test_fourier_factors_transform_a_vector",
    ),
    Mistake(
        "neighbours in index, not in a bit",
        "differing = index[:, None] ^ index",
        "differing = jnp.abs(index[:, None] - index)",
        "test_flat_support_is_that_of_the_sum_of_butterfly_factors",
    ),
]
