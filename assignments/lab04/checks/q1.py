"""Hidden checks of question 1: Kronecker products without forming them."""

import numpy as np

from grader.checks import check, expect
from reference.second_order import Factors, kronecker_matrix

SINGLE = "condition below 100: float32 inside gives about 1e-5, every known mistake more than 1e-2"
EXACT = "condition below 100: float64 gives about 1e-14, a jitter or float32 more than 1e-7"


def _factor(inputs, size):
    """A square matrix, not symmetric, with singular values between 0.3 and 3."""
    values = np.linspace(0.3, 3.0, size) if size > 1 else np.array([1.7])
    return inputs.orthogonal(size) * values @ inputs.orthogonal(size)


def _layer(inputs, size, outputs):
    return _factor(inputs, size), _factor(inputs, outputs), inputs.normal(size, outputs)


def _dense_product(A, G, V):
    return np.reshape(np.asarray(kronecker_matrix(Factors(A, G))) @ V.ravel(), V.shape)


def _dense_solution(A, G, V):
    matrix = np.asarray(kronecker_matrix(Factors(A, G)))
    return np.linalg.solve(matrix, V.ravel()).reshape(V.shape)


@check("q1", points=1, title="Product with a Kronecker product")
def kron_product_of_any_factors(student, inputs):
    for shape in ((4, 3), (3, 5)):
        A, G, V = _layer(inputs, *shape)
        expect(student.kron_product(A, G, V), "(A kron G) vec(V)").close_to(
            lambda A=A, G=G, V=V: _dense_product(A, G, V), rtol=1e-3, why=SINGLE
        )


@check("q1", points=2, title="Solution with a Kronecker product")
def kron_solve_of_any_factors(student, inputs):
    for shape in ((4, 3), (3, 5), (4, 4)):
        A, G, V = _layer(inputs, *shape)
        expect(student.kron_solve(A, G, V), "(A kron G)^-1 vec(V)").close_to(
            lambda A=A, G=G, V=V: _dense_solution(A, G, V), rtol=1e-3, why=SINGLE
        )


@check("q1", points=1, title="A single input, and a single output")
def kron_of_single_units(student, inputs):
    for shape in ((1, 1), (1, 4), (5, 1)):
        A, G, V = _layer(inputs, *shape)
        expect(student.kron_product(A, G, V), "(A kron G) vec(V)").close_to(
            lambda A=A, G=G, V=V: _dense_product(A, G, V), rtol=1e-3, why=SINGLE
        )
        expect(student.kron_solve(A, G, V), "(A kron G)^-1 vec(V)").close_to(
            lambda A=A, G=G, V=V: _dense_solution(A, G, V), rtol=1e-3, why=SINGLE
        )


@check("q1", points=1, title="Solution to ten digits, whatever the factors' scales")
def kron_solve_is_free_of_scale(student, inputs):
    A, G, V = _layer(inputs, 5, 4)
    for scale in (1.0, 2.0**-40, 2.0**40):  # powers of two change no digit
        solution = student.kron_solve(scale * A, G / scale, V)
        expect(solution, f"the solution, factors times {scale:.0e} and its inverse").close_to(
            lambda: _dense_solution(A, G, V), rtol=1e-10, why=EXACT
        )


@check("q1", points=1, title="Cost of the product")
def kron_product_costs_two_products(student, inputs):
    A, G, V = _layer(inputs, 24, 20)
    program = student.program("kron_product", A, G, V)
    expect(program(A, G, V), "The exported product").close_to(
        lambda: A @ V @ G.T, rtol=1e-3, why=SINGLE
    )
    expect(program, "The product").costs_at_most(
        2, _two_products(inputs, A, G, V), unit="pairs of products"
    )


@check("q1", points=1, title="Cost of the solution")
def kron_solve_costs_few_products(student, inputs):
    A, G, V = _layer(inputs, 24, 20)
    program = student.program("kron_solve", A, G, V)
    expect(program(A, G, V), "The exported solution").close_to(
        lambda: np.linalg.solve(A, V) @ np.linalg.inv(G).T, rtol=1e-3, why=SINGLE
    )
    # A factorisation and a solve a factor are 1.3 of the baseline, two explicit inverses 3.
    expect(program, "The solution").costs_at_most(
        6, _two_products(inputs, A, G, V), unit="pairs of products"
    )


def _two_products(inputs, A, G, V):
    return inputs.program(lambda A, G, V: A @ V @ G, A, G, V)
