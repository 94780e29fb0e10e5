"""Example calls of `reference.talks.activation_compression`."""

import jax
import jax.numpy as jnp
import numpy as np

from reference.talks import activation_compression
from tests.reference.calls import Call

rng = np.random.default_rng(0)
X = rng.normal(size=5)
ACTIVATIONS = rng.normal(size=(4, 3))
WEIGHTS = ({"w": rng.normal(size=2)}, rng.normal(size=()))


def first(w_1):
    return ACTIVATIONS[:, :2].astype(w_1["w"].dtype) @ w_1["w"]


def loss_of_activations(w_2, a):
    return jnp.mean((w_2 * a) ** 2)


def descended(key, w_0):
    return activation_compression.compressed_descent_iterates(
        key, first, loss_of_activations, w_0, 0.1, 3, num_bits=2
    )


CALLS = [
    Call(activation_compression.stochastic_quantisation, (jax.random.key, X, 3)),
    Call(activation_compression.quantisation_variance, (X, 3)),
    Call(activation_compression.compressed_change, (jax.random.key, X, X + 1, 3)),
    Call(activation_compression.message_iterates, (jax.random.key, ACTIVATIONS, 3)),
    Call(activation_compression.message_error_bounds, (ACTIVATIONS, 3)),
    Call(
        descended,
        (jax.random.key, WEIGHTS),
        covered=(activation_compression.compressed_descent_iterates,),
    ),
]

NOT_PROGRAMS = [activation_compression.relative_error_bound]  # of two numbers
