"""The small problems of the second tutorial: seeded, and the same on every machine.

Numbers are drawn with NumPy in float64 and handed to JAX, so they are float64 arrays where
`jax_enable_x64` is on and float32 arrays where it is off.
"""

from collections.abc import Sequence
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np

Array = jax.Array
Params = list[dict[str, Array]]


def weights(widths: Sequence[int], seed: int) -> Params:
    """Random weights of a network of these widths: a list of {"W": (in, out), "b": (out,)}."""
    rng = np.random.default_rng(seed)
    return [
        {
            "W": jnp.asarray(rng.normal(size=(n, m)) / np.sqrt(n)),
            "b": jnp.asarray(0.3 * rng.normal(size=m)),
        }
        for n, m in pairwise(widths)
    ]


def network(params: Params, X: Array) -> Array:
    """The outputs of a tanh network, a row for each row of X."""
    for layer in params[:-1]:
        X = jnp.tanh(X @ layer["W"] + layer["b"])
    return X @ params[-1]["W"] + params[-1]["b"]


def spirals(examples: int, seed: int) -> tuple[Array, Array]:
    """Points on two spirals, shape (examples, 2), and which one, -1 or 1, shape (examples,)."""
    rng = np.random.default_rng(seed)
    t = rng.choice([-1.0, 1.0], size=examples)
    angle = 4.0 * np.sqrt(rng.uniform(0.05, 1.0, size=examples))
    X = (t * angle * np.stack([np.cos(angle), np.sin(angle)]) / 2).T
    return jnp.asarray(X + 0.05 * rng.normal(size=X.shape)), jnp.asarray(t)


def mean_square(params: Params, batch: tuple[Array, Array]) -> Array:
    """The mean over examples of 1/2 (output - t)^2; a batch is the pair (X, t)."""
    X, t = batch
    return jnp.mean((network(params, X)[:, 0] - t) ** 2) / 2
