"""Example calls of `reference.bayesian_inference.variational`."""

import jax
import jax.numpy as jnp
import numpy as np

from reference.bayesian_inference import variational
from reference.bayesian_inference.linear_gaussian import Gaussian
from tests.reference.calls import Call

rng = np.random.default_rng(0)
TREE = {"W": rng.normal(size=(3, 2)), "bias": rng.normal(size=2)}
Q = variational.MeanField(TREE, TREE)
GAUSSIAN = Gaussian(*[rng.normal(size=3), np.diag([1.0, 2.0, 5.0])])


def loss(w):
    return jnp.mean(w["W"] ** 2) + jnp.sum(jnp.tanh(w["bias"]))


def energy(w):
    return jnp.sum(w**4)


CALLS = [
    Call(variational.weight_samples, (jax.random.key, Q, 2)),
    Call(variational.kl_from_prior, (Q, np.array(2.0))),
    Call(variational.kl_from_prior, (Q, 2.0)),
    Call(variational.free_energy, (jax.random.key, loss, Q, 7, 2.0), {"num_pairs": 2}),
    Call(variational.mean_field_optimum, (GAUSSIAN,)),
    Call(
        variational.noisy_newton_step,
        (jax.random.key, energy, GAUSSIAN, np.array(0.5)),
        {"num_pairs": 2, "mean_field": True},
    ),
]
