"""Example calls of `reference.talks.forgetting_buffer`."""

import numpy as np

from reference.talks import forgetting_buffer
from tests.reference.calls import Call

X, Z = np.array([0.1, 0.7, 1.0]), np.array([3, 100, 256], np.int32)
H, LIMBS = np.array([1000, -7, 30], np.int32), np.zeros((3, 4), np.int32)

CALLS = [
    Call(forgetting_buffer.fixed_point, (X,), {"fraction_bits": 12}),
    Call(forgetting_buffer.fixed_gate, (X,), {"gate_bits": 8}),
    Call(forgetting_buffer.rounded_product, (H, Z), {"gate_bits": 8}),
    Call(forgetting_buffer.forgotten, (H, Z, LIMBS), {"gate_bits": 8}),
    Call(forgetting_buffer.recalled, (H, Z, LIMBS), {"gate_bits": 8}),
    Call(forgetting_buffer.stored_bits, (LIMBS,), {"gate_bits": 8}),
]
