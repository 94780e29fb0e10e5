"""Plausible mistakes in `reference.pytrees`."""

from tests.reference.mistakes import Mistake

MISTAKES = [
    Mistake(
        "leaves transposed",
        "return ravel_pytree(tree)[0]",
        "return ravel_pytree(jax.tree.map(lambda leaf: leaf.T, tree))[0]",
        "test_leaves_lie_row_major_and_in_the_order_of_their_names",
    ),
    Mistake(
        "y subtracted",
        "x_i + a * y_i",
        "x_i - a * y_i",
        "test_operations_on_trees_are_those_on_vectors",
    ),
    Mistake(
        "the norm squared",
        "return jnp.sqrt(inner_product(x, x))",
        "return inner_product(x, x)",
        "test_operations_on_trees_are_those_on_vectors",
    ),
    Mistake(
        "the function of the tree itself",
        "function(as_tree(vector, like=like))",
        "function(like)",
        "test_a_function_of_a_tree_becomes_one_of_its_vector",
    ),
]
