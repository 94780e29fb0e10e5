"""Right answers to question 4 by other routes: squared norms of gradients, the noise scale."""

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from grader.checks import alternate


@alternate("q4", of="batch_squares", route="a Python loop over batches, a sum over their examples")
def squares_batch_by_batch(example_loss, w, X, y, batch_size):
    def total(w, x, y):
        return sum(example_loss(w, x[n], y[n]) for n in range(len(y)))

    squares = []
    for start in range(0, len(y) - batch_size + 1, batch_size):
        part = slice(start, start + batch_size)
        leaves = jax.tree.leaves(jax.grad(total)(w, X[part], y[part]))
        squares.append(sum(jnp.vdot(g, g) for g in leaves) / batch_size**2)
    return jnp.stack(squares)


@alternate("q4", of="batch_squares", route="per-example gradients, then their means")
def squares_from_examples(example_loss, w, X, y, batch_size):
    count = len(y) // batch_size
    each = jax.vmap(jax.grad(example_loss), in_axes=(None, 0, 0))(w, X, y)

    def square(g):
        means = g[: count * batch_size].reshape(count, batch_size, -1).mean(axis=1)
        return jnp.sum(means**2, axis=1)

    return sum(map(square, jax.tree.leaves(each)))


@alternate("q4", of="batch_squares", route="one batch after the other, flat gradients")
def squares_one_at_a_time(example_loss, w, X, y, batch_size):
    flat, unravel = ravel_pytree(w)
    used = len(y) // batch_size * batch_size

    def square(batch):
        def loss(flat):
            return jax.vmap(lambda x, y: example_loss(unravel(flat), x, y))(*batch).mean()

        return jnp.linalg.norm(jax.grad(loss)(flat)) ** 2

    batches = [a[:used].reshape(-1, batch_size, *a.shape[1:]) for a in (X, y)]
    return jax.lax.map(square, tuple(batches))


@alternate("q4", of="noise_scale", route="the linear system for both")
def noise_scale_by_linear_system(small_squares, large_squares, small_batch, large_batch):
    A = jnp.array([[1.0, 1 / small_batch], [1.0, 1 / large_batch]])
    square, noise = jnp.linalg.solve(A, jnp.array([small_squares.mean(), large_squares.mean()]))
    return square, noise, noise / square


@alternate("q4", of="noise_scale", route="the noise first, in float32")
def noise_scale_from_the_noise(small_squares, large_squares, small_batch, large_batch):
    small = jnp.mean(small_squares.astype(jnp.float32))
    large = jnp.mean(large_squares.astype(jnp.float32))
    b, B = small_batch, large_batch
    noise = (small - large) * (b * B / (B - b))
    square = small - noise / b
    return square, noise, noise / square
