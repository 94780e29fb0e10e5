"""Code that students get beside the notebook: it imports nothing but what they have too."""

import jax.numpy as jnp
from jax import Array


def smoothing(size: int) -> Array:
    """A matrix that replaces each entry of a vector by the mean of itself and its neighbours."""
    near = jnp.abs(jnp.arange(size)[:, None] - jnp.arange(size)) <= 1
    return near / near.sum(axis=1, keepdims=True)
