"""Right answers to question 3 by other routes."""

import jax
import jax.numpy as jnp

from grader.checks import alternate


@alternate("q3", of="per_example_gradients", route="one example after the other")
def gradients_by_loop(loss, w, X, t):
    return jnp.stack([jax.grad(loss)(w, x, s) for x, s in zip(X, t, strict=True)])


@alternate("q3", of="per_example_gradients", route="each example its own copy of the weights")
def gradients_of_copies(loss, w, X, t):
    copies = jnp.broadcast_to(w, (len(X), *w.shape))
    return jax.grad(lambda copies: jnp.sum(jax.vmap(loss)(copies, X, t)))(copies)


@alternate("q3", of="per_example_gradients", route="lax.map")
def gradients_by_lax_map(loss, w, X, t):
    return jax.lax.map(lambda example: jax.grad(loss)(w, *example), (X, t))
