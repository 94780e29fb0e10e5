"""Example calls of `reference.talks.reversible_gru`."""

from typing import Any

import numpy as np

from reference.talks import reversible_gru
from reference.talks.reversible_gru import HalfCell, ReversibleState
from tests.reference.calls import Call

rng = np.random.default_rng(0)
H, LIMBS = np.array([1000, -7, 30], np.int32), np.zeros((3, 4), np.int32)
HALF: Any = [rng.normal(size=(5, 6)), rng.normal(size=(5, 3))]
CELL = (HalfCell(*HALF), HalfCell(*HALF))
STATE_LEAVES: Any = [H, H, LIMBS, LIMBS, np.array(False)]
STATE, INPUTS = ReversibleState(*STATE_LEAVES), rng.normal(size=(4, 2))
BITS = {"fraction_bits": 12, "gate_bits": 8}

CALLS = [
    Call(reversible_gru.reversible_start, (H, H), {"num_limbs": 4}),
    Call(reversible_gru.reversible_gru_step, (CELL, STATE, INPUTS[0]), BITS),
    Call(reversible_gru.reversed_gru_step, (CELL, STATE, INPUTS[0]), BITS),
    Call(reversible_gru.reversible_gru_end, (CELL, STATE, INPUTS), BITS),
    Call(reversible_gru.reversed_gru_start, (CELL, STATE, INPUTS), BITS),
]
