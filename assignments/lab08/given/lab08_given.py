"""The problems of lab 8: small, seeded, and the same on every machine.

Random numbers are drawn with NumPy in float64 from `seed` and handed to JAX, so they are float64
arrays where `jax_enable_x64` is on and float32 arrays where it is off.

Conventions. A batch is a dict of arrays with the examples along their first axis: {"x": (B, P),
"t": (B,)} for regression, {"x": (B, inputs), "y": (B,)} for classification. `log_likelihood(w,
batch)` is the log of the density of the targets, with its constants and *summed* over the batch;
`loss(w, batch)` is minus its *mean* over the batch. Neither has a prior in it. The weights of a
network are a list of dicts {"W", "b"}, W of shape (in, out).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

Array = jax.Array
Batch = dict[str, Array]
Tree = Any


@dataclass(frozen=True)
class Model:
    """Data, the log-likelihood (a sum) and the loss (a mean) of a batch, and some weights.

    `noise_std` is the standard deviation of the targets' noise in regression, 1 otherwise.
    """

    w: Tree
    data: Batch
    log_likelihood: Callable[[Tree, Batch], Array]
    loss: Callable[[Tree, Batch], Array]
    noise_std: float


@jax.jit
def _normal_log_likelihood(w: Array, batch: Batch, noise_std: float) -> Array:
    z = (batch["t"] - batch["x"] @ w) / noise_std
    return -jnp.sum(z**2) / 2 - len(z) * (jnp.log(noise_std) + math.log(2 * math.pi) / 2)


@jax.jit
def _label_log_likelihood(w: Tree, batch: Batch) -> Array:
    logits = apply_network(w, batch["x"])
    return jnp.sum(jnp.take_along_axis(jax.nn.log_softmax(logits), batch["y"][:, None], axis=1))


@jax.jit
def apply_network(w: Tree, inputs: Array) -> Array:
    """The outputs (N, out) of a tanh network, linear in its last layer, for inputs (N, in)."""
    hidden = inputs
    for layer in w[:-1]:
        hidden = jnp.tanh(hidden @ layer["W"] + layer["b"])
    return hidden @ w[-1]["W"] + w[-1]["b"]


def _model(
    w: Tree, data: Batch, log_likelihood: Callable[[Tree, Batch], Array], noise_std: float = 1.0
) -> Model:
    def loss(w: Tree, batch: Batch) -> Array:
        return -log_likelihood(w, batch) / len(batch["x"])

    return Model(w, data, log_likelihood, loss, noise_std)


def regression(
    examples: int, features: int, seed: int, noise_std: float = 0.5, correlation: float = 0.0
) -> Model:
    """t = x.w + noise with normal inputs; any two features have the given correlation."""
    rng = np.random.default_rng(seed)
    teacher = rng.normal(size=features)
    common = rng.normal(size=(examples, 1))
    own = rng.normal(size=(examples, features))
    x = math.sqrt(correlation) * common + math.sqrt(1 - correlation) * own
    t = x @ teacher + noise_std * rng.normal(size=examples)
    w = rng.normal(size=features)
    data = {"x": jnp.asarray(x), "t": jnp.asarray(t)}

    def log_likelihood(w: Array, batch: Batch) -> Array:
        return _normal_log_likelihood(w, batch, noise_std)

    return _model(jnp.asarray(w), data, log_likelihood, noise_std)


def classifier(widths: Sequence[int], examples: int, seed: int) -> Model:
    """A tanh network with widths[-1] classes, normal inputs, and labels drawn from another one."""
    rng = np.random.default_rng(seed)
    w, teacher = _layers(rng, widths), _layers(rng, widths)
    x = jnp.asarray(rng.normal(size=(examples, widths[0])))
    noise = rng.gumbel(size=(examples, widths[-1]))
    y = np.argmax(np.asarray(2 * apply_network(teacher, x)) + noise, axis=1)
    return _model(w, {"x": x, "y": jnp.asarray(y)}, _label_log_likelihood)


def _layers(rng: np.random.Generator, widths: Sequence[int]) -> Tree:
    return [
        {
            "W": jnp.asarray(rng.normal(size=(size, out)) / np.sqrt(size)),
            "b": jnp.asarray(0.3 * rng.normal(size=out)),
        }
        for size, out in pairwise(widths)
    ]


def cut_into_batches(data: Batch, num_batches: int) -> Batch:
    """Consecutive batches of equal size, along a new first axis; what is left over is dropped."""
    size = len(data["x"]) // num_batches
    return {
        name: leaf[: num_batches * size].reshape(num_batches, size, *leaf.shape[1:])
        for name, leaf in data.items()
    }


def drawn_batches(data: Batch, num_batches: int, batch_size: int, seed: int) -> Batch:
    """Batches drawn with replacement, along a new first axis."""
    rng = np.random.default_rng(seed)
    index = rng.integers(len(data["x"]), size=(num_batches, batch_size))
    return {name: leaf[index] for name, leaf in data.items()}


def ellipse(mean: Array, covariance: Array, radius: float = 2.0) -> np.ndarray:
    """Points of the ellipse at `radius` standard deviations around a mean in the plane, (100, 2)."""
    angle = np.linspace(0, 2 * np.pi, 100)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return np.asarray(mean) + radius * circle @ np.linalg.cholesky(np.asarray(covariance)).T


def flow(gradient: Callable[[Tree], Tree], w: Tree, time: float, num_steps: int) -> Tree:
    """w(time) on dw/dt = -gradient(w), by Runge and Kutta's method of order 4."""
    dt = time / num_steps

    def moved(w: Tree, slope: Tree, by: float | Array) -> Tree:
        return jax.tree.map(lambda p, g: p - by * g, w, slope)

    def advance(w: Tree, _: None) -> tuple[Tree, None]:
        a = gradient(w)
        b = gradient(moved(w, a, dt / 2))
        c = gradient(moved(w, b, dt / 2))
        d = gradient(moved(w, c, dt))
        slope = jax.tree.map(lambda a, b, c, d: (a + 2 * b + 2 * c + d) / 6, a, b, c, d)
        return moved(w, slope, dt), None

    return jax.lax.scan(advance, w, length=num_steps)[0]
