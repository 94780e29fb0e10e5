"""Example calls of `reference.talks.layer_peeled`."""

import numpy as np

from reference.talks import layer_peeled
from tests.reference.calls import Call

rng = np.random.default_rng(0)
P = np.array([0.6, 0.2, 0.2])
TREE = {"weights": rng.normal(size=(3, 4)), "features": rng.normal(size=(3, 4))}
PENALTIES = {"weight_penalty": 0.1, "feature_penalty": 0.2}

CALLS = [
    Call(layer_peeled.imbalanced_fractions, (1, 2, np.array(4.0))),
    Call(layer_peeled.peeled_loss, (TREE, P), PENALTIES),
    Call(layer_peeled.peeled_descent, (TREE, P, 0.1, 3), PENALTIES),
    Call(layer_peeled.convex_certificate, (TREE, P), PENALTIES),
    Call(layer_peeled.classifier_cosines, (TREE["weights"],)),
]
