"""Example calls of `reference.talks.equi_separation`."""

import numpy as np

from reference.talks import equi_separation
from tests.reference.calls import Call

rng = np.random.default_rng(0)
Y, H = np.eye(3)[[0, 1, 2, 1, 0]], rng.normal(size=(5, 4))

CALLS = [
    Call(equi_separation.scatter_matrices, (H, Y)),
    Call(equi_separation.separation_fuzziness, (H, Y)),
    Call(equi_separation.layer_fuzziness, ([H, rng.normal(size=(5, 2))], Y)),
    Call(equi_separation.geometric_fit, (np.array([3.0, 1.0, 0.5]),)),
]
