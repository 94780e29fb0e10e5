"""Right answers to question 1 by other routes: each must get full marks."""

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from grader.checks import alternate
from reference.taylor import conjugate_gradient_iterates


def _conjugate_gradient(matvec, b, num_steps):
    iterates = conjugate_gradient_iterates(matvec, b, num_steps)
    return jax.tree.map(lambda leaf: leaf[-1], iterates)


def _inner(a, b):
    return sum(jnp.sum(x * y) for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True))


@alternate("q1", of="implicit_hypergradient", route="reverse over reverse, inner products")
def hypergradient_by_inner_products(inner_loss, outer_loss, w, theta, num_steps):
    def product(v):
        return jax.grad(lambda w: _inner(jax.grad(inner_loss)(w, theta), v))(w)

    q = _conjugate_gradient(product, jax.grad(outer_loss)(w, theta), num_steps)

    # q held fixed: the gradient of L_v - <grad_w L_t, q> in theta is the whole hypergradient.
    def lagrangian(theta):
        return outer_loss(w, theta) - _inner(jax.grad(inner_loss)(w, theta), q)

    return jax.grad(lagrangian)(theta)


@alternate("q1", of="implicit_hypergradient", route="flat vectors, own conjugate gradient, by jvp")
def hypergradient_on_flat_vectors(inner_loss, outer_loss, w, theta, num_steps):
    flat, unravel = ravel_pytree(w)
    settings, unravel_settings = ravel_pytree(theta)

    def inner(x, s):
        return inner_loss(unravel(x), unravel_settings(s))

    def outer(x, s):
        return outer_loss(unravel(x), unravel_settings(s))

    _, push = jax.linearize(lambda x: jax.grad(inner)(x, settings), flat)
    b = jax.grad(outer)(flat, settings)

    def step(state, _):
        x, r, p, rr = state
        Ap = push(p)
        pAp = p @ Ap
        alpha = jnp.where(pAp > 0, rr / jnp.where(pAp > 0, pAp, 1), 0)
        x, r = x + alpha * p, r - alpha * Ap
        beta = jnp.where(rr > 0, (r @ r) / jnp.where(rr > 0, rr, 1), 0)
        return (x, r, r + beta * p, r @ r), None

    (q, *_), _ = jax.lax.scan(step, (jnp.zeros_like(b), b, b, b @ b), length=num_steps)
    # The mixed product, transposed by symmetry: the change of grad_theta L_t along q.
    slope = jax.grad(inner, argnums=1)
    indirect = jax.jvp(lambda x: slope(x, settings), (flat,), (q,))[1]
    return unravel_settings(jax.grad(outer, argnums=1)(flat, settings) - indirect)
