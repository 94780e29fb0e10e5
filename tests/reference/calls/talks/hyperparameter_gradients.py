"""Example calls of `reference.talks.hyperparameter_gradients`."""

import jax
import numpy as np

from reference.talks import hyperparameter_gradients
from tests.reference.calls import Call
from tests.reference.calls.bilevel_optimization.implicit import LOSSES

rng = np.random.default_rng(0)
S, TARGETS, PHI, T = (rng.normal(size=shape) for shape in [(2, 3), 2, (4, 3), 4])
W, L, PENALTY = rng.normal(size=3), rng.normal(size=(3, 2)), np.array(0.3)
SCHEDULE = {
    "inner_step_size": np.array(0.1),
    "outer_step_size": np.array(0.1),
    "num_inner_steps": 2,
    "num_terms": 2,
    "num_outer_steps": 3,
}

CALLS = [
    Call(hyperparameter_gradients.alternating_iterates, LOSSES, SCHEDULE),
    Call(hyperparameter_gradients.distilled_weights, (S, TARGETS, PENALTY)),
    Call(hyperparameter_gradients.distillation_loss, (S, TARGETS, PHI, T, PENALTY)),
    Call(
        hyperparameter_gradients.distillation_hypergradients,
        (S, TARGETS, PHI, T, PENALTY),
        {"step_size": np.array(0.1), "num_terms": 3},
    ),
    Call(hyperparameter_gradients.distilled_targets, (S, W, PENALTY)),
    Call(hyperparameter_gradients.augmented_inputs, (jax.random.key, PHI, L)),
    Call(hyperparameter_gradients.augmented_loss, (W, L, PHI, T)),
    Call(hyperparameter_gradients.augmented_weights, (L, PHI, T)),
]
