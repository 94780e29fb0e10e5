"""Plausible mistakes in `reference.papers.reversible_learning`."""

from tests.reference.mistakes import Mistake

RECOVERED = "test_start_is_recovered_bit_for_bit"
UNROLLED = "test_hypergradients_are_those_of_unrolling"

MISTAKES = [
    Mistake(
        "the remainder is dropped: plain integer division",
        "(v // denominator) * numerator + remainder % numerator, remainder // numerator",
        "v * numerator // denominator, remainder",
        "test_exact_product_is_undone_whatever_the_remainder",
    ),
    Mistake(
        "no digit is popped, so that bits are stored that need not be",
        "+ remainder % numerator, remainder // numerator",
        ", remainder",
        "test_exact_product_is_undone_whatever_the_remainder",
    ),
    Mistake(
        "the bound is rounded down",
        "(bound * denominator + numerator - 1) // numerator",
        "jnp.maximum(bound, bound * denominator // numerator // 2)",
        RECOVERED,
    ),
    Mistake(
        "the word is read a row too early",
        "words.at[at.words_used].get(",
        "words.at[at.words_used - 1].get(",
        RECOVERED,
    ),
    Mistake(
        "the gradient is not damped by 1 - gamma, forwards and backwards",
        "fixed_point_numbers((1 - at.momentum) * g)",
        "fixed_point_numbers(g)",
        RECOVERED,
    ),
    Mistake(
        "a minibatch too far when reversed",
        "g = _gradient(loss, w, theta, at.step, like)",
        "g = _gradient(loss, w, theta, at.step + 1, like)",
        RECOVERED,
    ),
    Mistake(
        "the momentum's derivative forgets the gradient",
        "(real_numbers(state.velocity) + g)",
        "real_numbers(state.velocity)",
        UNROLLED,
    ),
    Mistake(
        "the step size's derivative is with the velocity before",
        "real_numbers(later.velocity)",
        "real_numbers(state.velocity)",
        UNROLLED,
    ),
    Mistake(
        "the direct derivative in theta is forgotten",
        "start = (end, a_w, jnp.zeros_like(a_w), a_theta)",
        "start = (end, a_w, jnp.zeros_like(a_w), jax.tree.map(jnp.zeros_like, a_theta))",
        UNROLLED,
    ),
]
