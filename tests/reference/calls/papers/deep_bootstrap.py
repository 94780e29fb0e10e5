"""Example calls of `reference.papers.deep_bootstrap`."""

import jax
import jax.numpy as jnp
import numpy as np
import optax

from reference.papers import deep_bootstrap
from tests.reference.calls import Call

rng = np.random.default_rng(0)
INPUTS, TARGETS = rng.normal(size=(5, 3)), rng.normal(size=5)
W, COVARIANCE = rng.normal(size=3), np.diag([1.0, 2.0, 5.0])


def two_worlds(key, w_0):
    def draw_examples(key, n):
        return jax.random.normal(key, (n, 3), w_0.dtype)

    return deep_bootstrap.real_and_ideal_errors(
        key,
        draw_examples,
        lambda w, batch: jnp.mean((batch @ w) ** 2),
        lambda w: w @ w,
        optax.sgd(0.1, 0.9),
        w_0,
        num_examples=4,
        batch_size=2,
        num_steps=3,
    )


CALLS = [
    Call(two_worlds, (jax.random.key, W), covered=(deep_bootstrap.real_and_ideal_errors,)),
    Call(deep_bootstrap.real_world_risks, (INPUTS, TARGETS, COVARIANCE, W, W, 0.1, 2.0, 4)),
    Call(deep_bootstrap.ideal_world_risks, (COVARIANCE, W, W, np.array(0.5), 0.1, 2.0, 4)),
]
