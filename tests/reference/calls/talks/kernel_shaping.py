"""Example calls of `reference.talks.kernel_shaping`."""

import numpy as np

from reference.talks import kernel_shaping
from tests.reference.calls import Call

C, ALPHA = np.array([-0.5, 0.0, 1.0]), np.array(0.3)

CALLS = [
    Call(kernel_shaping.tailored_relu, (C, ALPHA)),
    Call(kernel_shaping.variance_map, (C, 0.3)),
    Call(kernel_shaping.correlation_map, (C, ALPHA)),
    Call(kernel_shaping.network_correlation_map, (C, ALPHA, 4)),
    Call(kernel_shaping.tailored_negative_slope, (np.array([0.1, 0.5]), 10)),
]
