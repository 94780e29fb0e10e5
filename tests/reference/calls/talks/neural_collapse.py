"""Example calls of `reference.talks.neural_collapse`."""

import numpy as np

from reference.talks import neural_collapse
from tests.reference.calls import Call

rng = np.random.default_rng(0)
Y, H, W = np.eye(3)[[0, 1, 2, 1, 0]], rng.normal(size=(5, 4)), rng.normal(size=(3, 4))
TREE = {"features": H, "weights": W, "biases": rng.normal(size=3)}
PENALTIES = {"weight_penalty": 0.1, "feature_penalty": 0.2, "bias_penalty": 0.3}

CALLS = [
    Call(neural_collapse.class_means, (H, Y)),
    Call(neural_collapse.class_scatters, (H, Y)),
    Call(neural_collapse.within_class_variability, (H, Y)),
    Call(neural_collapse.mean_cosines, (H, Y)),
    Call(neural_collapse.self_duality_distance, (W, H, Y)),
    Call(neural_collapse.layer_compressions, ([W.T, rng.normal(size=(3, 2))], H, Y)),
    Call(neural_collapse.unconstrained_loss, (TREE, Y), PENALTIES),
    Call(neural_collapse.unconstrained_descent_iterates, (TREE, Y, 0.1, 3), PENALTIES),
    Call(neural_collapse.collapsed_logit_gap, (3, 2, np.array(0.1), np.array(0.2))),
    Call(neural_collapse.collapsed_loss, (3, 2, np.array(0.1), np.array(0.2))),
]

NOT_PROGRAMS = [neural_collapse.simplex_frame]  # of a number
