"""Right answers to question 2 by other routes: conjugate gradients and the Hessian-free step."""

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from grader.checks import alternate


@alternate("q2", of="damped_cg", route="squared norms, beta from conjugacy")
def cg_by_conjugacy(product, b, damping, preconditioner, tolerance, max_steps):
    def going(state):
        _, r, _, k = state
        return jnp.logical_and(k < max_steps, jnp.sum(r**2) > tolerance**2 * jnp.sum(b**2))

    def step(state):
        x, r, p, k = state
        Ap = product(p) + damping * p
        curvature = jnp.sum(p * Ap)
        alpha = jnp.sum(p * r) / curvature
        x, r = x + alpha * p, r - alpha * Ap
        z = preconditioner(r)
        return x, r, z - jnp.sum(z * Ap) / curvature * p, k + 1

    x, _, _, k = jax.lax.while_loop(going, step, (0 * b, b, preconditioner(b), 0))
    return x, k


@alternate("q2", of="damped_cg", route="another loop: the new direction at the beginning of a step")
def cg_with_late_directions(product, b, damping, preconditioner, tolerance, max_steps):
    norm_b = jnp.sqrt(b @ b)

    def step(state):
        x, r, p, old, k = state
        z = preconditioner(r)
        new = jnp.vdot(r, z)
        p = jnp.where(k == 0, z, z + new / jnp.where(k == 0, 1, old) * p)
        q = product(p) + damping * p
        alpha = new / jnp.vdot(p, q)
        return x + alpha * p, r - alpha * q, p, new, k + 1

    def going(state):
        return (jnp.sqrt(state[1] @ state[1]) > tolerance * norm_b) & (state[4] < max_steps)

    zero = jnp.zeros_like(b)
    state = (zero, b, zero, jnp.ones((), b.dtype), jnp.asarray(0))
    x, _, _, _, k = jax.lax.while_loop(going, step, state)
    return x, k


@alternate("q2", of="hessian_free_step", route="jvp, vjp, and a product written for trees")
def step_on_trees(network, output_loss, w, damping, tolerance, max_steps):
    def inner(u, v):
        return sum(
            jnp.vdot(a, c) for a, c in zip(jax.tree.leaves(u), jax.tree.leaves(v), strict=True)
        )

    def plus(u, factor, v):
        return jax.tree.map(lambda a, c: a + factor * c, u, v)

    outputs, pull = jax.vjp(network, w)

    def curvature(v):
        tangent = jax.jvp(network, (w,), (v,))[1]
        Gv = pull(jax.jvp(jax.grad(output_loss), (outputs,), (tangent,))[1])[0]
        return plus(Gv, damping, v)

    b = jax.tree.map(jnp.negative, pull(jax.grad(output_loss)(outputs))[0])
    target = tolerance * jnp.sqrt(inner(b, b))

    def step(state):
        x, r, p, rr, k = state
        Ap = curvature(p)
        alpha = rr / inner(p, Ap)
        x, r = plus(x, alpha, p), plus(r, -alpha, Ap)
        new = inner(r, r)
        return x, r, plus(r, new / rr, p), new, k + 1

    def going(state):
        return (jnp.sqrt(state[3]) > target) & (state[4] < max_steps)

    zero = jax.tree.map(jnp.zeros_like, w)
    return jax.lax.while_loop(going, step, (zero, b, b, inner(b, b), 0))[0]


@alternate("q2", of="hessian_free_step", route="the softmax Hessian by formula, no linearisation")
def step_by_formula(network, output_loss, w, damping, tolerance, max_steps):
    flat, unravel = ravel_pytree(w)
    outputs, pull = jax.vjp(lambda flat: network(unravel(flat)), flat)
    p = jax.nn.softmax(outputs)

    def curvature(v):
        u = jax.jvp(lambda flat: network(unravel(flat)), (flat,), (v,))[1]
        return pull(p * (u - jnp.sum(p * u, axis=1, keepdims=True)) / len(p))[0] + damping * v

    b = -pull(jax.grad(output_loss)(outputs))[0]

    def step(state):
        x, r, d, k = state
        Ad = curvature(d)
        alpha = r @ r / (d @ Ad)
        new = r - alpha * Ad
        return x + alpha * d, new, new + (new @ new) / (r @ r) * d, k + 1

    def going(state):
        return (jnp.linalg.norm(state[1]) > tolerance * jnp.linalg.norm(b)) & (state[3] < max_steps)

    return unravel(jax.lax.while_loop(going, step, (jnp.zeros_like(b), b, b, 0))[0])
