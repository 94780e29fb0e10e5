"""Right answers to question 2 by other routes: each must get full marks."""

import jax
import jax.numpy as jnp

from grader.checks import alternate


def _moved(inner_loss, w, theta, step_size):
    g = jax.grad(inner_loss)(w, theta)
    return jax.tree.map(lambda p, g: p - step_size * g, w, g)


@alternate("q2", of="descend", route="float32 inside")
def descend_in_single_precision(inner_loss, w_0, theta, step_size, num_steps):
    w, theta = jax.tree.map(lambda leaf: leaf.astype(jnp.float32), (w_0, theta))
    for _ in range(num_steps):
        w = jax.tree.map(
            lambda leaf: leaf.astype(jnp.float32), _moved(inner_loss, w, theta, step_size)
        )
    return w


@alternate("q2", of="descend", route="fori_loop")
def descend_by_fori_loop(inner_loss, w_0, theta, step_size, num_steps):
    return jax.lax.fori_loop(
        0, num_steps, lambda _, w: _moved(inner_loss, w, theta, step_size), w_0
    )


def _by_adjoints(inner_loss, outer_loss, w, theta, step_size, num_steps):
    """All iterates, then the adjoint recursion backwards, by hand."""

    def forward(w, _):
        return _moved(inner_loss, w, theta, step_size), w

    w, kept = jax.lax.scan(forward, w, length=num_steps)
    adjoint, total = jax.grad(outer_loss, argnums=(0, 1))(w, theta)

    def back(state, w):
        adjoint, total = state
        _, pull_back = jax.vjp(lambda w, theta: jax.grad(inner_loss)(w, theta), w, theta)
        at_w, at_theta = pull_back(adjoint)
        adjoint = jax.tree.map(lambda a, h: a - step_size * h, adjoint, at_w)
        return (adjoint, jax.tree.map(lambda t, m: t - step_size * m, total, at_theta)), None

    return jax.lax.scan(back, (adjoint, total), kept, reverse=True)[0][1]


@alternate("q2", of="unrolled_hypergradient", route="the adjoint recursion by hand")
def unrolled_by_adjoints(inner_loss, outer_loss, w_0, theta, step_size, num_steps):
    return _by_adjoints(inner_loss, outer_loss, w_0, theta, step_size, num_steps)


@alternate("q2", of="unrolled_hypergradient", route="checkpointed steps")
def unrolled_with_checkpoints(inner_loss, outer_loss, w_0, theta, step_size, num_steps):
    def outer(theta):
        step = jax.checkpoint(lambda w, theta: _moved(inner_loss, w, theta, step_size))
        w, _ = jax.lax.scan(lambda w, _: (step(w, theta), None), w_0, length=num_steps)
        return outer_loss(w, theta)

    return jax.grad(outer)(theta)


@alternate("q2", of="truncated_hypergradient", route="the adjoint recursion of the last steps")
def truncated_by_adjoints(
    inner_loss, outer_loss, w_0, theta, step_size, num_steps, num_differentiated
):
    def step(_, w):
        return _moved(inner_loss, w, theta, step_size)

    w = jax.lax.fori_loop(0, num_steps - num_differentiated, step, w_0)
    return _by_adjoints(inner_loss, outer_loss, w, theta, step_size, num_differentiated)


@alternate("q2", of="truncated_hypergradient", route="theta detached in the first steps")
def truncated_by_a_detached_theta(
    inner_loss, outer_loss, w_0, theta, step_size, num_steps, num_differentiated
):
    def outer(moving):
        fixed = jax.lax.stop_gradient(moving)
        w = w_0
        for of, steps in (
            (fixed, num_steps - num_differentiated),
            (moving, num_differentiated),
        ):
            w, _ = jax.lax.scan(
                lambda w, _, of=of: (_moved(inner_loss, w, of, step_size), None), w, length=steps
            )
        return outer_loss(w, moving)

    return jax.grad(outer)(theta)
