"""Example calls of `reference.bayesian_inference.laplace`."""

import jax.numpy as jnp
import numpy as np

from reference.bayesian_inference import laplace
from reference.bayesian_inference.linear_gaussian import Gaussian
from tests.reference.calls import Call

rng = np.random.default_rng(0)
PHI = rng.normal(size=(4, 3))
GAUSSIAN = Gaussian(*[np.zeros(8), np.eye(8)])
TREE = {"W": rng.normal(size=(3, 2)), "bias": rng.normal(size=2)}


def network(w):
    return jnp.tanh(PHI.astype(w["bias"].dtype) @ w["W"]) + w["bias"]


def half_square(z):
    return jnp.sum(z**2) / 2


def energy(w):
    return half_square(network(w)) + jnp.sum(w["W"] ** 2)


CALLS = [
    Call(laplace.laplace_posterior, (energy, TREE)),
    Call(laplace.laplace_log_evidence, (energy, TREE)),
    Call(laplace.gauss_newton_posterior, (network, half_square, TREE, np.array(0.5))),
    Call(laplace.predictive_covariance, (network, TREE, GAUSSIAN)),
]
