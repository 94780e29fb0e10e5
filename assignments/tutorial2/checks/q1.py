"""Hidden checks of question 1: pytrees as vectors."""

from itertools import pairwise
from typing import Any

import jax
import numpy as np

from grader.checks import check, expect

SINGLE = "float32 inside gives 1e-6, every known mistake more than 1e-2"


def weights(inputs: Any) -> Any:
    """Random weights of a network: no entry of an inner product is near 0."""
    widths = (3, 4, 2)
    return [
        {"W": inputs.uniform(0.5, 1.5, n, m), "b": inputs.uniform(0.5, 1.5, m)}
        for n, m in pairwise(widths)
    ]


def axpy(a: float, x: Any, y: Any) -> Any:
    """a x + y, leaf by leaf."""
    return jax.tree.map(lambda p, q: np.asarray(a * p + q), x, y)


def dot(x: Any, y: Any) -> np.ndarray:
    """<x, y> of the flat vectors."""
    flat = [np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(tree)]) for tree in (x, y)]
    return np.asarray(flat[0] @ flat[1])


@check("q1", points=2, title="The weights of a network")
def weights_of_a_network(student, inputs):
    a, x, y = inputs.uniform(1.5, 2.5), weights(inputs), weights(inputs)
    expect(student.tree_axpy(a, x, y), "a x + y").close_to(
        lambda: axpy(a, x, y), rtol=1e-4, why=SINGLE, points=1
    )
    expect(student.tree_dot(x, y), "The inner product").close_to(
        lambda: dot(x, y), rtol=1e-4, why=SINGLE, points=1
    )


@check("q1", points=1, title="Scalars, nested structures, a bare array, float32", x64=False)
def trees_of_other_structure(student, inputs):
    def nested() -> Any:
        scalar, cube = inputs.uniform(1.0, 2.0), inputs.uniform(0.5, 1.5, 2, 1, 3)
        return {"s": np.asarray(scalar), "rest": [cube, [{"v": inputs.uniform(0.5, 1.5, 1)}]]}

    for x, y in ((nested(), nested()), (inputs.uniform(0.5, 1.5, 4), inputs.uniform(0.5, 1.5, 4))):
        expect(student.tree_axpy(-3.0, x, y), "-3 x + y").close_to(
            lambda x=x, y=y: axpy(-3.0, x, y), rtol=1e-4, why="float32 gives 1e-7"
        )
        expect(student.tree_dot(x, y), "The inner product").close_to(
            lambda x=x, y=y: dot(x, y), rtol=1e-4, why="float32 gives 1e-7"
        )


@check("q1", points=1, title="Twelve digits")
def trees_to_twelve_digits(student, inputs):
    a, x, y = inputs.uniform(1.5, 2.5), weights(inputs), weights(inputs)
    why = "float64 gives 1e-15, float32 inside 1e-8"
    expect(student.tree_axpy(a, x, y), "a x + y").close_to(
        lambda: axpy(a, x, y), rtol=1e-12, why=why
    )
    expect(student.tree_dot(x, y), "The inner product").close_to(
        lambda: dot(x, y), rtol=1e-12, why=why
    )


@check("q1", points=1, title="float32 leaves stay float32 in 64-bit mode")
def leaves_keep_their_dtype(student, inputs):
    x, y = ({"W": inputs.normal(3, 2), "b": inputs.normal(2)} for _ in range(2))
    x, y = jax.tree.map(np.float32, (x, y))
    moved = student.tree_axpy(0.5, x, y)
    expect(moved, "x / 2 + y").close_to(
        lambda: axpy(0.5, x, y), rtol=1e-4, atol=1e-5, why="float32 gives 1e-7"
    )
    for leaf in jax.tree.leaves(moved):
        expect(np.asarray(leaf).itemsize, "Bytes in a number of x / 2 + y").equals(4)
    product = expect(student.tree_dot(x, y), "The inner product").array(())
    expect(product.itemsize, "Bytes in the inner product").equals(4)
