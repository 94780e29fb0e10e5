"""Layers and networks of the paper on dropout."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np


@dataclass(frozen=True)
class DroppedLayer:
    """Hidden units of N examples, (N, F), the rest of the network, and the loss of its outputs.

    `head(h)` maps one example's (F,) to (K,); `output_loss(z, target)` is a scalar.
    """

    hidden: jax.Array
    targets: jax.Array
    head: Callable[[jax.Array], jax.Array]
    output_loss: Callable[[jax.Array, jax.Array], jax.Array]


@dataclass(frozen=True)
class DroppedNetwork:
    """A network cut at its hidden layer: `rest_loss(w, hidden_of(w))` is the mean loss.

    `hidden_of(w)` has shape (N, F). Both halves have weights in w.
    """

    w: Any
    hidden_of: Callable[[Any], jax.Array]
    rest_loss: Callable[[Any, jax.Array], jax.Array]


@jax.jit
def _cross_entropy(z: jax.Array, target: jax.Array) -> jax.Array:
    return jax.nn.logsumexp(z) - z[target]


@jax.jit
def _squared_error(z: jax.Array, target: jax.Array) -> jax.Array:
    return jnp.sum((z - target) ** 2) / 2


@jax.jit
def _curved(A: jax.Array, B: jax.Array, h: jax.Array) -> jax.Array:
    return jnp.tanh(h @ A) @ B


@jax.jit
def _straight(A: jax.Array, h: jax.Array) -> jax.Array:
    return h @ A


def dropped_layer(
    *, features: int, outputs: int, examples: int, classifies: bool, curved: bool, seed: int
) -> DroppedLayer:
    """A head that is linear, or `curved`; cross-entropy if it `classifies`, else half squares."""
    rng = np.random.default_rng(seed)
    hidden = rng.normal(size=(examples, features)) + 0.5
    if classifies:
        targets, loss = rng.integers(0, outputs, examples), _cross_entropy
    else:
        targets, loss = rng.normal(size=(examples, outputs)), _squared_error
    if curved:
        A = jnp.asarray(rng.normal(size=(features, 4)) / np.sqrt(features))
        B = jnp.asarray(rng.normal(size=(4, outputs)))
        head = _with(_curved, A, B)
    else:
        head = _with(_straight, jnp.asarray(rng.normal(size=(features, outputs))))
    return DroppedLayer(jnp.asarray(hidden), jnp.asarray(targets), head, loss)


def _with(function: Callable[..., jax.Array], *arrays: jax.Array) -> Callable[[Any], jax.Array]:
    return lambda h: function(*arrays, h)


@jax.jit
def _hidden(X: jax.Array, w: Any) -> jax.Array:
    return jnp.tanh(X @ w["in"] + w["shift"])


@jax.jit
def _rest_loss(y: jax.Array, w: Any, h: jax.Array) -> jax.Array:
    log_p = jax.nn.log_softmax(jnp.tanh(h @ w["middle"]) @ w["out"])
    return -jnp.mean(jnp.take_along_axis(log_p, y[:, None], axis=1))


def dropped_network(
    *, features: int, units: int, classes: int, examples: int, seed: int
) -> DroppedNetwork:
    """A classifier with two hidden layers, cut at the first: mean cross-entropy in nats."""
    rng = np.random.default_rng(seed)

    def weights(*shape: int) -> jax.Array:
        return jnp.asarray(rng.normal(size=shape) / np.sqrt(shape[0]))

    w = {
        "in": weights(features, units),
        "shift": 0.1 * weights(units),
        "middle": weights(units, units),
        "out": weights(units, classes),
    }
    X = jnp.asarray(rng.normal(size=(examples, features)))
    y = jnp.asarray(rng.integers(0, classes, examples))
    return DroppedNetwork(w, lambda w: _hidden(X, w), lambda w, h: _rest_loss(y, w, h))
