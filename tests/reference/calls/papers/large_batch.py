"""Example calls of `reference.papers.large_batch`."""

import numpy as np

from reference.papers import large_batch
from tests.reference.calls import Call

rng = np.random.default_rng(0)
GRADIENTS, H = rng.normal(size=(5, 3)), np.diag([1.0, 2.0, 5.0])
STEPS, EXAMPLES = np.array([20.0, 12.0, 11.0]), np.array([200.0, 400.0, 900.0])

CALLS = [
    Call(large_batch.simple_noise_scale, (GRADIENTS,)),
    Call(large_batch.curvature_weighted_noise_scale, (GRADIENTS, H)),
    Call(large_batch.noise_estimates, (STEPS, STEPS / 2, np.array(2.0), 8.0)),
    Call(large_batch.naive_noise_scale_limit, (np.array(100.0), np.array(8.0))),
    Call(large_batch.best_step_size, (np.array(0.1), np.array(100.0), 8.0)),
    Call(large_batch.best_improvement, (GRADIENTS[0], H)),
    Call(large_batch.trade_off_examples, (STEPS, np.array(10.0), 100.0)),
    Call(large_batch.fitted_trade_off, (STEPS, EXAMPLES)),
]
