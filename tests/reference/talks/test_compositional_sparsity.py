"""Trees of tables: SciPy's interpolation, exact cases, errors within their bounds, and counts."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.interpolate import RegularGridInterpolator

from reference.talks import compositional_sparsity

EXACT = 1e-12  # a few float64 operations
interpolated = jax.jit(compositional_sparsity.interpolated)
tree_values = jax.jit(jax.vmap(compositional_sparsity.tree_value, in_axes=(None, 0)))


def node(v, x, y):
    """Another function for every v; |h_x| + |h_y| is below 1.2, as is |h_xx| + |h_yy|."""
    return jnp.sin(0.6 * x + 0.5 * y + v) * 0.9


def tree_of_functions(x):
    """f itself, for x of shape (N, 4)."""
    left, right = node(0, x[:, 0], x[:, 1]), node(1, x[:, 2], x[:, 3])
    return node(2, left, right)


@pytest.mark.parametrize("resolution", [2, 3, 6])
def test_interpolation_is_that_of_scipy(resolution):
    rng = np.random.default_rng(0)
    table, points = rng.normal(size=(resolution, resolution)), np.linspace(-1, 1, resolution)
    expected = RegularGridInterpolator((points, points), table)
    for x, y in [*rng.uniform(-1, 1, size=(6, 2)), (1.0, 1.0), (-1.0, 1.0), (points[1], 0.3)]:
        assert_allclose(interpolated(table, x, y), expected((x, y)), atol=EXACT)
    assert_allclose(interpolated(table, 1.7, -3.0), table[-1, 0], rtol=EXACT)


def test_tables_hold_the_nodes_at_the_points():
    tables = compositional_sparsity.tree_tables(node, 4, 5)
    assert tables.shape == (3, 5, 5)
    assert_allclose(tables[2, 1, 4], node(2, -0.5, 1.0), rtol=EXACT)
    assert compositional_sparsity.tree_tables(node, 4, 5, jnp.float32).dtype == jnp.float32


@pytest.mark.parametrize("num_inputs", [1, 2, 4, 8])
def test_tree_of_products_is_the_product_at_any_resolution(num_inputs):
    x = np.random.default_rng(1).uniform(-1, 1, size=(5, num_inputs))
    tables = compositional_sparsity.tree_tables(lambda v, x, y: x * y, max(num_inputs, 2), 3)
    tables = tables[: num_inputs - 1]
    assert_allclose(tree_values(tables, x), np.prod(x, axis=1), atol=EXACT)


def test_nodes_are_read_in_the_order_of_levels():
    x = np.random.default_rng(2).uniform(-1, 1, size=(50, 4))
    values = tree_values(compositional_sparsity.tree_tables(node, 4, 400), x)
    assert_allclose(values, tree_of_functions(x), atol=1e-4)  # (2 / 399)^2, roughly


@pytest.mark.parametrize("resolution", [5, 9, 33])
def test_error_is_below_its_bound_and_falls_as_the_square(resolution):
    x = np.random.default_rng(3).uniform(-1, 1, size=(300, 4))
    tables = compositional_sparsity.tree_tables(node, 4, resolution)
    error = np.abs(tree_values(tables, x) - tree_of_functions(x)).max()
    # |h_xx| + |h_yy| <= 0.9 (0.36 + 0.25), and |h_x| + |h_y| <= 0.9 (0.6 + 0.5).
    node_error = 0.549 * (2 / (resolution - 1)) ** 2 / 8
    bound = compositional_sparsity.tree_error_bound(jnp.array(node_error), 0.99, 4)
    assert 0.2 * bound < error < bound


@pytest.mark.parametrize(("num_inputs", "height"), [(2, 1), (4, 2), (16, 4)])
def test_error_bound_adds_the_levels(num_inputs, height):
    bound = compositional_sparsity.tree_error_bound
    assert_allclose(bound(jnp.array(0.1), 1.0, num_inputs), 0.1 * height, rtol=EXACT)
    expected = 0.1 * (3**height - 1) / 2
    assert_allclose(bound(jnp.array(0.1), 3.0, num_inputs), expected, rtol=EXACT)


@pytest.mark.parametrize("num_inputs", [2, 4, 8])
def test_counts_are_the_sizes_of_the_tables(num_inputs):
    tables = compositional_sparsity.tree_tables(node, num_inputs, 3)
    assert compositional_sparsity.tree_table_size(num_inputs, 3) == tables.size
    dense = np.zeros([3] * num_inputs)
    assert compositional_sparsity.dense_table_size(num_inputs, 3) == dense.size


def test_units_grow_with_the_power_of_the_widest_part():
    units, halves = compositional_sparsity.units_needed, jnp.array([0.2, 0.1])
    shallow, deep = units(halves, 6, 3.0, composed=False), units(halves, 6, 3.0, composed=True)
    assert_allclose(shallow[1] / shallow[0], 4, rtol=EXACT)
    assert_allclose(deep[1] / deep[0], 2 ** (2 / 3), rtol=EXACT)
    # Of two inputs a tree has one node, and nothing is gained.
    two = [units(halves, 2, 3.0, composed=composed) for composed in (True, False)]
    assert_allclose(two[0], two[1], rtol=EXACT)
    # With bilinear tables (s = 2), counts as functions of 1/q.
    assert_allclose(units(1 / jnp.array(7.0) ** 2, 4, 2.0, composed=True), 3 * 7**2, rtol=EXACT)
