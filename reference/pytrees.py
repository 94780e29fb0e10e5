"""Pytrees as vectors: what the iterative methods need of a vector space, and a flat view of it.

    <x, y> = sum over leaves of x_i y_i,     x + a y,     x <-> one vector of length P

A dense oracle works on vectors, a matrix-free method on trees; these functions are the bridge.

    >>> w = {"bias": jnp.zeros(1), "weights": jnp.array([[1.0, 2.0]])}
    >>> print(as_vector(w))
    [0. 1. 2.]
    >>> loss = lambda w: jnp.sum(w["weights"] ** 2)
    >>> print(on_vectors(loss, like=w)(jnp.array([7.0, 3.0, 4.0])))
    25.0
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, PyTree

Tree = PyTree[Float[Array, "..."]]
Scalar = Float[Array, ""]


def as_vector(tree: Tree) -> Float[Array, " P"]:
    """The leaves of `tree` in pytree order, each row-major, end to end."""
    return ravel_pytree(tree)[0]


def as_tree(vector: Float[Array, " P"], *, like: Tree) -> Tree:
    """The inverse of `as_vector`: `vector` in the structure, shapes and dtypes of `like`."""
    return ravel_pytree(like)[1](vector)


def on_vectors(function: Callable[[Tree], Any], *, like: Tree) -> Callable[[Array], Any]:
    """`function` of a tree shaped as `like`, made a function of the flat vector."""
    return lambda vector: function(as_tree(vector, like=like))


def inner_product(x: Tree, y: Tree) -> Scalar:
    """<x, y>. A sum of products, not `vdot`, which a GPU may round to TensorFloat-32."""
    products = jax.tree.map(lambda x_i, y_i: jnp.sum(x_i * y_i), x, y)
    return jax.tree.reduce(jnp.add, products)


def norm(x: Tree) -> Scalar:
    """|x| = sqrt <x, x>."""
    return jnp.sqrt(inner_product(x, x))


def plus_multiple(x: Tree, a: Scalar | float, y: Tree) -> Tree:
    """x + a y."""
    return jax.tree.map(lambda x_i, y_i: x_i + a * y_i, x, y)
