"""Example calls of `reference.best_response.persistent_evolution`."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from reference.best_response import persistent_evolution
from reference.best_response.persistent_evolution import Particles
from tests.reference.calls import Call

rng = np.random.default_rng(0)
THETA, STATE, NOISE = rng.normal(size=2), {"s": rng.normal(size=3)}, rng.normal(size=(4, 5, 2))
STATES = {"s": rng.normal(size=(5, 3))}
LEAVES: list[Any] = [STATES, STATES, NOISE[0], np.array(4)]
PARTICLES = Particles(*LEAVES)


def step(state, theta, t):
    s = jnp.tanh(state["s"] + jnp.sum(theta))
    return {"s": s}, jnp.sum(s**2) + jnp.where(t > 2, theta[0], 0)


EPISODE = (step, THETA, STATE, NOISE, 0.1)

CALLS = [
    Call(persistent_evolution.persistent_start, (STATE, THETA), {"num_pairs": 5}),
    Call(
        persistent_evolution.persistent_step,
        (step, THETA, PARTICLES, NOISE[0], 0.1),
        {"truncation": 2},
    ),
    Call(persistent_evolution.persistent_gradient, EPISODE, {"truncation": 2}),
    Call(persistent_evolution.analytic_persistent_gradient, EPISODE, {"truncation": 2}),
    Call(
        persistent_evolution.noise_reuse_gradient,
        (step, THETA, STATE, NOISE[0], 0.1),
        {"truncation": 2, "num_truncations": 4},
    ),
]
