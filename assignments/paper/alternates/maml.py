"""Right answers to question 1 for Finn et al. by other routes."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from grader.checks import alternate

CHOICE = {"PAPER": "maml"}


@alternate("q1", of="pull_through_path", route="vector-Jacobian products of a step", where=CHOICE)
def product_by_pulling_back_steps(loss, path, examples, step_size, v):
    def step(u):
        return jax.tree.map(lambda p, d: p - step_size * d, u, jax.grad(loss)(u, examples))

    for k in range(len(jax.tree.leaves(path)[0]))[::-1]:
        v = jax.vjp(step, jax.tree.map(lambda leaf, k=k: leaf[k], path))[1](v)[0]
    return v


@alternate("q1", of="pull_through_path", route="reverse over reverse, a loop in lax", where=CHOICE)
def product_by_two_reverse_passes(loss, path, examples, step_size, v):
    count = len(jax.tree.leaves(path)[0])
    if count == 0:
        return v

    def factor(i, v):
        u = jax.tree.map(lambda leaf: leaf[count - 1 - i], path)

        def along(u):
            return jnp.vdot(ravel_pytree(jax.grad(loss)(u, examples))[0], ravel_pytree(v)[0])

        return jax.tree.map(lambda a, b: a - step_size * b, v, jax.grad(along)(u))

    return jax.lax.fori_loop(0, count, factor, v)


@alternate("q1", of="meta_gradients", route="reverse mode through the steps", where=CHOICE)
def gradients_by_unrolling(loss, w, support, query, step_size, num_steps):
    def adapted(w, mine):
        for _ in range(num_steps):
            w = jax.tree.map(lambda p, d: p - step_size * d, w, jax.grad(loss)(w, mine))
        return w

    def meta_loss(w):
        scores = jax.vmap(lambda mine, scored: loss(adapted(w, mine), scored))(support, query)
        return jnp.mean(scores)

    ends = jax.vmap(partial(adapted, w))(support)
    first = jax.vmap(jax.grad(loss))(ends, query)
    return jax.jit(jax.grad(meta_loss))(w), jax.tree.map(lambda leaf: leaf.mean(0), first)


@alternate("q1", of="first_order_gap", route="the derivative in alpha at 0", where=CHOICE)
def gap_by_differentiating(loss, w, support, query, num_steps):
    @jax.jit
    def difference(alpha):
        def adapted(w, mine):
            for _ in range(num_steps):
                w = jax.tree.map(lambda p, d: p - alpha * d, w, jax.grad(loss)(w, mine))
            return w

        def of_task(mine, scored):
            u, back = jax.vjp(lambda w: adapted(w, mine), w)
            g = jax.grad(loss)(u, scored)
            return jax.tree.map(jnp.subtract, g, back(g)[0])

        return jax.tree.map(lambda leaf: leaf.mean(0), jax.vmap(of_task)(support, query))

    return jax.jvp(difference, (jnp.zeros(()),), (jnp.ones(()),))[1]


@alternate("q1", of="quadratic_starts", route="eigenvalues, in NumPy", where=CHOICE)
def starts_by_eigenvalues(A, c, step_size, num_steps):
    a, Q = np.linalg.eigh(np.asarray(A))

    def place(values):
        weights = np.einsum("nij,nj,nkj->nik", Q, values, Q)
        return np.linalg.solve(weights.sum(0), np.einsum("nij,nj->i", weights, np.asarray(c)))

    left = (1 - step_size * a) ** num_steps
    return place(a), place(a * left**2), place(a * left)
