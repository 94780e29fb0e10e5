"""Example calls of `reference.infinite_limits.edge_of_chaos`."""

import numpy as np

from reference.infinite_limits import edge_of_chaos
from reference.infinite_limits.dual_activations import ERF, RELU
from tests.reference.calls import Call

Q, C = np.array(1.2), np.array([0.1, 0.9])
VARIANCES = (np.array(2.0), np.array(0.1))

CALLS = [
    Call(edge_of_chaos.variance_map, (RELU, Q, *VARIANCES)),
    Call(edge_of_chaos.correlation_map, (ERF, Q, C, *VARIANCES)),
    Call(edge_of_chaos.correlation_slope, (ERF, Q, C, 2.0)),
    Call(edge_of_chaos.variance_fixed_point, (ERF, *VARIANCES)),
    Call(edge_of_chaos.correlation_fixed_point, (ERF, Q, *VARIANCES)),
    Call(edge_of_chaos.correlation_iterates, (ERF, Q, C, *VARIANCES, 3)),
    Call(edge_of_chaos.critical_initialisation, (ERF, C)),
    Call(edge_of_chaos.depth_scale, (C,)),
]
