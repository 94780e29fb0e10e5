"""Example calls of `reference.talks.contextual_graphs`."""

import jax
import numpy as np

from reference.talks import contextual_graphs
from tests.reference.calls import Call

rng = np.random.default_rng(0)
Y = np.array([1.0, -1.0, 1.0, 1.0, -1.0])
X, A, W = rng.normal(size=(5, 3)), rng.normal(size=(5, 5)), rng.normal(size=3)

CALLS = [
    Call(contextual_graphs.contextual_inputs, (jax.random.key, Y, W)),
    Call(contextual_graphs.gaussian_links, (jax.random.key, Y, 0.5)),
    Call(contextual_graphs.block_model_links, (jax.random.key, Y, 0.5, 2.0)),
    Call(contextual_graphs.ridge_network, (A, X, Y, 4, 0.1)),
    Call(contextual_graphs.fresh_node_risk, (W, X, Y, 0.5)),
    Call(contextual_graphs.fresh_node_error, (W, X, Y, 0.5)),
    Call(contextual_graphs.predicted_risks, (X, Y, 0.5, np.array([2, 4])), {"penalty": 0.1}),
]
