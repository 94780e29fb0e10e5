"""Example calls of `reference.talks.sketching`."""

import jax
import numpy as np

from reference.talks import sketching
from tests.reference.calls import Call

rng = np.random.default_rng(0)
X, Y = rng.normal(size=(2, 5))

CALLS = [
    Call(sketching.gaussian_sketch, (jax.random.key, X, 3)),
    Call(sketching.sign_sketch, (jax.random.key, X, 3)),
    Call(sketching.count_sketch, (jax.random.key, X, 3)),
    Call(sketching.sketch_variance, (X, Y, 3), {"kurtosis": 1.0}),
    Call(sketching.sign_hash, (jax.random.key, X, 4)),
    Call(sketching.collision_probability, (X, Y)),
    Call(sketching.hashed_cosine, (np.sign(X), np.sign(Y))),
]
