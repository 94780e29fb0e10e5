"""Example calls of `reference.papers.influence_functions`."""

import jax.numpy as jnp
import numpy as np

from reference.papers import influence_functions
from tests.reference.calls import Call

rng = np.random.default_rng(0)
INPUTS, TARGETS = rng.normal(size=(5, 3)), rng.normal(size=5)
W = {"slope": rng.normal(size=3), "offset": rng.normal(size=())}
OPTIONS = {"penalty": 0.1, "tolerance": 1e-3, "max_steps": 9}


def losses_of_inputs(w, inputs):
    return jnp.log(jnp.cosh(inputs @ w["slope"] + w["offset"]))


def losses(w):
    return losses_of_inputs(w, INPUTS.astype(w["slope"].dtype))


def test_losses(w):
    return losses(w)[:2] ** 2


def test_loss(w):
    return losses(w)[0] ** 2


CALLS = [
    Call(influence_functions.parameter_influence, (losses, W, 1), OPTIONS),
    Call(influence_functions.influences_on_test_loss, (losses, test_loss, W), OPTIONS),
    Call(influence_functions.influence_matrix, (losses, test_losses, W), {"penalty": 0.1}),
    Call(influence_functions.input_influences, (losses_of_inputs, W, INPUTS, W)),
    Call(influence_functions.ridge_leverages, (INPUTS, 0.1)),
    Call(influence_functions.ridge_leave_one_out_solutions, (INPUTS, TARGETS, 0.1)),
]
