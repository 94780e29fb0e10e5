"""Trees behave as the vectors that they are laid out as."""

import jax
import jax.numpy as jnp
import pytest
from numpy.testing import assert_allclose

from reference import pytrees

TREES = {
    "a vector": lambda key: jax.random.normal(key, (5,)),
    "a scalar": lambda key: jax.random.normal(key, ()),
    "a dict with a ragged list": lambda key: {
        "layers": [jax.random.normal(key, (2, 3)), jax.random.normal(key, (3,))],
        "scale": jax.random.normal(key, ()),
    },
}


@pytest.mark.parametrize("make", TREES.values(), ids=TREES)
def test_operations_on_trees_are_those_on_vectors(make):
    x, y = make(jax.random.key(0)), make(jax.random.key(1))
    x_flat, y_flat = pytrees.as_vector(x), pytrees.as_vector(y)
    assert_allclose(pytrees.inner_product(x, y), x_flat @ y_flat, rtol=1e-12)
    assert_allclose(pytrees.norm(x), jnp.linalg.norm(x_flat), rtol=1e-12)
    total = pytrees.as_vector(pytrees.plus_multiple(x, -0.5, y))
    assert_allclose(total, x_flat - 0.5 * y_flat, rtol=1e-12)


@pytest.mark.parametrize("make", TREES.values(), ids=TREES)
def test_a_tree_comes_back_from_its_vector(make):
    tree = make(jax.random.key(2))
    back = pytrees.as_tree(pytrees.as_vector(tree), like=tree)
    assert jax.tree.structure(back) == jax.tree.structure(tree)
    assert jax.tree.all(jax.tree.map(jnp.array_equal, back, tree))


def test_leaves_lie_row_major_and_in_the_order_of_their_names():
    tree = {"b": jnp.array([[1.0, 2.0], [3.0, 4.0]]), "a": jnp.array(0.0)}
    assert_allclose(pytrees.as_vector(tree), jnp.arange(5.0))


def test_a_function_of_a_tree_becomes_one_of_its_vector():
    like, tree = map(TREES["a dict with a ragged list"], jax.random.split(jax.random.key(3)))
    function = pytrees.on_vectors(lambda tree: tree["scale"] * tree["layers"][1], like=like)
    expected = tree["scale"] * tree["layers"][1]
    assert_allclose(function(pytrees.as_vector(tree)), expected)
