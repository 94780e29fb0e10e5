"""Mistakes that the checks of question 1 refuse: Kronecker products without forming them."""

import jax
import jax.numpy as jnp

from grader.checks import mutant


@mutant(
    "q1",
    of="kron_product",
    refused_by="kron_product_of_any_factors",
    says=(
        "The second factor lacks its transpose: with row-major vec the column index of V meets the "
        "column index of G. It only goes unnoticed for symmetric G."
    ),
)
def second_factor_not_transposed(A, G, V):
    return A @ V @ G


@mutant(
    "q1",
    of="kron_product",
    refused_by="kron_product_of_any_factors",
    says="This is the product with the transposed matrix: both factors have their indices swapped.",
)
def transposed_matrix(A, G, V):
    return A.T @ V @ G


@mutant(
    "q1",
    of="kron_product",
    refused_by="kron_product_of_any_factors",
    says="A is transposed, but only G should be: compare the indices of A in the sum.",
)
def first_factor_transposed(A, G, V):
    return (G @ V.T @ A).T


@mutant(
    "q1",
    of="kron_product",
    refused_by="kron_product_of_any_factors",
    says=(
        "The weights were raveled column by column: in this lab vec is row-major, and the "
        "product is A kron G."
    ),
)
def column_major_vec(A, G, V):
    return (jnp.kron(A, G) @ V.T.ravel()).reshape(V.T.shape).T


@mutant(
    "q1",
    of="kron_product",
    refused_by="kron_product_of_any_factors",
    says="This is the product with G kron A: that order belongs to weights of shape (out, in).",
)
def factors_in_the_other_order(A, G, V):
    return (jnp.kron(G, A) @ V.ravel()).reshape(V.shape)


@mutant(
    "q1",
    of="kron_product",
    refused_by=("kron_product_of_any_factors", "kron_of_single_units"),
    says="The result is still flat: give it the shape of V.",
)
def product_left_flat(A, G, V):
    return (A @ V @ G.T).ravel()


@mutant(
    "q1",
    of="kron_product",
    refused_by="kron_of_single_units",
    says="A squeeze removed axes of length one: a layer may have a single input or output.",
)
def squeezed_product(A, G, V):
    return jnp.squeeze(A @ V @ G.T)


@mutant(
    "q1",
    of="kron_product",
    refused_by="kron_product_costs_two_products",
    says=(
        "Right, but the whole Kronecker product is formed: (IO)^2 entries. The two factors can be "
        "applied one after the other."
    ),
)
def dense_kron_product(A, G, V):
    return (jnp.kron(A, G) @ V.ravel()).reshape(V.shape)


@mutant(
    "q1",
    of="kron_product",
    refused_by="kron_product_costs_two_products",
    says=(
        "Right, and no big matrix is stored, but a loop over the blocks A_ij G does as much work as "
        "the dense product: apply G once to all rows of V, not once for each pair."
    ),
)
def product_block_by_block(A, G, V):
    def row(a):
        return jax.lax.map(lambda pair: pair[0] * (G @ pair[1]), (a, V)).sum(axis=0)

    return jax.lax.map(row, A)


@mutant(
    "q1",
    of="kron_solve",
    refused_by="kron_solve_of_any_factors",
    says="The transpose of G is missing: the solution is A^-1 V G^-T.",
)
def solution_without_transpose(A, G, V):
    return jnp.linalg.solve(A, V) @ jnp.linalg.inv(G)


@mutant(
    "q1",
    of="kron_solve",
    refused_by="kron_solve_of_any_factors",
    says="Only the first factor is inverted.",
)
def second_factor_not_inverted(A, G, V):
    return jnp.linalg.solve(A, V) @ G.T


@mutant(
    "q1",
    of="kron_solve",
    refused_by="kron_solve_of_any_factors",
    says="This is the product, not the solution: neither factor is inverted.",
)
def product_for_solution(A, G, V):
    return A @ V @ G.T


@mutant(
    "q1",
    of="kron_solve",
    refused_by="kron_solve_of_any_factors",
    says="You solve with the transposed A: only G gets a transpose.",
)
def solution_of_transposed_first_factor(A, G, V):
    return jnp.linalg.solve(G, jnp.linalg.solve(A.T, V).T).T


@mutant(
    "q1",
    of="kron_solve",
    refused_by="kron_of_single_units",
    says="A squeeze removed axes of length one: a layer may have a single input or output.",
)
def squeezed_solution(A, G, V):
    return jnp.squeeze(jnp.linalg.solve(G, jnp.linalg.solve(A, V).T).T)


@mutant(
    "q1",
    of="kron_solve",
    refused_by="kron_solve_is_free_of_scale",
    says=(
        "A small multiple of the identity is added to the factors before solving: no damping is asked "
        "for, and a factor may be as small as that."
    ),
)
def jitter_on_the_factors(A, G, V):
    A, G = A + 1e-8 * jnp.eye(len(A)), G + 1e-8 * jnp.eye(len(G))
    return jnp.linalg.solve(G, jnp.linalg.solve(A, V).T).T


@mutant(
    "q1",
    of="kron_solve",
    refused_by="kron_solve_is_free_of_scale",
    says="The computation went through float32: keep the dtype of the arrays that you are given.",
)
def solution_through_float32(A, G, V):
    A, G, half = (x.astype(jnp.float32) for x in (A, G, V))
    return jnp.linalg.solve(G, jnp.linalg.solve(A, half).T).T.astype(V.dtype)


@mutant(
    "q1",
    of="kron_solve",
    refused_by="kron_solve_costs_few_products",
    says=(
        "Right, but a system with the whole Kronecker product is solved, at (IO)^3 operations: the "
        "inverse of a Kronecker product is the Kronecker product of the inverses."
    ),
)
def dense_kron_solve(A, G, V):
    return jnp.linalg.solve(jnp.kron(A, G), V.ravel()).reshape(V.shape)


@mutant(
    "q1",
    of="kron_solve",
    refused_by="kron_solve_costs_few_products",
    says="Right, but A is factorised anew for each column of V: solve for all columns at once.",
)
def factorised_for_every_column(A, G, V):
    left = jax.lax.map(lambda v: jnp.linalg.solve(A, v), V.T).T
    return jax.lax.map(lambda v: jnp.linalg.solve(G, v), left)
