"""The small problems of the first tutorial: seeded, and the same on every machine.

Numbers are drawn with NumPy in float64 and handed to JAX, so they are float64 arrays where
`jax_enable_x64` is on and float32 arrays where it is off.
"""

import jax
import jax.numpy as jnp
import numpy as np

Array = jax.Array


def key(seed: int) -> Array:
    """A random key."""
    return jax.random.key(seed)


def points(number: int, seed: int) -> Array:
    """Points in the unit square, shape (number, 2)."""
    return jnp.asarray(np.random.default_rng(seed).uniform(size=(number, 2)))


def regression(examples: int, noise: float, seed: int) -> tuple[Array, Array]:
    """Inputs X of shape (examples, 2) and noisy targets tanh(X w) with w = (2, -1)."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(examples, 2))
    t = np.tanh(X @ np.array([2.0, -1.0])) + noise * rng.normal(size=examples)
    return jnp.asarray(X), jnp.asarray(t)


def tanh_loss(X: Array, t: Array, w: Array) -> Array:
    """The mean over examples of 1/2 (tanh(x w) - t)^2. The weights come last."""
    return jnp.mean((jnp.tanh(X @ w) - t) ** 2) / 2


def tanh_loss_of_one(w: Array, x: Array, t: Array) -> Array:
    """1/2 (tanh(x w) - t)^2 for one input x, shape (2,), and one target t. The weights come first."""
    return (jnp.tanh(x @ w) - t) ** 2 / 2
