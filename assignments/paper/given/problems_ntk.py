"""Networks of the paper on the neural tangent kernel, in its parameterisation.

All parameters are drawn from N(0, 1), and the scales are part of the function: a layer computes
`a @ W / sqrt(n_in) + beta * b`, with the tanh of it in hidden layers. The last layer is linear.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

BETA = 0.3


@dataclass(frozen=True)
class TangentProblem:
    """A network `network(theta, X)`, (N, D) to (N, K), its parameters, and data for it."""

    network: Callable[[Any, jax.Array], jax.Array]
    theta_0: Any
    X: jax.Array
    Y: jax.Array
    X_test: jax.Array


@jax.jit
def _perceptron(theta: Any, X: jax.Array) -> jax.Array:
    a = X
    for depth, layer in enumerate(theta):
        a = jnp.tanh(a) if depth else a
        a = a @ layer["W"] / jnp.sqrt(a.shape[1]) + BETA * layer["b"]
    return a


@jax.jit
def _recurrent(theta: Any, X: jax.Array) -> jax.Array:
    num_inputs, num_units = theta["in"].shape
    drive = X @ theta["in"] / jnp.sqrt(num_inputs)
    h = jnp.tanh(drive)
    for _ in range(2):
        h = jnp.tanh(drive + h @ theta["loop"] / jnp.sqrt(num_units))
    return h @ theta["out"] / jnp.sqrt(num_units)


def tangent_perceptron(
    *, widths: Sequence[int], examples: int, tests: int, seed: int
) -> TangentProblem:
    """A perceptron of these widths, from the inputs to the outputs."""
    rng = np.random.default_rng(seed)
    theta_0 = [
        {"W": jnp.asarray(rng.normal(size=ends)), "b": jnp.asarray(rng.normal(size=ends[1]))}
        for ends in pairwise(widths)
    ]
    return _problem(rng, _perceptron, theta_0, (widths[0], widths[-1]), examples, tests)


def tangent_recurrent(
    *, features: int, units: int, outputs: int, examples: int, tests: int, seed: int
) -> TangentProblem:
    """A recurrent network of three steps: its weights are used again in each."""
    rng = np.random.default_rng(seed)
    theta_0 = {
        "in": jnp.asarray(rng.normal(size=(features, units))),
        "loop": jnp.asarray(rng.normal(size=(units, units))),
        "out": jnp.asarray(rng.normal(size=(units, outputs))),
    }
    return _problem(rng, _recurrent, theta_0, (features, outputs), examples, tests)


def _problem(
    rng: np.random.Generator,
    network: Callable[[Any, jax.Array], jax.Array],
    theta_0: Any,
    sizes: tuple[int, int],
    examples: int,
    tests: int,
) -> TangentProblem:
    X, X_test = rng.normal(size=(examples, sizes[0])), rng.normal(size=(tests, sizes[0]))
    Y = rng.normal(size=(examples, sizes[1]))
    return TangentProblem(network, theta_0, jnp.asarray(X), jnp.asarray(Y), jnp.asarray(X_test))
