"""Example calls of `reference.infinite_limits.nngp`."""

import numpy as np

from reference.infinite_limits import nngp
from reference.infinite_limits.dual_activations import ERF, RELU
from tests.reference.calls import Call

X = np.random.default_rng(0).normal(size=(4, 3))
VARIANCES = {"weight_variance": 2.0, "bias_variance": 0.1}

CALLS = [
    Call(nngp.input_kernel, (X,), VARIANCES),
    Call(nngp.dual_kernel, (ERF.covariance, X @ X.T)),
    Call(nngp.nngp_kernel, (X,), {"activation": RELU, "num_hidden": 3, **VARIANCES}),
    Call(nngp.posterior, (X @ X.T, np.ones(3)), {"noise_variance": 0.1}),
]
