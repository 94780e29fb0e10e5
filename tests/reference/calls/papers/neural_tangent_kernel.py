"""Example calls of `reference.papers.neural_tangent_kernel`."""

import jax.numpy as jnp
import numpy as np

from reference.infinite_limits.dual_activations import RELU
from reference.papers import neural_tangent_kernel
from tests.reference.calls import Call

rng = np.random.default_rng(0)
THETA = [
    {"weights": rng.normal(size=(3, 4)), "biases": rng.normal(size=4)},
    {"weights": rng.normal(size=(4, 2)), "biases": rng.normal(size=2)},
]
X, TARGETS = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
VARIANCES = {"weight_variance": 2.0, "bias_variance": 0.1}
TRAINING = (THETA, X, TARGETS, jnp.tanh, 0.1, 3)

CALLS = [
    Call(neural_tangent_kernel.training_trajectory, TRAINING, VARIANCES),
    Call(neural_tangent_kernel.kernel_drifts, TRAINING, VARIANCES),
    Call(neural_tangent_kernel.initial_deviation, (THETA, X, RELU), VARIANCES),
]
