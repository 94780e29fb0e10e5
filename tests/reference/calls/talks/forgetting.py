"""Example calls of `reference.talks.forgetting`."""

import numpy as np

from reference.talks import forgetting
from tests.reference.calls import Call

rng = np.random.default_rng(0)
XS, YS, W = rng.normal(size=(3, 2, 4)), rng.normal(size=(3, 2)), rng.normal(size=4)

CALLS = [
    Call(forgetting.task_projection, (W, XS[0], YS[0])),
    Call(forgetting.cyclic_iterates, (XS, YS, W, 2)),
    Call(forgetting.forgetting, (W, XS, YS)),
    Call(forgetting.forgetting_at_angle, (np.array([0.2, 0.7]), 2)),
    Call(forgetting.two_task_forgetting, (np.eye(4)[:2], np.eye(4)[1:], W, 2)),
    Call(forgetting.cyclic_forgetting_bound, (XS, W, 2)),
]
