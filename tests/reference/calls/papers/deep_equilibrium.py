"""Example calls of `reference.papers.deep_equilibrium`."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from reference.papers import deep_equilibrium
from tests.reference.calls import Call

rng = np.random.default_rng(0)
Z = {"a": rng.normal(size=2), "b": rng.normal(size=3)}
THETA = {"W": rng.normal(size=(5, 5)) / 9, "x": rng.normal(size=2)}
LIMITS = {"tolerance": 1e-5, "max_steps": 5}
SOLVER = {"solver": partial(deep_equilibrium.broyden_fixed_point, **LIMITS)}


def halved(z):
    return jax.tree.map(lambda leaf: leaf / 2 + 1, z)


def layer(z, theta):
    mixed = jnp.tanh(theta["W"] @ jnp.append(z["a"], z["b"]))
    return {"a": mixed[:2] + theta["x"], "b": mixed[2:]}


CALLS = [
    Call(deep_equilibrium.plain_fixed_point, (halved, Z), LIMITS),
    Call(
        deep_equilibrium.anderson_fixed_point,
        (halved, Z),
        {**LIMITS, "memory_size": 2, "mixing": np.array(0.5)},
    ),
    Call(deep_equilibrium.broyden_fixed_point, (halved, Z), LIMITS),
    Call(deep_equilibrium.equilibrium, (layer, Z, THETA), SOLVER),
    Call(deep_equilibrium.backward_fixed_point, (layer, Z, THETA, Z), SOLVER),
    Call(deep_equilibrium.equilibrium_jacobian, (layer, Z, THETA)),
]
