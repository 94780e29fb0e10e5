"""Problems of the paper on the edge of stability."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np


@dataclass(frozen=True)
class Fit:
    """A loss of a pytree of parameters, and where training starts."""

    w_0: Any
    loss: Callable[[Any], jax.Array]


def line_fit(*, widths: Sequence[int], examples: int, seed: int) -> Fit:
    """A tanh network fitted to sin(6 x + phase) at points of [-1, 1].

    The loss is the mean over examples of half the squared error. `widths` begins and ends with 1;
    weights have variance 1 over their number of inputs, biases start at 0.
    """
    rng = np.random.default_rng(seed)
    x = np.linspace(-1, 1, examples)[:, None]
    targets = np.sin(6 * x + rng.uniform(0, 2 * np.pi))
    w_0 = [
        {"W": jnp.asarray(rng.standard_normal((m, n)) / np.sqrt(m)), "b": jnp.zeros(n)}
        for m, n in pairwise(widths)
    ]
    return Fit(w_0, partial(_half_mean_square, jnp.asarray(x), jnp.asarray(targets)))


@jax.jit
def _half_mean_square(x: jax.Array, targets: jax.Array, w: Any) -> jax.Array:
    h = x
    for layer in w[:-1]:
        h = jnp.tanh(h @ layer["W"] + layer["b"])
    outputs = h @ w[-1]["W"] + w[-1]["b"]
    return jnp.mean((outputs - targets) ** 2) / 2
