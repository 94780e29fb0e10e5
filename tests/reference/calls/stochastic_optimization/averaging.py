"""Example calls of `reference.stochastic_optimization.averaging`."""

import numpy as np

from reference.stochastic_optimization import averaging
from reference.stochastic_optimization.noisy_quadratic import NoisyQuadratic
from tests.reference.calls import Call

rng = np.random.default_rng(0)
MODEL = NoisyQuadratic(*rng.uniform(0.1, 1, size=(3, 4)))
TREE = {"W": rng.normal(size=(3, 2)), "bias": rng.normal(size=2)}


def averages_after_two_updates(w, updates):
    found = []
    for decay in [0.9, averaging.polyak_decay]:
        transformation = averaging.parameter_average(decay)
        state = transformation.init(w)
        for _ in range(2):
            _, state = transformation.update(updates, state, w)
        found.append(averaging.averaged_parameters(state))
    return found


USED = (averaging.parameter_average, averaging.averaged_parameters, averaging.polyak_decay)

CALLS = [
    Call(averages_after_two_updates, (TREE, TREE), covered=USED),
    Call(averaging.ema_steady_state_risk, (MODEL, np.array(0.5), 2.0, np.array(0.9))),
    Call(averaging.iterate_average_losses, (MODEL, np.array(0.5), np.array(2.0), 6)),
]
