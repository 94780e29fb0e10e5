"""Example calls of `reference.metrics.natural_gradients`."""

import numpy as np

from reference.metrics import natural_gradients
from tests.reference.calls import Call

rng = np.random.default_rng(0)
TREE = {"W": rng.normal(size=(3, 2)), "bias": rng.normal(size=2)}
INPUTS, LABELS = rng.normal(size=(4, 3)), np.array([0, 1, 1, 0])


def logits_fn(w, inputs):
    return inputs @ w["W"] + w["bias"]


CLASSIFIER = (logits_fn, TREE, INPUTS)

CALLS = [
    Call(natural_gradients.natural_gradient, (*CLASSIFIER, LABELS), {"damping": 0.1}),
    Call(
        natural_gradients.natural_gradient_descent_iterates,
        (*CLASSIFIER, LABELS, 0.1, 2),
        {"damping": 0.1},
    ),
]
