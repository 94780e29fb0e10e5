"""Right answers to question 2 by other routes."""

import jax
import jax.numpy as jnp

from grader.checks import alternate


@alternate("q2", of="descend", route="a closure over the data; the loss computed by itself")
def step_by_closure(loss, X, t, w, step_size):
    def of_weights(v):
        return loss(X, t, v)

    return of_weights(w), w - step_size * jax.grad(of_weights)(w)


@alternate("q2", of="descend", route="the pullback of 1")
def step_by_pullback(loss, X, t, w, step_size):
    value, pull = jax.vjp(lambda v: loss(X, t, v), w)
    (gradient,) = pull(jnp.ones_like(value))
    return [value, w - step_size * gradient]
