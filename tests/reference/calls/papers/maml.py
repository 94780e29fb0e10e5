"""Example calls of `reference.papers.maml`."""

import jax.numpy as jnp
import numpy as np

from reference.papers import maml
from tests.reference.calls import Call

rng = np.random.default_rng(0)
W = {"W": rng.normal(size=(2, 2)), "v": rng.normal(size=2)}
EXAMPLES = (rng.normal(size=(3, 4, 2)), rng.normal(size=(3, 4)))


def loss(w, examples):
    inputs, t = examples
    return jnp.mean((jnp.tanh(inputs @ w["W"]) @ w["v"] - t) ** 2) / 2


TASKS = (loss, W, EXAMPLES, EXAMPLES, np.array(0.1), 2)

CALLS = [
    Call(maml.adapted_parameters, (loss, W, (EXAMPLES[0][0], EXAMPLES[1][0]), np.array(0.1), 2)),
    Call(maml.meta_loss, TASKS),
    Call(maml.meta_gradient, TASKS),
    Call(maml.first_order_meta_gradient, TASKS),
    Call(maml.meta_descent_iterates, TASKS, {"meta_step_size": np.array(0.1), "num_meta_steps": 2}),
]
