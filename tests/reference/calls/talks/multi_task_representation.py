"""Example calls of `reference.talks.multi_task_representation`."""

import jax
import numpy as np

from reference.talks import multi_task_representation as multi_task
from tests.reference.calls import Call

rng = np.random.default_rng(0)
B = np.linalg.qr(rng.normal(size=(4, 2)))[0]
W, NU = rng.normal(size=(2, 3)), rng.normal(size=3)
X, T = rng.normal(size=(3, 5, 4)), rng.normal(size=(3, 5))

CALLS = [
    Call(multi_task.task_examples, (jax.random.key, B, W, 5, 0.1)),
    Call(multi_task.sine_distance, (B, B[::-1])),
    Call(multi_task.moment_subspace, (X, T, 2)),
    Call(multi_task.joint_regression_iterates, (X, T, B, 3)),
    Call(multi_task.few_shot_weights, (B, X[0], T[0])),
    Call(multi_task.task_relevance, (W, W[:, 0])),
    Call(multi_task.transfer_variance, (NU, NU**2)),
    Call(multi_task.task_allocation, (NU,)),
    Call(multi_task.active_allocation, (X, T, X[0, :3], T[0, :3], 2), {"num_steps": 2}),
]
