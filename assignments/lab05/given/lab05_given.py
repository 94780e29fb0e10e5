"""The problems of lab 5: small, seeded, and the same on every machine.

Each function below draws its numbers with NumPy in float64 from `seed` and hands them to JAX, so
they are float64 arrays where `jax_enable_x64` is on and float32 arrays where it is off. The objects
are plain: every attribute is an array, a list of dicts of arrays, or a function.

Conventions. `gradient(w)` is the gradient of `cost(w)`, shaped as w. Weights of a layer have shape
(in, out), and a layer computes x W, a row an example. A network's cost is (1/2N) |outputs -
targets|^2, summed over outputs and averaged over the N examples; a classifier's is the mean over
examples of the negative log-likelihood in nats. The functions are jitted, and take their data as
arguments, so that they compile as a whole and only once.
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
class Network:
    """The cost of a network on a fixed data set."""

    params: Params
    cost: Callable[[Params], Array]
    gradient: Callable[[Params], Params]


@dataclass(frozen=True)
class Quotient:
    """The Rayleigh quotient f(w) = w^T A w / (2 |w|^2), which does not see the scale of w.

    Its gradient is right everywhere, not on the unit sphere only.
    """

    A: Array
    w0: Array
    cost: Callable[[Array], Array]
    gradient: Callable[[Array], Array]


@dataclass(frozen=True)
class Turning:
    """The field g(w) = c K w / |w|^2, normal to w and of length c / |w|.

    K is skew-symmetric and orthogonal. In the plane g is the gradient of c times the angle of w:
    a scale-invariant cost whose slope on the unit circle is c everywhere.
    """

    K: Array
    w0: Array
    gradient: Callable[[Array], Array]


@dataclass(frozen=True)
class NormalizedClassifier:
    """Two classes, one hidden layer, its pre-activations X W normalised over the batch to Z.

    The logit is relu(Z) v / sqrt(units), and v is fixed. `cost(Z, y)` is the mean of the negative
    log-likelihood, and `signal(Z, y)` its gradient in Z, shaped as Z. `W` is the start, shape
    (features, units). The labels y are 1 and -1, a fifth of them at random.
    """

    X: Array
    y: Array
    W: Array
    cost: Callable[[Array, Array], Array]
    signal: Callable[[Array, Array], Array]


@jax.jit
def _network_cost(params: Params, inputs: Array, targets: Array) -> Array:
    hidden = inputs
    for layer in params[:-1]:
        hidden = jnp.tanh(hidden @ layer["W"] + layer["b"])
    outputs = hidden @ params[-1]["W"] + params[-1]["b"]
    return jnp.sum((outputs - targets) ** 2) / (2 * len(targets))


@jax.jit
def _network_gradient(params: Params, inputs: Array, targets: Array) -> Params:
    return jax.grad(_network_cost)(params, inputs, targets)


@jax.jit
def _quotient(A: Array, w: Array) -> Array:
    return w @ A @ w / (2 * w @ w)


@jax.jit
def _quotient_gradient(A: Array, w: Array) -> Array:
    return (A @ w - (w @ A @ w) / (w @ w) * w) / (w @ w)


@jax.jit
def _turn(K: Array, gradient_norm: float, w: Array) -> Array:
    return gradient_norm * (K @ w) / (w @ w)


@jax.jit
def _logistic_cost(Z: Array, y: Array, v: Array) -> Array:
    logits = jax.nn.relu(Z) @ v / len(v) ** 0.5
    return jnp.mean(jax.nn.softplus(-y * logits))


@jax.jit
def _logistic_signal(Z: Array, y: Array, v: Array) -> Array:
    return jax.grad(_logistic_cost)(Z, y, v)


def _orthogonal(rng: np.random.Generator, size: int) -> np.ndarray:
    q, r = np.linalg.qr(rng.normal(size=(size, size)))
    return q * np.sign(np.diag(r))


def network(widths: Sequence[int], examples: int, seed: int) -> Network:
    """A tanh network of these widths with biases, random inputs and targets.

    The weights are a list of {"W", "b"}, a dict a layer.
    """
    rng = np.random.default_rng(seed)
    params = [
        {
            "W": jnp.asarray(rng.normal(size=(fan_in, fan_out)) / np.sqrt(fan_in)),
            "b": jnp.asarray(0.3 * rng.normal(size=fan_out)),
        }
        for fan_in, fan_out in pairwise(widths)
    ]
    inputs = jnp.asarray(rng.normal(size=(examples, widths[0])))
    targets = jnp.asarray(rng.normal(size=(examples, widths[-1])))
    return Network(
        params,
        cost=lambda w: _network_cost(w, inputs, targets),
        gradient=lambda w: _network_gradient(w, inputs, targets),
    )


def quotient(eigenvalues: Sequence[float], seed: int) -> Quotient:
    """The Rayleigh quotient of a matrix with these eigenvalues; the start is normal."""
    rng = np.random.default_rng(seed)
    q = _orthogonal(rng, len(eigenvalues))
    matrix = (q * np.asarray(eigenvalues, dtype=np.float64)) @ q.T
    A, w0 = jnp.asarray((matrix + matrix.T) / 2), jnp.asarray(rng.normal(size=len(eigenvalues)))
    return Quotient(
        A, w0, cost=lambda w: _quotient(A, w), gradient=lambda w: _quotient_gradient(A, w)
    )


def turning(size: int, gradient_norm: float, seed: int) -> Turning:
    """A field normal to w and of length `gradient_norm` / |w|; `size` is even, |w0| = 1."""
    rng = np.random.default_rng(seed)
    q = _orthogonal(rng, size)
    quarter_turns = np.kron(np.eye(size // 2), np.array([[0.0, -1.0], [1.0, 0.0]]))
    K, w0 = jnp.asarray(q @ quarter_turns @ q.T), jnp.asarray(q[0])
    return Turning(K, w0, gradient=lambda w: _turn(K, gradient_norm, w))


def normalized_classifier(
    features: int, units: int, examples: int, seed: int, spread: float = 1.0
) -> NormalizedClassifier:
    """Normal inputs, labels from a random direction, and units of norms 1/spread to spread."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(examples, features))
    clean = np.sign(X @ rng.normal(size=features))
    y = np.where(rng.uniform(size=examples) < 0.2, rng.choice([-1.0, 1.0], size=examples), clean)
    W = rng.normal(size=(features, units))
    W *= np.geomspace(1 / spread, spread, units) / np.linalg.norm(W, axis=0)
    v = jnp.asarray(np.where(np.arange(units) % 2, -1.0, 1.0))
    return NormalizedClassifier(
        jnp.asarray(X),
        jnp.asarray(y),
        jnp.asarray(W),
        cost=lambda Z, y: _logistic_cost(Z, y, v),
        signal=lambda Z, y: _logistic_signal(Z, y, v),
    )
