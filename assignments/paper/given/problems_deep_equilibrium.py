"""Problem of the paper on deep equilibrium models: a layer, and a loss of its equilibrium."""

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

Array = jax.Array


@dataclass(frozen=True)
class EquilibriumLayer:
    """`layer(z, theta)` is the next state, `loss(z, theta)` a scalar; z_0 is 0."""

    theta: dict[str, Array]
    z_0: Array
    layer: Callable[[Array, dict[str, Array]], Array]
    loss: Callable[[Array, dict[str, Array]], Array]


@jax.jit
def _tanh_states(z: Array, theta: dict[str, Array], x: Array) -> Array:
    return jnp.tanh(z @ theta["W"] + x @ theta["U"] + theta["b"])


@jax.jit
def _readout(z: Array, theta: dict[str, Array], t: Array) -> Array:
    return jnp.sum((z @ theta["R"] - t) ** 2) / (2 * len(t))


def equilibrium_layer(
    *, examples: int, inputs: int, units: int, seed: int, strength: float
) -> EquilibriumLayer:
    """layer = tanh(z W + x U + b) for all examples at once: states have shape (examples, units).

    W = strength (A - S), A antisymmetric and S positive definite: so there is exactly one
    equilibrium, whatever the strength. Plain iteration reaches it where the strength is small, and
    at strength 3 runs away from it. The loss is |z R - t|^2 / (2 examples); the layer has no R in it.
    """
    rng = np.random.default_rng(seed)
    q, _ = np.linalg.qr(rng.standard_normal((units, units)))
    turn = rng.standard_normal((units, units))
    turn = (turn - turn.T) / max(1.0, 2 * np.linalg.norm(turn - turn.T, 2))
    S = (q * np.linspace(0.3, 1.0, units)) @ q.T
    theta = {
        "W": strength * (turn - S),
        "U": rng.standard_normal((inputs, units)) / np.sqrt(inputs),
        "b": 0.3 * rng.standard_normal(units),
        "R": rng.standard_normal((units, 1)) / np.sqrt(units),
    }
    x = jnp.asarray(rng.standard_normal((examples, inputs)))
    t = jnp.asarray(rng.standard_normal((examples, 1)))
    return EquilibriumLayer(
        {name: jnp.asarray(leaf) for name, leaf in theta.items()},
        jnp.zeros((examples, units)),
        lambda z, theta: _tanh_states(z, theta, x),
        lambda z, theta: _readout(z, theta, t),
    )
