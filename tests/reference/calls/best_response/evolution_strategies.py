"""Example calls of `reference.best_response.evolution_strategies`."""

import jax.numpy as jnp
import numpy as np

from reference.best_response import evolution_strategies
from tests.reference.calls import Call

rng = np.random.default_rng(0)
THETA, STATE, NOISE = rng.normal(size=2), {"s": rng.normal(size=3)}, rng.normal(size=(4, 5, 2))


def step(state, theta, t):
    s = jnp.tanh(state["s"] + jnp.sum(theta))
    return {"s": s}, jnp.sum(s**2) + jnp.where(t > 2, theta[0], 0)


def loss(theta):
    return jnp.sum(theta**2)


CALLS = [
    Call(evolution_strategies.evolution_strategies_gradient, (loss, THETA, NOISE[0], 0.1)),
    Call(
        evolution_strategies.full_unroll_gradient,
        (step, THETA, STATE, NOISE[0], 0.1),
        {"num_steps": 3},
    ),
    Call(
        evolution_strategies.truncated_gradient,
        (step, THETA, STATE, NOISE, 0.1),
        {"truncation": 2},
    ),
]
