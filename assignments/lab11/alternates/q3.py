"""Right answers to question 3 by other routes: each must get full marks."""

import jax
import jax.numpy as jnp

from grader.checks import alternate


def _moved(loss, u, examples, step_size):
    g = jax.grad(loss)(u, examples)
    return jax.tree.map(lambda p, g: p - step_size * g, u, g)


@alternate("q3", of="adapt", route="a Python loop, float32 inside")
def adapt_in_single_precision(loss, w, examples, step_size, num_steps):
    u = jax.tree.map(lambda leaf: leaf.astype(jnp.float32), w)
    for _ in range(num_steps):
        u = jax.tree.map(
            lambda leaf: leaf.astype(jnp.float32), _moved(loss, u, examples, step_size)
        )
    return u


@alternate("q3", of="meta_gradient", route="Hessian-vector products, task by task")
def meta_gradient_by_products(loss, w, support, query, step_size, num_steps):
    total, count = jax.tree.map(jnp.zeros_like, w), len(jax.tree.leaves(support)[0])
    for i in range(count):
        mine, scored = jax.tree.map(lambda leaf, i=i: leaf[i], (support, query))
        iterates = [w]
        for _ in range(num_steps):
            iterates.append(_moved(loss, iterates[-1], mine, step_size))
        v = jax.grad(loss)(iterates.pop(), scored)
        for u in reversed(iterates):
            Hv = jax.grad(
                lambda u, v=v, mine=mine: jax.jvp(lambda u: loss(u, mine), (u,), (v,))[1]
            )(u)
            v = jax.tree.map(lambda x, h: x - step_size * h, v, Hv)
        total = jax.tree.map(lambda t, x: t + x / count, total, v)
    return total


@alternate("q3", of="meta_gradient", route="the gradient of each task, then the mean; scan")
def mean_of_gradients(loss, w, support, query, step_size, num_steps):
    def of_task(w, mine, scored):
        u, _ = jax.lax.scan(
            lambda u, _: (_moved(loss, u, mine, step_size), None), w, length=num_steps
        )
        return loss(u, scored)

    gradients = jax.vmap(jax.grad(of_task), in_axes=(None, 0, 0))(w, support, query)
    return jax.tree.map(lambda leaf: leaf.mean(axis=0), gradients)
