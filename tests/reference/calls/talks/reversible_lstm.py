"""Example calls of `reference.talks.reversible_lstm`."""

from typing import Any

import numpy as np

from reference.talks import reversible_lstm
from reference.talks.reversible_lstm import LongShortCell, LongShortHalf, LongShortState
from tests.reference.calls import Call

rng = np.random.default_rng(0)
H, LIMBS = np.array([1000, -7, 30], np.int32), np.zeros((3, 4), np.int32)
WEIGHTS: Any = rng.normal(size=(2, 5, 15))
CELL, INPUTS = LongShortCell(*WEIGHTS), rng.normal(size=(4, 2))
HALF_LEAVES: Any = [H, H, LIMBS, LIMBS]
LOST: Any = np.array(False)
STATE = LongShortState(LongShortHalf(*HALF_LEAVES), LongShortHalf(*HALF_LEAVES), LOST)
BITS = {"fraction_bits": 12, "gate_bits": 8}

CALLS = [
    Call(reversible_lstm.reversible_lstm_start, (H, H), {"num_limbs": 4}),
    Call(reversible_lstm.reversible_lstm_step, (CELL, STATE, INPUTS[0]), BITS),
    Call(reversible_lstm.reversed_lstm_step, (CELL, STATE, INPUTS[0]), BITS),
    Call(reversible_lstm.reversible_lstm_end, (CELL, STATE, INPUTS), BITS),
    Call(reversible_lstm.reversed_lstm_start, (CELL, STATE, INPUTS), BITS),
]
