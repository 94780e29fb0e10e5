"""The problems of lab 7: small, seeded, and the same on every machine.

Random numbers are drawn with NumPy in float64 from `seed` and handed to JAX, so they are float64
arrays where `jax_enable_x64` is on and float32 arrays where it is off. The objects are plain: every
attribute is an array, a list of dicts of arrays, or a function.

Conventions. The noisy quadratic has the loss L(x) = 1/2 sum_i h_i x_i^2. One example's gradient
differs from h x by noise of mean 0 and variance c, which doesn't depend on x; a batch is the mean
of independent examples. `s0` is E[x_0^2]. A classifier's loss of one example is its negative
log-likelihood in nats; its weights are a list of dicts {"W", "b"}, W of shape (in, out).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np

Array = jax.Array
Params = list[dict[str, Array]]


@dataclass(frozen=True)
class NoisyQuadratic:
    """Curvatures h > 0, noise variances c of one example's gradient, and E[x_0^2]; by mode."""

    h: Array
    c: Array
    s0: Array


@dataclass(frozen=True)
class Classifier:
    """A softmax classifier, its data, and the loss of one example, `example_loss(w, x, y)`.

    X has shape (N, inputs), the labels y have shape (N,); x and y are one example of them.
    """

    w: Params
    X: Array
    y: Array
    example_loss: Callable[[Params, Array, Array], Array]


def noisy_quadratic(modes: int, condition: float) -> NoisyQuadratic:
    """Curvatures from 1 down to 1 / condition, noise c = h as for a Fisher matrix, and s0 = 1."""
    h = jnp.asarray(np.geomspace(1.0, 1.0 / condition, modes))
    return NoisyQuadratic(h, h, jnp.ones_like(h))


def preconditioned(problem: NoisyQuadratic, power: float) -> NoisyQuadratic:
    """The problem in the coordinates h^(power/2) x; its losses are those of the problem.

    SGD there is x <- x - alpha h^-power g here: power 0 is SGD, power 1 Newton's method.
    """
    h, c, s0 = problem.h, problem.c, problem.s0
    return NoisyQuadratic(h ** (1 - power), c * h**-power, s0 * h**power)


def simulated_losses(
    problem: NoisyQuadratic,
    step_sizes: Sequence[float],
    batch_sizes: Sequence[float],
    momentum: float = 0.0,
    runs: int = 400,
    seed: int = 0,
) -> np.ndarray:
    """The mean loss of so many runs with normal noise, from x_0 = sqrt(s0): shape (K + 1,).

    For comparison only: the mean of 400 runs is off by some percent.
    """
    rng = np.random.default_rng(seed)
    h, c, s0 = (np.asarray(a, dtype=np.float64) for a in (problem.h, problem.c, problem.s0))
    position = np.tile(np.sqrt(s0), (runs, 1))
    velocity = np.zeros_like(position)
    losses = [np.mean(position**2 @ h) / 2]
    for step_size, batch_size in zip(step_sizes, batch_sizes, strict=True):
        noise = np.sqrt(c / batch_size) * rng.normal(size=position.shape)
        velocity = momentum * velocity + position * h + noise
        position = position - step_size * velocity
        losses.append(np.mean(position**2 @ h) / 2)
    return np.array(losses)


@jax.jit
def _logits(w: Params, x: Array) -> Array:
    for layer in w[:-1]:
        x = jnp.tanh(x @ layer["W"] + layer["b"])
    return x @ w[-1]["W"] + w[-1]["b"]


@jax.jit
def _example_loss(w: Params, x: Array, y: Array) -> Array:
    return -jax.nn.log_softmax(_logits(w, x))[y]


def _params(rng: np.random.Generator, widths: Sequence[int]) -> Params:
    return [
        {
            "W": jnp.asarray(rng.normal(size=(size, out)) / np.sqrt(size)),
            "b": jnp.asarray(0.3 * rng.normal(size=out)),
        }
        for size, out in pairwise(widths)
    ]


def classifier(widths: Sequence[int], examples: int, seed: int) -> Classifier:
    """A tanh network with widths[-1] classes, normal inputs, and labels drawn from another one."""
    rng = np.random.default_rng(seed)
    w, teacher = _params(rng, widths), _params(rng, widths)
    X = jnp.asarray(rng.normal(size=(examples, widths[0])))
    noise = jnp.asarray(rng.gumbel(size=(examples, widths[-1])))
    y = jnp.argmax(3.0 * _logits(teacher, X) + noise, axis=1)
    return Classifier(w, X, y, _example_loss)
