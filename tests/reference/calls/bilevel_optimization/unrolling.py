"""Example calls of `reference.bilevel_optimization.unrolling`."""

import numpy as np

from reference.bilevel_optimization import unrolling
from tests.reference.calls import Call
from tests.reference.calls.bilevel_optimization.implicit import LOSSES, THETA, W, inner_loss

STEP_SIZE, MOMENTUM = np.array(0.1), {"momentum": 0.5}

CALLS = [
    Call(unrolling.descended_weights, (inner_loss, W, THETA, STEP_SIZE, 3), MOMENTUM),
    Call(unrolling.reverse_mode_hypergradient, (*LOSSES, STEP_SIZE, 3), MOMENTUM),
    Call(unrolling.forward_mode_hypergradient, (*LOSSES, STEP_SIZE, 3), MOMENTUM),
    Call(
        unrolling.truncated_hypergradient,
        (*LOSSES, STEP_SIZE, 3),
        {**MOMENTUM, "num_differentiated": 2},
    ),
    Call(unrolling.truncation_bias, (*LOSSES, STEP_SIZE, 3)),
]
