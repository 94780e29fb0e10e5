"""Example calls of `reference.pytrees`."""

import numpy as np

from reference import pytrees
from tests.reference.calls import Call

rng = np.random.default_rng(0)
TREE = {"W": rng.normal(size=(3, 2)), "bias": rng.normal(size=2)}

CALLS = [
    Call(pytrees.as_vector, (TREE,)),
    Call(pytrees.as_tree, (rng.normal(size=8),), {"like": TREE}),
    Call(pytrees.inner_product, (TREE, TREE)),
    Call(pytrees.norm, (TREE,)),
    Call(pytrees.plus_multiple, (TREE, 0.5, TREE)),
]

NOT_PROGRAMS = [pytrees.on_vectors]  # makes a function
