"""Example calls of `reference.infinite_limits.neural_tangent_kernel`."""

import numpy as np

from reference.infinite_limits import neural_tangent_kernel
from reference.infinite_limits.dual_activations import ERF, RELU
from tests.reference.calls import Call

X = np.random.default_rng(0).normal(size=(4, 3))
VARIANCES = {"weight_variance": 2.0, "bias_variance": 0.1}

CALLS = [
    Call(
        neural_tangent_kernel.neural_tangent_kernel,
        (X,),
        {"activation": RELU, "num_hidden": 2, **VARIANCES},
    ),
    Call(
        neural_tangent_kernel.standard_tangent_kernel,
        (X,),
        {"activation": ERF, "hidden_widths": (5, 7), **VARIANCES},
    ),
    Call(neural_tangent_kernel.shallow_relu_tangent_kernel, (X,)),
]
