"""Problem of the paper on initialization and momentum."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np


def key(*, seed: int) -> jax.Array:
    """A key for `jax.random`."""
    return jax.random.key(seed)


@dataclass(frozen=True)
class Valley:
    """A smooth loss of a pytree that is no quadratic, and a start."""

    theta_0: dict[str, Any]
    loss: Callable[[Any], jax.Array]


def valley(*, size: int, seed: int) -> Valley:
    """sum of log cosh(A a - 1) + |A a|^2 / 20 + (b - mean a)^2 / 2, of theta = {a: (size,), b: ()}."""
    rng = np.random.default_rng(seed)
    A = jnp.asarray(rng.standard_normal((size, size)) / np.sqrt(size))
    theta_0 = {"a": jnp.asarray(rng.standard_normal(size)), "b": jnp.asarray(rng.standard_normal())}

    def loss(theta: dict[str, Any]) -> jax.Array:
        z = A @ theta["a"]
        bowl = jnp.sum(jnp.log(jnp.cosh(z - 1))) + jnp.sum(z**2) / 20
        return bowl + (theta["b"] - jnp.mean(theta["a"])) ** 2 / 2

    return Valley(theta_0, loss)
