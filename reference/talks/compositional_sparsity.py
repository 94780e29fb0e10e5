"""Talk: functions composed of small ones escape the curse of dimensionality.

A function of D inputs that is a binary tree of functions of two,

    f(x_1 .. x_8) = h_7(h_5(h_1(x_1, x_2), h_2(x_3, x_4)), h_6(h_3(x_5, x_6), h_4(x_7, x_8)))

is stored to an error of order 1 / q^2 by a table of q x q values for each of its D - 1 nodes, where
a table over all inputs at once has q^D. In general a network for f with s derivatives, to accuracy
eps, takes eps^{-D/s} units if shallow, and (D - 1) eps^{-2/s} if it follows the tree.

That such compositions are what makes learning possible is the talk's conjecture; the counts and the
error of the tables are what is here. D is a power of two; nodes are numbered by levels, from the
inputs on, and inputs and values of all nodes lie in [-1, 1]. Letters: V nodes (D - 1), q points.

    >>> product = lambda node, x, y: x * y
    >>> tables = tree_tables(product, num_inputs=4, resolution=3)
    >>> print(tree_value(tables, jnp.array([0.5, -0.5, 1.0, 0.5])))
    -0.125
    >>> dense_table_size(8, 20), tree_table_size(8, 20)
    (25600000000, 2800)

Source: Mhaskar and Poggio (2016); Poggio et al. (2017), why and when deep networks are better.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from reference.pytrees import Scalar

Node = Callable[[Int[Array, ""], Array, Array], Array]

# --- Counts --------------------------------------------------------------------------------------


def dense_table_size(num_inputs: int, resolution: int) -> int:
    """q^D, the values of a table over all inputs."""
    return resolution**num_inputs


def tree_table_size(num_inputs: int, resolution: int) -> int:
    """(D - 1) q^2, those of a table for each node."""
    return (num_inputs - 1) * resolution**2


def units_needed(
    accuracy: Float[Array, "*shape"], num_inputs: int, smoothness: float, *, composed: bool
) -> Float[Array, "*shape"]:
    """eps^{-D/s}, or (D - 1) eps^{-2/s} if `composed`: units of a network, up to a constant.

    Source: Poggio et al. (2017), theorems 1 and 2.
    """
    if composed:
        return (num_inputs - 1) * accuracy ** (-2 / smoothness)
    return accuracy ** (-num_inputs / smoothness)


# --- Tables --------------------------------------------------------------------------------------


def tree_tables(
    node: Node, num_inputs: int, resolution: int, dtype: jnp.dtype | type = float
) -> Float[Array, "V q q"]:
    """node(v, x, y) on the grid of `resolution` evenly spaced points an axis, for every node v.

    Cost: (D - 1) q^2 evaluations of nodes.
    """
    points = jnp.linspace(-1, 1, resolution, dtype=dtype)
    x, y = jnp.meshgrid(points, points, indexing="ij")
    return jax.vmap(lambda v: node(v, x, y))(jnp.arange(num_inputs - 1))


def interpolated(table: Float[Array, "q q"], x: Scalar, y: Scalar) -> Scalar:
    """The table's value at (x, y), bilinear within a cell; points outside of [-1, 1] are moved in.

    Its error for a smooth h is at most (|h_xx| + |h_yy|) (2 / (q - 1))^2 / 8.
    """
    last = len(table) - 1
    place = (jnp.clip(jnp.stack([x, y]), -1, 1) + 1) * (last / 2)
    cell = jnp.minimum(place.astype(int), last - 1)
    u, v = place - cell
    i, j = cell
    below = (1 - v) * table[i, j] + v * table[i, j + 1]
    above = (1 - v) * table[i + 1, j] + v * table[i + 1, j + 1]
    return (1 - u) * below + u * above


def tree_value(tables: Float[Array, "V q q"], x: Float[Array, " D"]) -> Scalar:
    """f(x) with every node read from its table. Cost: D - 1 interpolations."""
    values, first = x, 0
    while len(values) > 1:
        level = tables[first : first + len(values) // 2]
        values, first = jax.vmap(interpolated)(level, values[::2], values[1::2]), first + len(level)
    return values[0]


def tree_error_bound(node_error: Scalar, slope: Scalar | float, num_inputs: int) -> Scalar:
    """delta (1 + L + .. + L^{k-1}), k = log2 D: the error of f if every node's is delta.

    L bounds |h_x| + |h_y|: a level passes on L times the error of the one before and adds delta.
    """
    height = num_inputs.bit_length() - 1
    return node_error * sum(slope**level for level in range(height))
