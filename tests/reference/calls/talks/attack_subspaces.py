"""Example calls of `reference.talks.attack_subspaces`."""

import numpy as np

from reference.talks import attack_subspaces
from tests.reference.calls import Call

rng = np.random.default_rng(0)
BLOCKS, X, Z = rng.normal(size=(5, 6, 2)), rng.normal(size=6), rng.normal(size=(5, 2))

CALLS = [
    Call(attack_subspaces.block_sparse_loss, (Z, BLOCKS, X, 0.1)),
    Call(attack_subspaces.block_soft_threshold, (Z, 0.5)),
    Call(attack_subspaces.smallest_silent_penalty, (BLOCKS, X)),
    Call(attack_subspaces.block_sparse_code, (BLOCKS, X, 0.1), {"num_steps": 3}),
    Call(attack_subspaces.reversed_attack, (Z, BLOCKS, X, 3)),
    Call(attack_subspaces.subspace_distances, (BLOCKS, X)),
]
