"""Plausible mistakes in `reference.talks.gradient_inversion`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "a norm for its square",
        "/ jnp.sum(bias_gradient**2)",
        "/ jnp.linalg.norm(bias_gradient)",
        "test_input_of_one_example_is_exact",
    ),
    Mistake(
        "the ratio of one row",
        "return bias_gradient @ weights_gradient / jnp.sum(bias_gradient**2)",
        "return weights_gradient[0] / jnp.where(bias_gradient[0] == 0, 1, bias_gradient[0])",
        "test_dead_units_do_no_harm",
    ),
    Mistake(
        "the plain second moment",
        "second = weighted.T @ w - jnp.mean(gradient) * identity",
        "second = weighted.T @ w",
        "test_hermite_moments_are_those_of_the_polynomials",
    ),
    Mistake(
        "two of three transposes",
        "mixed + mixed.transpose(1, 0, 2) + mixed.transpose(1, 2, 0)",
        "mixed + mixed.transpose(1, 0, 2)",
        "test_hermite_moments_are_those_of_the_polynomials",
    ),
    Mistake(
        "no whitening",
        "whitening = Q / jnp.sqrt(values)",
        "whitening = Q",
        "test_components_of_exact_moments_are_the_examples",
    ),
    Mistake(
        "whitened coordinates not undone",
        "components @ (Q * jnp.sqrt(values)).T",
        "components @ Q.T",
        "test_components_of_exact_moments_are_the_examples",
    ),
    Mistake(
        "no deflation",
        'return T - values[best] * jnp.einsum("a,b,c->abc", v, v, v), v',
        "return T, v",
        "test_components_of_exact_moments_are_the_examples",
    ),
]
