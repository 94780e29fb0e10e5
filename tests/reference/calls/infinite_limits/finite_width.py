"""Example calls of `reference.infinite_limits.finite_width`."""

import jax.numpy as jnp
import numpy as np

from reference.infinite_limits import finite_width
from tests.reference.calls import Call

W = [
    {"weights": np.ones((3, 4)), "biases": np.ones(4)},
    {"weights": np.ones((4, 2)), "biases": np.ones(2)},
]
VARIANCES = {"weight_variance": 2.0, "bias_variance": 0.1}


def rescaled_by_rates(w):
    rates = finite_width.ntk_rates(w, **VARIANCES)
    return [rate["weights"] * layer["weights"] for rate, layer in zip(rates, w, strict=True)]


CALLS = [
    Call(finite_width.standard_parameters, (W,), VARIANCES),
    Call(rescaled_by_rates, (W,), covered=(finite_width.ntk_rates,)),
    Call(finite_width.perceptron_outputs, (W, np.ones((5, 3)), jnp.tanh)),
]
# Makes parameters from shapes.
NOT_PROGRAMS = {finite_width.unit_normal_parameters}
