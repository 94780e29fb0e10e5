"""Plausible mistakes in `reference.bilevel_optimization.neumann`."""

from tests.reference.mistakes import Mistake

SUM = "test_sum_is_that_of_dense_powers_and_the_residual_the_true_one"

MISTAKES = [
    Mistake(
        "the factor alpha before the sum is forgotten",
        "plus_multiple(p, step_size, term)",
        "plus_multiple(p, 1, term)",
        SUM,
    ),
    Mistake(
        "powers of I + alpha H",
        "plus_multiple(v, -step_size, matvec(v))",
        "plus_multiple(v, step_size, matvec(v))",
        SUM,
    ),
    Mistake(
        "one term too many",
        "(zero, v), length=num_terms)",
        "(zero, v), length=num_terms + 1)",
        SUM,
    ),
    Mistake(
        "the residual is the sum's own size",
        "NeumannResult(p, norm(term))",
        "NeumannResult(p, norm(p))",
        SUM,
    ),
    Mistake(
        "the shrinkage of one term fewer",
        "eigenvalues) ** num_terms",
        "eigenvalues) ** (num_terms - 1)",
        "test_shrinkage_is_what_the_series_does_to_each_eigenvector",
    ),
    Mistake(
        "the Hessian is that of the outer loss",
        "lambda w: inner_loss(w, theta), w, v)",
        "lambda w: outer_loss(w, theta), w, v)",
        "test_hypergradient_is_that_of_descent_unrolled_from_the_optimum",
    ),
]
