"""Example calls of `reference.best_response.warm_start`."""

import jax.numpy as jnp
import numpy as np

from reference.best_response import warm_start
from tests.reference.calls import Call

rng = np.random.default_rng(0)
PHIS, TARGETS, WEIGHTS = rng.normal(size=(4, 2, 5)), rng.normal(size=(4, 2)), rng.normal(size=5)
U = np.array([0.3, 0.5, 0.7])


def problem(u):
    return jnp.eye(2, 5, dtype=u.dtype) * u[0] + u[2], jnp.ones_like(u[:2]) * u[1]


def outer_loss(w):
    return jnp.sum(w**2)


CALLS = [
    Call(warm_start.nearest_solution, (PHIS[0], TARGETS[0], WEIGHTS)),
    Call(warm_start.descended_weights, (PHIS[0], TARGETS[0], WEIGHTS, 0.1), {"num_steps": 3}),
    Call(warm_start.cold_start_solutions, (PHIS, TARGETS, WEIGHTS)),
    Call(warm_start.warm_start_solutions, (PHIS, TARGETS, WEIGHTS)),
    Call(
        warm_start.partially_warm_started_weights,
        (PHIS, TARGETS, WEIGHTS, 0.1),
        {"num_steps": 3},
    ),
    Call(warm_start.warm_start_excess, (PHIS[0], WEIGHTS, 2 * WEIGHTS)),
    Call(warm_start.projection_response, (problem, U, WEIGHTS)),
    Call(warm_start.minimum_norm_response, (problem, U, WEIGHTS)),
    Call(
        warm_start.bilevel_iterates,
        (problem, outer_loss, U, WEIGHTS, 0.1),
        {"num_steps": 3, "warm": True},
    ),
]
