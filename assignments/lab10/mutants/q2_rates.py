"""Mistakes that the checks of question 2 refuse: rates on the planes of a bilinear game."""

import jax.numpy as jnp

from grader.checks import mutant


def _rates(e, *, plain=None, ahead=None, last=None):
    """The three rates at e = eta s, some of them replaced."""
    a = 1j * e
    root = jnp.sqrt(1 - 4 * e**2 + 0j)
    moduli = jnp.abs(1 - 2 * a + root) / 2, jnp.abs(1 - 2 * a - root) / 2
    return (
        jnp.abs(1 - a) if plain is None else plain,
        jnp.abs(1 - a + a**2) if ahead is None else ahead,
        jnp.maximum(*moduli) if last is None else last(*moduli),
    )


@mutant(
    "q2",
    of="bilinear_rates",
    refused_by="rates_on_planes",
    says="These are squares of moduli: the rates are for distances, so take roots.",
)
def squares_of_the_rates(singular_values, step_size):
    return tuple(rate**2 for rate in _rates(step_size * singular_values))


@mutant(
    "q2",
    of="bilinear_rates",
    refused_by="rates_on_planes",
    says="The optimistic rate is that of the smaller root: the larger one decides in the long run.",
)
def smaller_root(singular_values, step_size):
    return _rates(step_size * singular_values, last=jnp.minimum)


@mutant(
    "q2",
    of="bilinear_rates",
    refused_by="rates_on_planes",
    says=(
        "The eigenvalues were taken to be real, a = eta s: on a bilinear game they are imaginary, "
        "and a is i eta s."
    ),
)
def real_eigenvalues(singular_values, step_size):
    a = step_size * singular_values
    root = jnp.sqrt(1 + 4 * a**2)
    larger = jnp.maximum(jnp.abs(1 - 2 * a + root), jnp.abs(1 - 2 * a - root)) / 2
    return jnp.abs(1 - a), jnp.abs(1 - a + a**2), larger


@mutant(
    "q2",
    of="bilinear_rates",
    refused_by="rates_on_planes",
    says="The extragradient rate has the square of eta s with the wrong sign: a^2 is negative.",
)
def square_with_the_wrong_sign(singular_values, step_size):
    e = step_size * singular_values
    return _rates(e, ahead=jnp.abs(1 - 1j * e + e**2))


@mutant(
    "q2",
    of="bilinear_rates",
    refused_by="rates_on_planes",
    says=(
        "The extragradient rate lacks its imaginary part: the modulus has the square of eta s in it "
        "twice."
    ),
)
def real_part_for_the_modulus(singular_values, step_size):
    e = step_size * singular_values
    return _rates(e, ahead=jnp.abs(1 - e**2))


@mutant(
    "q2",
    of="bilinear_rates",
    refused_by="rates_on_planes",
    says=(
        "The optimistic rate is the one for complex roots of a real equation, the root of the "
        "product: the coefficients here are complex, and the two moduli differ."
    ),
)
def root_of_the_product(singular_values, step_size):
    return _rates(step_size * singular_values, last=lambda a, b: jnp.sqrt(a * b))


@mutant(
    "q2",
    of="bilinear_rates",
    refused_by="rates_on_planes",
    says="The step size isn't used: the rates depend on eta times s.",
)
def step_size_left_out(singular_values, step_size):
    return _rates(singular_values)


@mutant(
    "q2",
    of="bilinear_rates",
    refused_by="rates_on_planes",
    says=(
        "The rate of simultaneous descent lacks its root: it is the length of 1 - i eta s, not the "
        "sum of the squares."
    ),
)
def growth_without_root(singular_values, step_size):
    e = step_size * singular_values
    return _rates(e, plain=1 + e**2)
