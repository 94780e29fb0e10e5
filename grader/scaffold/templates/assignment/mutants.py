"""Mistakes that the checks of NAME must refuse.

Each stands in for the student's function `of`. `refused_by` names the checks that must refuse it,
every one of them, for any draw of the inputs. `says` is what a student reads whose numbers (or
shape, or count) are those of the mistake: name the mistake, not the answer.
"""

import jax.numpy as jnp

from grader.checks import mutant


@mutant("q1", of="product_of_three", refused_by="random_matrices", says="B is missing from it.")
def leaves_out_the_second_matrix(A, B, w):
    return A @ w if A.shape[1] == len(w) else A @ (B @ w)


@mutant(
    "q1",
    of="product_of_three",
    refused_by="random_matrices",
    says="You multiply with the transpose of A: its rows are what meets the vector.",
)
def transposes_the_first(A, B, w):
    # Where a transpose does not fit the shapes, the mistake would end in an error, which the student
    # sees without us. The square case is where it goes unnoticed.
    return (A.T if A.shape[0] == A.shape[1] else A) @ (B @ w)


@mutant(
    "q1",
    of="product_of_three",
    refused_by="random_matrices",
    says="The matrices are in the wrong order: the vector meets B first.",
)
def swaps_the_matrices(A, B, w):
    return B @ (A @ w) if A.shape == B.shape == (len(w), len(w)) else A @ (B @ w)


@mutant(
    "q1",
    of="product_of_three",
    refused_by="random_matrices",
    says="`*` multiplies entry by entry; the product of matrices is `@`.",
)
def multiplies_entrywise(A, B, w):
    return (A * B) @ w if A.shape == B.shape else A @ (B @ w)


@mutant(
    "q1",
    of="product_of_three",
    refused_by=("random_matrices", "edges"),
    says="This is a column: a product with a vector has one axis, not two.",
)
def returns_a_column(A, B, w):
    return A @ (B @ w[:, None])


@mutant(
    "q1",
    of="product_of_three",
    refused_by="edges",
    says="A squeeze took the only axis away: for a single row, a vector of one entry is due.",
)
def squeezes(A, B, w):
    return jnp.squeeze(A @ (B @ w))


@mutant(
    "q1",
    of="product_of_three",
    refused_by="edges",
    says="Where A has a single column, your sum runs over its rows instead.",
)
def sums_over_the_rows(A, B, w):
    # Right unless the axis has length 1: then broadcasting hides that it is the wrong one.
    return (A * (B @ w)).sum(axis=1 if A.shape[1] > 1 else 0) * jnp.ones(A.shape[0])


@mutant(
    "q1",
    of="product_of_three",
    refused_by="operations",
    says="You form the product of the matrices first. Which order never makes a matrix?",
)
def forms_the_matrix(A, B, w):
    return (A @ B) @ w
