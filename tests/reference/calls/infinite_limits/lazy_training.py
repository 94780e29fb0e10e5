"""Example calls of `reference.infinite_limits.lazy_training`."""

import jax.numpy as jnp
import numpy as np

from reference.infinite_limits import lazy_training
from tests.reference.calls import Call

Phi = np.random.default_rng(0).normal(size=(5, 4))
K = Phi @ Phi.T
TRAINING = (K[:3, :3], K[3:, :3])
INITIAL = {"initial": np.ones(3), "initial_test": np.ones(2)}


def linearised_outputs(w_0, w):
    return lazy_training.linearised_network(jnp.tanh, w_0)(w)


CALLS = [
    Call(
        lazy_training.gradient_flow_predictions,
        (*TRAINING, np.ones(3), np.array([0.0, 1.0])),
        INITIAL,
    ),
    Call(
        lazy_training.gradient_descent_predictions,
        (*TRAINING, np.ones(3), 0.1, 4),
        INITIAL,
    ),
    Call(lazy_training.ensemble_covariance, (*TRAINING, K, np.array(2.0))),
    Call(lazy_training.kernel_regression, (*TRAINING, np.ones(3))),
    Call(
        linearised_outputs,
        (np.ones(3), np.zeros(3)),
        covered=(lazy_training.linearised_network,),
    ),
]
