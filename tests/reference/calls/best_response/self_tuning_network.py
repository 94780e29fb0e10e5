"""Example calls of `reference.best_response.self_tuning_network`."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from reference.best_response import self_tuning_network
from reference.best_response.self_tuning_network import (
    SelfTuningLayer,
    SelfTuningState,
    linear_response,
)
from tests.reference.calls import Call

rng = np.random.default_rng(0)
SHAPES = [(2, 3), (2, 3), (2, 4), (2,), (2,), (2, 4)]
LEAVES: list[Any] = [rng.normal(size=shape) for shape in SHAPES]
LAYER = SelfTuningLayer(*LEAVES)
INPUTS, EMBEDDINGS = rng.normal(size=(5, 3)), rng.normal(size=(5, 4))
PHI: Any = (rng.normal(size=3), rng.normal(size=(3, 2)))
THETA: Any = np.ones(2)
LOG_PENALTY = np.array(0.5)
STATE = SelfTuningState(PHI, THETA, 0 * THETA)


def loss(w, theta):
    return jnp.sum(w**2) + jnp.sum(theta**2) * jnp.sum(w)


RATES = {"step_size": 0.1, "hyper_step_size": 0.1, "entropy_weight": 0.2}
TRAINING = (loss, loss, linear_response, STATE)

CALLS = [
    Call(self_tuning_network.best_response_weights, (LAYER, EMBEDDINGS[0])),
    Call(self_tuning_network.best_response_outputs, (LAYER, INPUTS, EMBEDDINGS)),
    Call(self_tuning_network.linear_network_gates, (INPUTS, LOG_PENALTY)),
    Call(self_tuning_network.gated_linear_network, (INPUTS, rng.normal(size=5), LOG_PENALTY)),
    Call(self_tuning_network.linear_response, (PHI, THETA)),
    Call(self_tuning_network.gaussian_entropy, (THETA,)),
    Call(
        self_tuning_network.perturbed_loss,
        (loss, linear_response, STATE, rng.normal(size=(4, 2))),
        {"entropy_weight": 0.2},
    ),
    Call(self_tuning_network.self_tuning_step, (*TRAINING, rng.normal(size=(3, 4, 2))), RATES),
    Call(
        self_tuning_network.self_tuning_iterates,
        (*TRAINING, jax.random.key),
        {"num_steps": 3, **RATES},
    ),
]
