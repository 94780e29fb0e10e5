"""The problems of lab 9: small, seeded, and the same on every machine.

Each function below draws its numbers with NumPy in float64 from `seed` and hands them to JAX, so
they are float64 arrays where `jax_enable_x64` is on and float32 arrays where it is off. The objects
are plain: every attribute is an array, a list of dicts of arrays, or a function.

Conventions. `gradient(w)` is the gradient of `cost(w)`, shaped as w. A network's cost is
(1/2N) |outputs - targets|^2, summed over outputs and averaged over the N examples. The functions are
jitted, and take their data as arguments, so that they compile as a whole and only once.
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
class Quadratic:
    """The cost J(w) = 1/2 w^T A w - b^T w, a place to start from, and the minimum."""

    A: Array
    b: Array
    w0: Array
    minimum: Array
    cost: Callable[[Array], Array]
    gradient: Callable[[Array], Array]


@dataclass(frozen=True)
class Network:
    """The cost of a network on a fixed data set."""

    params: Params
    cost: Callable[[Params], Array]
    gradient: Callable[[Params], Params]


@dataclass(frozen=True)
class Power:
    """The cost f(x) = sum_j h_j |x_j|^b / b, whose minimum 0 lies at 0, and a place to start from."""

    x0: Array
    cost: Callable[[Array], Array]
    gradient: Callable[[Array], Array]


@dataclass(frozen=True)
class Scalar:
    """A cost of one variable, by its derivative."""

    w0: Array
    gradient: Callable[[Array], Array]


@jax.jit
def _quadratic_cost(A: Array, b: Array, w: Array) -> Array:
    return w @ A @ w / 2 - b @ w


@jax.jit
def _quadratic_gradient(A: Array, b: Array, w: Array) -> Array:
    return A @ w - b


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
def _power_cost(x: Array, coefficients: Array, power: float) -> Array:
    return jnp.sum(coefficients * jnp.abs(x) ** power) / power


@jax.jit
def _power_gradient(x: Array, coefficients: Array, power: float) -> Array:
    return coefficients * jnp.sign(x) * jnp.abs(x) ** (power - 1)


@jax.jit
def _three_slopes(w: Array) -> Array:
    return jnp.where(w < 1, 25 * w, jnp.where(w < 2, w + 24, 25 * w - 24))


def _orthogonal(rng: np.random.Generator, size: int) -> np.ndarray:
    q, r = np.linalg.qr(rng.normal(size=(size, size)))
    return q * np.sign(np.diag(r))


def quadratic(eigenvalues: Sequence[float], seed: int) -> Quadratic:
    """A quadratic whose A has these eigenvalues, all positive, and random eigenvectors.

    The start is at a distance of 1 from the minimum along every eigenvector.
    """
    rng = np.random.default_rng(seed)
    size = len(eigenvalues)
    q = _orthogonal(rng, size)
    A = (q * np.asarray(eigenvalues, dtype=np.float64)) @ q.T
    minimum = rng.normal(size=size)
    start = jnp.asarray(minimum + q @ rng.choice([-1.0, 1.0], size=size))
    A, b = jnp.asarray((A + A.T) / 2), jnp.asarray(A @ minimum)
    return Quadratic(
        A,
        b,
        start,
        jnp.asarray(minimum),
        cost=lambda w: _quadratic_cost(A, b, w),
        gradient=lambda w: _quadratic_gradient(A, b, w),
    )


def network(widths: Sequence[int], examples: int, seed: int) -> Network:
    """A tanh network of these widths, random inputs and targets.

    A layer computes x W + b with W of shape (in, out); the weights are a list of {"W", "b"}.
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


def power(coefficients: Sequence[float], b: float, seed: int, scale: float = 1.0) -> Power:
    """sum_j h_j |x_j|^b / b with these coefficients h, b > 1, and a start of about this scale."""
    rng = np.random.default_rng(seed)
    size = len(coefficients)
    x0 = jnp.asarray(scale * rng.uniform(0.5, 1.5, size=size) * rng.choice([-1.0, 1.0], size=size))
    h = jnp.asarray(np.asarray(coefficients, dtype=np.float64))
    return Power(
        x0,
        cost=lambda x: _power_cost(x, h, b),
        gradient=lambda x: _power_gradient(x, h, b),
    )


def three_slopes(start: float = 3.3) -> Scalar:
    """A convex function of one variable with curvature 1 on [1, 2], and 25 elsewhere.

    Its derivative is continuous and its minimum lies at 0. Source: Lessard, Recht and Packard (2016).
    """
    return Scalar(jnp.full(1, start), gradient=_three_slopes)
