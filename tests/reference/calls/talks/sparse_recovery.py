"""Example calls of `reference.talks.sparse_recovery`."""

import numpy as np

from reference.talks import sparse_recovery
from tests.reference.calls import Call

rng = np.random.default_rng(0)
A, T, X = rng.normal(size=(3, 4)), rng.normal(size=3), rng.normal(size=4)

CALLS = [
    Call(sparse_recovery.lasso_loss, (X, A, T, 0.1)),
    Call(sparse_recovery.soft_threshold, (A, 0.1)),
    Call(sparse_recovery.largest_step_size, (A,)),
    Call(sparse_recovery.smallest_full_penalty, (A, T)),
    Call(sparse_recovery.optimality_violation, (X, A, T, 0.1)),
    Call(sparse_recovery.ista_iterates, (A, T, X, 0.1, 0.2, 3)),
    Call(sparse_recovery.fista_iterates, (A, T, X, 0.1, 0.2, 3)),
]
