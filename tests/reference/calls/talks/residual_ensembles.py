"""Example calls of `reference.talks.residual_ensembles`."""

import numpy as np

from reference.talks import residual_ensembles
from tests.reference.calls import Call

BATCHES = np.array([1.0, 10.0, 100.0])

CALLS = [
    Call(residual_ensembles.path_length_distribution, (np.array([0.5, 1.0, 2.0]),)),
    Call(residual_ensembles.gradient_by_path_length, (np.ones((4, 3, 3)), np.ones(3))),
    Call(residual_ensembles.steps_to_target, (BATCHES, 100.0, 32.0)),
    Call(residual_ensembles.parallel_efficiency, (BATCHES, np.array(32.0))),
]
