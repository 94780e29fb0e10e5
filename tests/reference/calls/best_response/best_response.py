"""Example calls of `reference.best_response.best_response`."""

import jax.numpy as jnp
import numpy as np

from reference.best_response import best_response
from tests.reference.calls import Call

rng = np.random.default_rng(0)
PHI, TARGETS, PENALTIES = rng.normal(size=(4, 3)), rng.normal(size=4), np.array([0.5, 1.0, 2.0])
RESPONSE, THETA, PERTURBATIONS = rng.normal(size=(3, 2)), np.zeros(2), rng.normal(size=(5, 2))


def network(w):
    return {"y": jnp.tanh(w[:2]), "w": w}


def loss_of_outputs(z, theta):
    return jnp.sum(z["y"] ** 2) + jnp.sum(jnp.exp(theta)) * jnp.sum(z["w"] ** 2)


def validation_loss(w, theta):
    return jnp.sum(w**2) + jnp.sum(theta)


CALLS = [
    Call(best_response.ridge_best_response, (PHI, TARGETS, PENALTIES)),
    Call(best_response.ridge_response_jacobian, (PHI, TARGETS, PENALTIES)),
    Call(best_response.linearised_best_response, (jnp.sin, THETA, THETA + 1)),
    Call(
        best_response.linearised_response_step,
        (network, loss_of_outputs, PENALTIES, RESPONSE, THETA, PERTURBATIONS),
        {"step_size": 0.1, "response_step_size": 0.2},
    ),
    Call(best_response.response_hypergradient, (validation_loss, PENALTIES, RESPONSE, THETA)),
]
