"""Example calls of `reference.talks.belief_change`."""

import numpy as np

from reference.talks import belief_change
from tests.reference.calls import Call

BELIEFS = np.array([[1, 0, 1, 1], [1, 1, 1, 1], [0, 1, 0, 0]], bool)
EDGES = ((0, 1), (1, 2))


def believed_by_all(beliefs):
    worlds = belief_change.believed_worlds(lambda atoms: atoms[:, 0], num_atoms=2)
    return beliefs & worlds


CALLS = [
    Call(believed_by_all, (BELIEFS,), covered=(belief_change.believed_worlds,)),
    Call(belief_change.global_completion, (BELIEFS, EDGES)),
    Call(belief_change.revised_belief, (BELIEFS[0], BELIEFS[1]), {"by_cardinality": True}),
    Call(belief_change.simple_iteration, (BELIEFS, EDGES)),
    Call(belief_change.expanding_iteration, (BELIEFS, EDGES), {"by_cardinality": True}),
    Call(belief_change.augmenting_iteration, (BELIEFS, EDGES)),
    Call(belief_change.ring_iteration, (BELIEFS, EDGES)),
    Call(
        belief_change.belief_fixpoint,
        (belief_change.simple_iteration, BELIEFS, EDGES),
    ),
]
