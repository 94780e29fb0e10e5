"""Right answers to question 3 by other routes."""

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from grader.checks import alternate


@alternate("q3", of="train", route="Python's for")
def training_by_for(loss, w0, batches, step_size):
    w, losses = w0, []
    for k in range(len(jax.tree.leaves(batches)[0])):
        batch = jax.tree.map(lambda b, k=k: b[k], batches)
        value, slope = jax.value_and_grad(loss)(w, batch)
        w = jax.tree.map(lambda p, g: p - step_size * g, w, slope)
        losses.append(value)
    return w, jnp.array(losses)


@alternate("q3", of="train", route="a scan over flat vectors, by number of the batch")
def training_of_vectors(loss, w0, batches, step_size):
    flat, back = ravel_pytree(w0)
    steps = len(jax.tree.leaves(batches)[0])

    def step(v, k):
        batch = jax.tree.map(lambda b: b[k], batches)
        value, pull = jax.vjp(lambda v: loss(back(v), batch), v)
        return v - step_size * pull(jnp.ones_like(value))[0], value

    if steps == 0:
        return w0, jnp.zeros(0, flat.dtype)
    v, losses = jax.lax.scan(step, flat, jnp.arange(steps))
    return back(v), losses
