"""Right answers to question 1 by other routes."""

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from grader.checks import alternate


@alternate("q1", of="tree_axpy", route="leaves, put together again")
def axpy_by_leaves(a, x, y):
    leaves, structure = jax.tree.flatten(x)
    pairs = zip(leaves, jax.tree.leaves(y), strict=True)
    return jax.tree.unflatten(structure, [a * p + q for p, q in pairs])


@alternate("q1", of="tree_axpy", route="flat vectors")
def axpy_by_vectors(a, x, y):
    flat, back = ravel_pytree(x)
    return back(a * flat + ravel_pytree(y)[0])


@alternate("q1", of="tree_dot", route="flat vectors")
def dot_by_vectors(x, y):
    return ravel_pytree(x)[0] @ ravel_pytree(y)[0]


@alternate("q1", of="tree_dot", route="vdot, reduced")
def dot_by_reduction(x, y):
    return jax.tree.reduce(jnp.add, jax.tree.map(jnp.vdot, x, y))
