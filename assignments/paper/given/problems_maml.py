"""Problems of the paper on model-agnostic meta-learning: one loss, many tasks.

The leaves of `support` and `query` have the tasks along their first axis; `loss(w, examples)` is
that of one task.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

Array = jax.Array
Tree = Any


@dataclass(frozen=True)
class MetaTasks:
    """An initialisation w, the tasks' examples, and the loss of one task."""

    w: Tree
    support: dict[str, Array]
    query: dict[str, Array]
    loss: Callable[[Tree, dict[str, Array]], Array]


@jax.jit
def _regression_loss(w: list[dict[str, Array]], examples: dict[str, Array]) -> Array:
    states = examples["x"]
    for layer in w[:-1]:
        states = jnp.tanh(states @ layer["W"] + layer["b"])
    misses = states @ w[-1]["W"] + w[-1]["b"] - examples["y"]
    return jnp.sum(misses**2) / (2 * len(misses))


@jax.jit
def _bowl(w: Array, examples: dict[str, Array]) -> Array:
    away = w - examples["c"]
    return away @ examples["A"] @ away / 2


def meta_sinusoids(
    *, tasks: int, support: int, query: int, seed: int, widths: Sequence[int] = (1, 6, 5, 1)
) -> MetaTasks:
    """Regression on a sin(x + phase) by a tanh network: examples {"x": (n, 1), "y": (n, 1)}.

    The loss is half the mean of the squared errors.
    """
    rng = np.random.default_rng(seed)
    height, phase = rng.uniform(0.5, 2.0, (tasks, 1, 1)), rng.uniform(0, np.pi, (tasks, 1, 1))
    x = jnp.asarray(rng.uniform(-3.0, 3.0, (tasks, support + query, 1)))
    y = jnp.asarray(height) * jnp.sin(x + jnp.asarray(phase))
    w = [
        {
            "W": jnp.asarray(rng.standard_normal((fan_in, fan_out)) / np.sqrt(fan_in)),
            "b": jnp.asarray(0.3 * rng.standard_normal(fan_out)),
        }
        for fan_in, fan_out in pairwise(widths)
    ]
    return MetaTasks(
        w,
        {"x": x[:, :support], "y": y[:, :support]},
        {"x": x[:, support:], "y": y[:, support:]},
        _regression_loss,
    )


def meta_quadratics(*, tasks: int, size: int, seed: int) -> MetaTasks:
    """Loss (w - c)^T A (w - c) / 2 with examples {"A": (size, size), "c": (size,)}.

    Support and query of a task are the same. The eigenvalues of every A lie in [0.3, 2].
    """
    rng = np.random.default_rng(seed)
    q, _ = np.linalg.qr(rng.standard_normal((tasks, size, size)))
    A = np.einsum("tij,tj,tkj->tik", q, rng.uniform(0.3, 2.0, (tasks, size)), q)
    c = rng.standard_normal((tasks, size))
    both = {"A": jnp.asarray(A), "c": jnp.asarray(c)}
    return MetaTasks(jnp.asarray(rng.standard_normal(size)), both, both, _bowl)
