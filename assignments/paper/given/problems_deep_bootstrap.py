"""The classification task of the paper on the deep bootstrap, in its two worlds.

Inputs are standard normal, and labels are drawn from the softmax of a random network of tanh units: no
classifier is always right. Examples are dicts, inputs "x" of shape (N, D) and whole-number labels "y"
of shape (N,).
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np


@dataclass(frozen=True)
class BootstrapTask:
    """A network's start, a training set, fresh examples in their order, and a test set.

    `logits(w, x)` maps (N, D) to (N, K); `loss(w, examples)` is the mean cross-entropy in nats, and
    `test_loss(w)` that of the test set.
    """

    w_0: Any
    train: dict[str, jax.Array]
    fresh: dict[str, jax.Array]
    test: dict[str, jax.Array]
    logits: Callable[[Any, jax.Array], jax.Array]
    loss: Callable[[Any, dict[str, jax.Array]], jax.Array]
    test_loss: Callable[[Any], jax.Array]


@jax.jit
def _logits(w: Any, x: jax.Array) -> jax.Array:
    for layer in w[:-1]:
        x = jnp.tanh(x @ layer["W"] + layer["b"])
    return x @ w[-1]["W"] + w[-1]["b"]


@jax.jit
def _loss(w: Any, examples: dict[str, jax.Array]) -> jax.Array:
    log_p = jax.nn.log_softmax(_logits(w, examples["x"]))
    return -jnp.mean(jnp.take_along_axis(log_p, examples["y"][:, None], axis=1))


def bootstrap_task(
    *, features: int, units: int, classes: int, train: int, fresh: int, test: int, seed: int
) -> BootstrapTask:
    """`train`, `fresh` and `test` are numbers of examples; `units` is the width of the student."""
    rng = np.random.default_rng(seed)

    def layers(*widths: int) -> list[dict[str, np.ndarray]]:
        return [
            {"W": rng.normal(size=ends) / np.sqrt(ends[0]), "b": 0.1 * rng.normal(size=ends[1])}
            for ends in pairwise(widths)
        ]

    teacher = layers(features, 8, classes)

    def draw(count: int) -> dict[str, jax.Array]:
        x = rng.normal(size=(count, features))
        scores = np.tanh(2 * (x @ teacher[0]["W"] + teacher[0]["b"])) @ teacher[1]["W"]
        noisy = 6 * scores + rng.gumbel(size=scores.shape)
        return {"x": jnp.asarray(x), "y": jnp.asarray(np.argmax(noisy, axis=1))}

    w_0 = jax.tree.map(jnp.asarray, layers(features, units, classes))
    test_set = draw(test)
    sets = draw(train), draw(fresh), test_set
    return BootstrapTask(w_0, *sets, _logits, _loss, lambda w: _loss(w, test_set))
