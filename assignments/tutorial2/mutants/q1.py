"""Mistakes that the checks of question 1 refuse."""

import jax
import jax.numpy as jnp

from grader.checks import mutant


def _right(x, y):
    return sum(jax.tree.leaves(jax.tree.map(lambda p, q: jnp.sum(p * q), x, y)))


@mutant(
    "q1",
    of="tree_axpy",
    refused_by=("weights_of_a_network", "trees_of_other_structure"),
    says="The factor multiplies y: it belongs to x.",
)
def factor_at_y(a, x, y):
    return jax.tree.map(lambda p, q: p + a * q, x, y)


@mutant(
    "q1",
    of="tree_axpy",
    refused_by="weights_of_a_network",
    says="The factor multiplies the whole sum: it belongs to x alone.",
)
def factor_at_both(a, x, y):
    return jax.tree.map(lambda p, q: a * (p + q), x, y)


@mutant(
    "q1",
    of="tree_axpy",
    refused_by="weights_of_a_network",
    says="y is subtracted: it is added.",
)
def y_subtracted(a, x, y):
    return jax.tree.map(lambda p, q: a * p - q, x, y)


@mutant(
    "q1",
    of="tree_axpy",
    refused_by=("weights_of_a_network", "trees_of_other_structure"),
    says="The leaves came back as a plain list: the result has the structure of x.",
)
def structure_lost(a, x, y):
    pairs = zip(jax.tree.leaves(x), jax.tree.leaves(y), strict=True)
    return [a * p + q for p, q in pairs]


@mutant(
    "q1",
    of="tree_axpy",
    refused_by="leaves_keep_their_dtype",
    says=(
        "The factor was made a float64 array, and the leaves with it: a Python number adapts to the "
        "leaf."
    ),
)
def factor_made_an_array(a, x, y):
    a = jnp.array(a, dtype=float)
    return jax.tree.map(lambda p, q: a * p + q, x, y)


@mutant(
    "q1",
    of="tree_axpy",
    refused_by="trees_to_twelve_digits",
    says="The leaves of a x + y went through float32: keep the dtype that you are given.",
)
def axpy_through_float32(a, x, y):
    return jax.tree.map(lambda p, q: (a * p + q).astype(jnp.float32), x, y)


@mutant(
    "q1",
    of="tree_dot",
    refused_by="weights_of_a_network",
    says="These are the inner products of single leaves: add them up.",
)
def product_of_each_leaf(x, y):
    return jax.tree.map(lambda p, q: jnp.sum(p * q), x, y)


@mutant(
    "q1",
    of="tree_dot",
    refused_by="weights_of_a_network",
    says="Only the first leaf counts: the sum runs over all leaves.",
)
def first_leaf_only(x, y):
    return jnp.sum(jax.tree.leaves(x)[0] * jax.tree.leaves(y)[0])


@mutant(
    "q1",
    of="tree_dot",
    refused_by="weights_of_a_network",
    says="This is the inner product of x with itself.",
)
def square_of_x(x, y):
    return _right(x, x)


@mutant(
    "q1",
    of="tree_dot",
    refused_by="weights_of_a_network",
    says="Products are averaged within each leaf: they are summed.",
)
def mean_in_each_leaf(x, y):
    return sum(jax.tree.leaves(jax.tree.map(lambda p, q: jnp.mean(p * q), x, y)))


@mutant(
    "q1",
    of="tree_dot",
    refused_by=("weights_of_a_network", "trees_of_other_structure"),
    says="The inner product came back as an array of length 1: its shape is ().",
)
def product_as_an_array(x, y):
    return jnp.reshape(_right(x, y), 1)


@mutant(
    "q1",
    of="tree_dot",
    refused_by="leaves_keep_their_dtype",
    says=(
        "The sum begins with an array of zeros, which is float64 here, and so becomes its result: begin "
        "with the number 0 or with the first leaf."
    ),
)
def sum_from_an_array(x, y):
    return jnp.zeros(()) + _right(x, y)


@mutant(
    "q1",
    of="tree_dot",
    refused_by="trees_to_twelve_digits",
    says="The inner product went through float32: keep the dtype that you are given.",
)
def dot_through_float32(x, y):
    return _right(*jax.tree.map(jnp.float32, (x, y)))
