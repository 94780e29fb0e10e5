"""The networks and the data of lab 6: small, seeded, and the same on every machine.

The functions that draw do so with NumPy in float64 from `seed` and hand the numbers to JAX, so
they are float64 arrays where `jax_enable_x64` is on and float32 arrays where it is off.

Conventions. A network's parameters theta are a list with a dict for each layer, "W" of shape
(in, out) and "b" of shape (out,), all drawn from N(0, 1): the NTK parameterisation. Inputs are
rows. A layer computes `sigma_w / sqrt(in) * a @ W + sigma_b * b`, hidden layers apply ReLU, the
last one is linear. The cost of a regression is (1/2N) |outputs - targets|^2. The functions are
jitted and take their data as arguments, so that they compile once for each shape.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np

Array = jax.Array
Params = list[dict[str, Array]]


@dataclass(frozen=True)
class Regression:
    """Training inputs (N, 2) with targets (N,), and test inputs (M, 2) at `angles` (M,)."""

    X: Array
    y: Array
    X_test: Array
    angles: Array


def draw(widths: Sequence[int], seed: int) -> Params:
    """The parameters of a network of these widths, from the inputs to the outputs."""
    rng = np.random.default_rng(seed)
    return [
        {
            "W": jnp.asarray(rng.normal(size=(fan_in, fan_out))),
            "b": jnp.asarray(rng.normal(size=fan_out)),
        }
        for fan_in, fan_out in pairwise(widths)
    ]


@jax.jit
def outputs(theta: Params, X: Array, sigma_w: float, sigma_b: float) -> Array:
    """The network's outputs, shape (N, K), at the inputs X, shape (N, D)."""
    hidden = X
    for depth, layer in enumerate(theta):
        hidden = jax.nn.relu(hidden) if depth else hidden
        fan_in = layer["W"].shape[0]
        hidden = sigma_w / jnp.sqrt(fan_in) * hidden @ layer["W"] + sigma_b * layer["b"]
    return hidden


def circle(angles: Sequence[float] | np.ndarray) -> Array:
    """Inputs at these angles on the circle of radius sqrt(2), shape (N, 2): |x|^2 / D is 1."""
    angles = np.asarray(angles, dtype=np.float64)
    return jnp.asarray(np.sqrt(2.0) * np.stack([np.cos(angles), np.sin(angles)], axis=1))


def circle_regression(examples: int, tests: int, seed: int) -> Regression:
    """A smooth function on the circle, seen at a few random angles, without noise."""
    rng = np.random.default_rng(seed)
    # One angle in each of N equal arcs: no two examples are nearly the same.
    places = (np.arange(examples) + rng.uniform(0.2, 0.8, size=examples)) / examples
    seen = 2 * np.pi * places - np.pi
    angles = np.linspace(-np.pi, np.pi, tests)
    y = np.sin(seen) + 0.5 * np.cos(3 * seen)
    return Regression(circle(seen), jnp.asarray(y), circle(angles), jnp.asarray(angles))


@partial(jax.jit, static_argnames="num_steps")
def train(
    theta: Params,
    data: tuple[Array, Array],
    sigma_w: float,
    sigma_b: float,
    step_size: float,
    num_steps: int,
) -> Params:
    """Gradient descent on (1/2N) |f(X) - y|^2 in all parameters of a network with one output.

    `data` holds X, shape (N, D), and y, shape (N,). Returns the parameters after the last step.
    """
    X, y = data

    def cost(theta: Params) -> Array:
        return jnp.mean((outputs(theta, X, sigma_w, sigma_b)[:, 0] - y) ** 2) / 2

    def step(_: int, theta: Params) -> Params:
        return jax.tree.map(lambda p, g: p - step_size * g, theta, jax.grad(cost)(theta))

    return jax.lax.fori_loop(0, num_steps, step, theta)
