"""Example calls of `reference.stochastic_optimization.noisy_quadratic`."""

import jax
import numpy as np
import optax

from reference.stochastic_optimization import noisy_quadratic
from tests.reference.calls import Call

rng = np.random.default_rng(0)
MODEL = noisy_quadratic.NoisyQuadratic(*rng.uniform(0.1, 1, size=(3, 4)))
SCHEDULES = (MODEL, np.full(5, 0.5), np.full(5, 2.0))
OPTIONS = {"momentum": 0.9, "ema_decay": 0.5}
OPTIMIZER = optax.sgd(0.1, momentum=0.9)

CALLS = [
    Call(noisy_quadratic.preconditioned, (MODEL, 0.5)),
    Call(noisy_quadratic.expected_losses, SCHEDULES, OPTIONS),
    Call(noisy_quadratic.expected_second_moments, SCHEDULES, OPTIONS),
    Call(noisy_quadratic.initial_moments, (MODEL,)),
    Call(
        noisy_quadratic.moments_after_step,
        (MODEL, rng.normal(size=(4, 3, 3)), np.array(0.5), np.array(2.0), 0.9, 0.5),
    ),
    Call(noisy_quadratic.sgd_second_moments, (MODEL, 0.5, 2.0, 5)),
    Call(noisy_quadratic.steady_state_moments, (MODEL, 0.5, 2.0), {"momentum": 0.9}),
    Call(noisy_quadratic.steady_state_risk, (MODEL, np.array(0.5), np.array(2.0))),
    Call(noisy_quadratic.noisy_gradient, (jax.random.key, MODEL, rng.normal(size=4), 2.0)),
    Call(noisy_quadratic.simulated_iterates, (jax.random.key, MODEL, OPTIMIZER, 2.0, 5)),
]
