"""The problems of lab 4: small, seeded, and the same on every machine.

Each function below draws its numbers with NumPy in float64 from `seed` and hands them to JAX, so
they are float64 arrays where `jax_enable_x64` is on and float32 arrays where it is off. The objects
are plain: every attribute is an array, a list of arrays, or a function.

Conventions. A layer maps its inputs a, with a homogeneous coordinate appended, to the
pre-activations s = (a, 1) W, and W has shape (in + 1, out): the biases are its last row. Hidden
layers apply tanh to s, the last layer's s are the logits. The loss is the mean over the N examples
of the negative log-likelihood in nats. The functions are jitted, and take their data as arguments,
so that derivatives compile as a whole and only once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np

Array = jax.Array
Weights = list[Array]


@dataclass(frozen=True)
class LinearSystem:
    """B x = b with B symmetric and positive definite, and badly scaled.

    `product(v)` is B v; `preconditioner(r)` is r divided by `scales`, near B^-1 r.
    """

    B: Array
    b: Array
    scales: Array
    product: Callable[[Array], Array]
    preconditioner: Callable[[Array], Array]


@dataclass(frozen=True)
class Classifier:
    """A softmax classifier on a fixed data set: `loss(w) = output_loss(network(w))`.

    `logits(w, X)` is the network at other inputs; `w` is a list of the layers' weights.
    """

    w: Weights
    X: Array
    y: Array
    network: Callable[[Weights], Array]
    output_loss: Callable[[Array], Array]
    loss: Callable[[Weights], Array]
    logits: Callable[[Weights, Array], Array]


@dataclass(frozen=True)
class Layer:
    """One dense layer of a classifier, cut out of it.

    `a` are the layer's inputs, shape (N, in), without the homogeneous coordinate; `W` are its
    weights, shape (in + 1, out); `head(s)` maps the layer's pre-activations, shape (N, out), to the
    logits, shape (N, K), each row by itself; `y` are the labels. `w` and `X` are the weights and
    inputs of the whole network.
    """

    a: Array
    W: Array
    head: Callable[[Array], Array]
    y: Array
    w: Weights
    X: Array


def _orthogonal(rng: np.random.Generator, size: int) -> np.ndarray:
    q, r = np.linalg.qr(rng.normal(size=(size, size)))
    return q * np.sign(np.diag(r))


def _weights(rng: np.random.Generator, widths: Sequence[int]) -> Weights:
    return [
        jnp.asarray(
            np.concatenate(
                [rng.normal(size=(size, out)) / np.sqrt(size), 0.3 * rng.normal(size=(1, out))]
            )
        )
        for size, out in pairwise(widths)
    ]


@jax.jit
def _dense(W: Array, inputs: Array) -> Array:
    return inputs @ W[:-1] + W[-1]


@jax.jit
def _logits(w: Weights, X: Array) -> Array:
    s = _dense(w[0], X)
    return _head(w[1:], s, 0.0)


@jax.jit
def _head(later: Weights, s: Array, shift: float) -> Array:
    for W in later:
        s = _dense(W, jnp.tanh(s))
    return s + shift


@jax.jit
def _cross_entropy(logits: Array, labels: Array) -> Array:
    chosen = jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], axis=1)
    return -jnp.mean(chosen)


def linear_system(eigenvalues: Sequence[float], seed: int, spread: float = 10.0) -> LinearSystem:
    """B = S^1/2 C S^1/2, C with these eigenvalues, S = diag(scales).

    The scales lie between 1/spread and spread. b is normal.
    """
    rng = np.random.default_rng(seed)
    size = len(eigenvalues)
    q = _orthogonal(rng, size)
    scales = rng.permutation(np.geomspace(1 / spread, spread, size))
    C = (q * np.asarray(eigenvalues, dtype=np.float64)) @ q.T
    root = np.sqrt(scales)
    B = jnp.asarray(root[:, None] * (C + C.T) / 2 * root)
    b, S = jnp.asarray(rng.normal(size=size)), jnp.asarray(scales)
    return LinearSystem(B, b, S, product=lambda v: B @ v, preconditioner=lambda r: r / S)


def classifier(
    widths: Sequence[int], examples: int, seed: int, spread: float = 1.0, offset: float = 0.0
) -> Classifier:
    """A tanh network with the logits of widths[-1] classes, and labels drawn from another one.

    The labels see normal inputs. The network sees them times scales between 1/spread and spread,
    plus the offset.
    """
    rng = np.random.default_rng(seed)
    w, teacher = _weights(rng, widths), _weights(rng, widths)
    plain = rng.normal(size=(examples, widths[0]))
    noise = jnp.asarray(rng.gumbel(size=(examples, widths[-1])))
    y = jnp.argmax(3.0 * _logits(teacher, jnp.asarray(plain)) + noise, axis=1)
    X = jnp.asarray(plain * np.geomspace(1 / spread, spread, widths[0]) + offset)

    def network(w: Weights) -> Array:
        return _logits(w, X)

    def output_loss(z: Array) -> Array:
        return _cross_entropy(z, y)

    return Classifier(w, X, y, network, output_loss, lambda w: output_loss(network(w)), _logits)


def layer(widths: Sequence[int], index: int, examples: int, seed: int, shift: float = 0.0) -> Layer:
    """Layer `index` (from 0) of a tanh network with the logits of widths[-1] classes.

    Normal inputs, labels at random. `shift` is added to all logits.
    """
    rng = np.random.default_rng(seed)
    w = _weights(rng, widths)
    X = jnp.asarray(rng.normal(size=(examples, widths[0])))
    y = jnp.asarray(rng.integers(widths[-1], size=examples))
    a = X
    for W in w[:index]:
        a = jnp.tanh(_dense(W, a))
    later = w[index + 1 :]
    return Layer(a, w[index], lambda s: _head(later, s, shift), y, w, X)
