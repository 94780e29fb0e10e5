"""Example calls of `reference.stochastic_optimization.batch_size`."""

import numpy as np

from reference.stochastic_optimization import batch_size
from reference.stochastic_optimization.noisy_quadratic import NoisyQuadratic
from tests.reference.calls import Call

rng = np.random.default_rng(0)
MODEL = NoisyQuadratic(*rng.uniform(0.1, 1, size=(3, 4)))
MOMENTS, BATCH_SIZES = np.ones(4), np.array([1.0, 2.0, 4.0])
OPTIONS = {"momentum": 0.5, "max_steps": 9}

CALLS = [
    Call(batch_size.steps_to_target, (MODEL, np.array(0.1), 0.5, np.array(2.0)), OPTIONS),
    Call(batch_size.fewest_steps, (MODEL, 0.1, np.array([0.1, 0.5]), 2.0), OPTIONS),
    Call(batch_size.critical_batch_size, (BATCH_SIZES, 5 + 9 / BATCH_SIZES, np.array(5.0))),
    Call(batch_size.curvature_noise_scale, (MODEL, MOMENTS)),
    Call(batch_size.greedy_step_size, (MODEL, MOMENTS, 2.0)),
    Call(batch_size.greedy_schedule, (MODEL, np.array(2.0), 5)),
]
