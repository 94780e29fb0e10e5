"""Mistakes that the checks of question 4 refuse: squared norms of batches' gradients, noise scale."""

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from grader.checks import mutant


def _batches(X, y, batch_size):
    count = len(y) // batch_size
    return [a[: count * batch_size].reshape(count, batch_size, *a.shape[1:]) for a in (X, y)]


def _mean_loss(example_loss, w, X, y):
    return jnp.mean(jax.vmap(example_loss, in_axes=(None, 0, 0))(w, X, y))


def _gradients(example_loss, w, X, y, batch_size):
    """The mean gradient of each batch, flat, as the rows of a matrix."""
    flat, unravel = ravel_pytree(w)

    def gradient(x, y):
        return jax.grad(lambda flat: _mean_loss(example_loss, unravel(flat), x, y))(flat)

    return jax.vmap(gradient)(*_batches(X, y, batch_size))


@mutant(
    "q4",
    of="batch_squares",
    refused_by="squares_of_batches",
    says=(
        "This is the mean of the squared norms of the examples' gradients: the gradients are averaged "
        "first, and then the norm is taken. That is where the noise cancels."
    ),
)
def mean_of_squared_norms(example_loss, w, X, y, batch_size):
    each = jnp.sum(_gradients(example_loss, w, X, y, 1) ** 2, axis=1)
    return _batches(X, each, batch_size)[1].mean(axis=1)


@mutant(
    "q4",
    of="batch_squares",
    refused_by="squares_of_batches",
    says="The gradients of a batch are summed: its gradient is their mean.",
)
def sum_over_the_batch(example_loss, w, X, y, batch_size):
    return batch_size**2 * jnp.sum(_gradients(example_loss, w, X, y, batch_size) ** 2, axis=1)


@mutant(
    "q4",
    of="batch_squares",
    refused_by=("squares_of_batches", "squares_at_the_edges"),
    says="These are the norms: their squares are asked for.",
)
def norms_not_squared(example_loss, w, X, y, batch_size):
    return jnp.linalg.norm(_gradients(example_loss, w, X, y, batch_size), axis=1)


@mutant(
    "q4",
    of="batch_squares",
    refused_by="squares_of_batches",
    says="The squares are averaged over the weights: the Euclidean norm sums them.",
)
def mean_over_the_weights(example_loss, w, X, y, batch_size):
    return jnp.mean(_gradients(example_loss, w, X, y, batch_size) ** 2, axis=1)


@mutant(
    "q4",
    of="batch_squares",
    refused_by="squares_of_batches",
    says=(
        "The norms of the leaves are added, and then squared: the squared norm over all weights is "
        "the sum of the leaves' squares."
    ),
)
def norms_of_leaves_added(example_loss, w, X, y, batch_size):
    def square(x, y):
        leaves = jax.tree.leaves(jax.grad(lambda w: _mean_loss(example_loss, w, x, y))(w))
        return sum(jnp.sqrt(jnp.sum(g**2)) for g in leaves) ** 2

    return jax.vmap(square)(*_batches(X, y, batch_size))


@mutant(
    "q4",
    of="batch_squares",
    refused_by="squares_of_batches",
    says=(
        "A batch holds every k-th example here: the batches are consecutive, examples 0 to B - 1 come "
        "first."
    ),
)
def interleaved_batches(example_loss, w, X, y, batch_size):
    order = jnp.arange(len(y)).reshape(batch_size, -1).T.ravel()
    gradients = _gradients(example_loss, w, X[order], y[order], batch_size)
    return jnp.sum(gradients**2, axis=1)


@mutant(
    "q4",
    of="batch_squares",
    refused_by="squares_at_the_edges",
    says=(
        "The last examples are a batch of their own though they are fewer than B: leave them out, since "
        "the noise of a smaller batch is another."
    ),
)
def last_batch_not_full(example_loss, w, X, y, batch_size):
    def square(x, y):
        return jnp.sum(_gradients(example_loss, w, x, y, len(y)) ** 2)

    starts = range(0, len(y), batch_size)
    parts = [(X[i : i + batch_size], y[i : i + batch_size]) for i in starts]
    return jnp.stack([square(*part) for part in parts])


@mutant(
    "q4",
    of="batch_squares",
    refused_by="squares_at_the_edges",
    says="A squeeze removed an axis of length one: one batch gives an array of one number.",
)
def squeezed_squares(example_loss, w, X, y, batch_size):
    return jnp.squeeze(jnp.sum(_gradients(example_loss, w, X, y, batch_size) ** 2, axis=1))


@mutant(
    "q4",
    of="batch_squares",
    refused_by="squares_to_all_digits",
    says="The gradients are finite differences, which keep about half of the digits: use jax.grad.",
)
def squares_by_finite_differences(example_loss, w, X, y, batch_size):
    flat, unravel = ravel_pytree(w)
    h = 1e-6

    def square(x, y):
        def loss(flat):
            return _mean_loss(example_loss, unravel(flat), x, y)

        sides = flat + h * jnp.eye(flat.size), flat - h * jnp.eye(flat.size)
        up, down = (jax.vmap(loss)(side) for side in sides)
        return jnp.sum(((up - down) / (2 * h)) ** 2)

    return jax.vmap(square)(*_batches(X, y, batch_size))


@mutant(
    "q4",
    of="batch_squares",
    refused_by="squares_to_all_digits",
    says="The computation went through float32: keep the dtype of the arrays that you are given.",
)
def squares_through_float32(example_loss, w, X, y, batch_size):
    single = jax.tree.map(lambda leaf: leaf.astype(jnp.float32), w)
    gradients = _gradients(example_loss, single, X.astype(jnp.float32), y, batch_size)
    return jnp.sum(gradients**2, axis=1).astype(X.dtype)


@mutant(
    "q4",
    of="batch_squares",
    refused_by="squares_cost_one_gradient",
    says=(
        "Right, but reverse mode pulls one basis vector back through all examples for each batch, as "
        "jacrev does: take the gradient inside of vmap, where it sees its own batch only."
    ),
)
def jacobian_of_batch_losses(example_loss, w, X, y, batch_size):
    def losses(w):
        each = jax.vmap(example_loss, in_axes=(None, 0, 0))(w, X, y)
        return _batches(X, each, batch_size)[1].mean(axis=1)

    rows = jax.tree.leaves(jax.jacrev(losses)(w))
    return sum(jnp.sum(J.reshape(len(J), -1) ** 2, axis=1) for J in rows)


@mutant(
    "q4",
    of="batch_squares",
    refused_by="squares_cost_one_gradient",
    says=(
        "Right, but forward mode pushes one basis vector for each weight through the network: the "
        "gradient of a scalar wants reverse mode."
    ),
)
def squares_by_forward_mode(example_loss, w, X, y, batch_size):
    def square(x, y):
        leaves = jax.tree.leaves(jax.jacfwd(lambda w: _mean_loss(example_loss, w, x, y))(w))
        return sum(jnp.sum(g**2) for g in leaves)

    return jax.vmap(square)(*_batches(X, y, batch_size))


@mutant(
    "q4",
    of="batch_squares",
    refused_by="squares_cost_one_gradient",
    says=(
        "Right, but the loss of all examples is differentiated for each batch, with the others "
        "masked: cut the batch out before, and each example is used once."
    ),
)
def other_batches_masked(example_loss, w, X, y, batch_size):
    def square(start):
        index = jnp.arange(len(y))
        inside = (index >= start) & (index < start + batch_size)

        def loss(w):
            each = jax.vmap(example_loss, in_axes=(None, 0, 0))(w, X, y)
            return jnp.sum(jnp.where(inside, each, 0)) / batch_size

        return sum(jnp.sum(g**2) for g in jax.tree.leaves(jax.grad(loss)(w)))

    starts = batch_size * jnp.arange(len(y) // batch_size)
    return jax.lax.map(square, starts)
