"""Example calls of `reference.talks.compositional_sparsity`."""

import numpy as np

from reference.talks import compositional_sparsity
from tests.reference.calls import Call

rng = np.random.default_rng(0)
TABLES, X = rng.normal(size=(3, 5, 5)), rng.uniform(-1, 1, size=4)

CALLS = [
    Call(compositional_sparsity.units_needed, (np.array([0.1, 0.2]), 4, 2.0), {"composed": True}),
    Call(compositional_sparsity.interpolated, (TABLES[0], np.array(0.3), np.array(-0.2))),
    Call(compositional_sparsity.tree_value, (TABLES, X)),
    Call(compositional_sparsity.tree_error_bound, (np.array(0.1), 2.0, 4)),
]

# Of numbers alone, or of a function.
NOT_PROGRAMS = [
    compositional_sparsity.dense_table_size,
    compositional_sparsity.tree_table_size,
    compositional_sparsity.tree_tables,
]
