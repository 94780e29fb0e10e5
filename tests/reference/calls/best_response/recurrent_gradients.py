"""Example calls of `reference.best_response.recurrent_gradients`."""

import jax.numpy as jnp
import numpy as np

from reference.best_response import recurrent_gradients
from tests.reference.calls import Call

rng = np.random.default_rng(0)
THETA, STATE, SIGNS = rng.normal(size=2), rng.normal(size=3), np.ones((4, 3))


def step(state, theta, t):
    state = jnp.tanh(state + jnp.sum(theta))
    return state, jnp.sum(state**2) + jnp.where(t > 2, theta[0], 0)


CALLS = [
    Call(recurrent_gradients.unroll, (step, THETA, STATE, np.array(1)), {"num_steps": 3}),
    Call(recurrent_gradients.unrolled_loss, (step, THETA, STATE), {"num_steps": 3}),
    Call(recurrent_gradients.real_time_recurrent_gradient, (step, THETA, STATE), {"num_steps": 3}),
    Call(recurrent_gradients.rank_one_gradient, (step, THETA, STATE, SIGNS)),
    Call(
        recurrent_gradients.truncated_backpropagation_gradient,
        (step, THETA, STATE),
        {"truncation": 2, "num_truncations": 3},
    ),
]
