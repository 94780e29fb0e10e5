"""Example calls of `reference.bilevel_optimization.neumann`."""

import numpy as np

from reference.bilevel_optimization import neumann
from tests.reference.calls import Call
from tests.reference.calls.bilevel_optimization.implicit import LOSSES, W, doubled

CALLS = [
    Call(neumann.neumann_inverse_product, (doubled, W, np.array(0.1), 3)),
    Call(neumann.neumann_shrinkage, (np.array([0.5, 1.0]), np.array(0.1), 3)),
    Call(neumann.neumann_hypergradient, (*LOSSES, np.array(0.1), 3)),
]
