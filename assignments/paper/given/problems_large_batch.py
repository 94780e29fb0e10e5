"""The classifier of the paper on large-batch training."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np


@dataclass(frozen=True)
class NoisyClassifier:
    """Examples X (N, D) with labels y (N,), weights w, and the loss of *one* example.

    `example_loss(w, x, y)` is its cross-entropy in nats, plus penalty / 2 |w|^2.
    """

    w: Any
    X: jax.Array
    y: jax.Array
    example_loss: Callable[[Any, jax.Array, jax.Array], jax.Array]


@jax.jit
def _example_loss(penalty: float, w: Any, x: jax.Array, y: jax.Array) -> jax.Array:
    logits = jnp.tanh(x @ w["in"] + w["shift"]) @ w["out"]
    size = sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(w))
    return jax.nn.logsumexp(logits) - logits[y] + penalty / 2 * size


def noisy_classifier(
    *, features: int, units: int, classes: int, examples: int, seed: int, penalty: float = 0.3
) -> NoisyClassifier:
    """Labels are those of a random linear rule, a fifth of them drawn anew.

    The last layer starts near 0, and the shift of the hidden units is one number for all of them.
    """
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(examples, features))
    y = np.argmax(X @ rng.normal(size=(features, classes)), axis=1)
    anew = rng.random(examples) < 0.2
    y = np.where(anew, rng.integers(0, classes, examples), y)
    w = {
        "in": jnp.asarray(rng.normal(size=(features, units)) / np.sqrt(features)),
        "out": jnp.asarray(0.3 * rng.normal(size=(units, classes)) / np.sqrt(units)),
        "shift": jnp.asarray(0.1 * rng.normal()),
    }
    return NoisyClassifier(
        w, jnp.asarray(X), jnp.asarray(y), lambda w, x, y: _example_loss(penalty, w, x, y)
    )
