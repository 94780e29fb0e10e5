"""Mistakes that the checks of question 4 refuse: the loss that SGD follows, and its gradient."""

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from grader.checks import mutant


def _square(g):
    return sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(g))


def _parts(loss, w, batches):
    """The losses of the batches, and their gradients along a new first axis."""
    return jax.vmap(jax.value_and_grad(loss), in_axes=(None, 0))(w, batches)


def _mean(tree):
    return jax.tree.map(lambda leaf: jnp.mean(leaf, axis=0), tree)


def _loss(loss, w, batches, penalty):
    """The mean loss, and `penalty` of the mean of the batches' squared norms."""
    values, gradients = _parts(loss, w, batches)
    return jnp.mean(values) + penalty * jnp.mean(jax.vmap(_square)(gradients))


def _full(loss, w, batches, penalty):
    """The same with the squared norm of the mean gradient."""
    values, gradients = _parts(loss, w, batches)
    return jnp.mean(values) + penalty * _square(_mean(gradients))


def _count(batches):
    return len(jax.tree.leaves(batches)[0])


LOSSES = ("sgd_loss_of_a_classifier", "sgd_at_the_limits")
GRADIENTS = ("sgd_gradient_of_a_classifier", "sgd_at_the_limits")


@mutant(
    "q4",
    of="sgd_modified_loss",
    refused_by="sgd_loss_of_a_classifier",
    says=(
        "This is the squared norm of the mean gradient, as for full-batch descent. SGD has the mean over "
        "batches of the squared norms."
    ),
)
def square_of_the_mean(loss, w, batches, step_size):
    return _full(loss, w, batches, step_size / 4)


@mutant(
    "q4",
    of="sgd_modified_loss",
    refused_by="sgd_loss_of_a_classifier",
    says="The squared norms of the batches are added up: it is their mean, with 1/m.",
)
def sum_over_the_batches(loss, w, batches, step_size):
    return _loss(loss, w, batches, step_size / 4 * _count(batches))


@mutant(
    "q4",
    of="sgd_modified_loss",
    refused_by="sgd_loss_of_a_classifier",
    says="The losses of the batches are added up: L is their mean.",
)
def sum_of_the_losses(loss, w, batches, step_size):
    values, gradients = _parts(loss, w, batches)
    return jnp.sum(values) + step_size / 4 * jnp.mean(jax.vmap(_square)(gradients))


@mutant(
    "q4",
    of="sgd_modified_loss",
    refused_by=LOSSES,
    says="The factor is alpha / 2: that belongs into the gradient. In the loss it is alpha / 4.",
)
def half_for_quarter(loss, w, batches, step_size):
    return _loss(loss, w, batches, step_size / 2)


@mutant(
    "q4",
    of="sgd_modified_loss",
    refused_by="sgd_loss_of_a_classifier",
    says="These are the norms of the gradients: their squares are penalised.",
)
def norms_for_squares(loss, w, batches, step_size):
    values, gradients = _parts(loss, w, batches)
    return jnp.mean(values) + step_size / 4 * jnp.mean(jnp.sqrt(jax.vmap(_square)(gradients)))


@mutant(
    "q4",
    of="sgd_modified_loss",
    refused_by=LOSSES,
    says="This is the penalty alone: the loss L is missing.",
)
def penalty_alone(loss, w, batches, step_size):
    _, gradients = _parts(loss, w, batches)
    return step_size / 4 * jnp.mean(jax.vmap(_square)(gradients))


@mutant(
    "q4",
    of="sgd_modified_loss",
    refused_by=LOSSES,
    says=(
        "Only the variance of the batches' gradients is penalised: the squared norm of the mean gradient "
        "belongs to it too."
    ),
)
def variance_alone(loss, w, batches, step_size):
    values, gradients = _parts(loss, w, batches)
    spread = jnp.mean(jax.vmap(_square)(gradients)) - _square(_mean(gradients))
    return jnp.mean(values) + step_size / 4 * spread


@mutant(
    "q4",
    of="sgd_modified_gradient",
    refused_by="sgd_gradient_of_a_classifier",
    says=(
        "This is the gradient of full-batch descent's loss. Every batch's Hessian acts on that batch's "
        "own gradient, and then the mean is taken."
    ),
)
def gradient_of_full_batches(loss, w, batches, step_size):
    return jax.grad(_full, argnums=1)(loss, w, batches, step_size / 4)


@mutant(
    "q4",
    of="sgd_modified_gradient",
    refused_by="sgd_gradient_of_a_classifier",
    says="The gradients of the batches are added up: take the mean.",
)
def gradients_added_up(loss, w, batches, step_size):
    g = jax.grad(_loss, argnums=1)(loss, w, batches, step_size / 4)
    return jax.tree.map(lambda leaf: _count(batches) * leaf, g)


@mutant(
    "q4",
    of="sgd_modified_gradient",
    refused_by=GRADIENTS,
    says="The second term has the factor alpha / 4: differentiating the square makes it alpha / 2.",
)
def gradient_with_a_quarter(loss, w, batches, step_size):
    return jax.grad(_loss, argnums=1)(loss, w, batches, step_size / 8)


@mutant(
    "q4",
    of="sgd_modified_gradient",
    refused_by="sgd_gradient_of_a_classifier",
    says="Only the last batch is penalised: the squared norms of all batches count.",
)
def last_batch_penalised(loss, w, batches, step_size):
    last = jax.tree.map(lambda leaf: leaf[-1:], batches)
    first = jax.grad(_loss, argnums=1)(loss, w, batches, 0.0)
    of_last = [jax.grad(_loss, argnums=1)(loss, w, last, p) for p in (step_size / 4, 0.0)]
    return jax.tree.map(lambda g, a, b: g + a - b, first, *of_last)


@mutant(
    "q4",
    of="sgd_modified_gradient",
    refused_by=GRADIENTS,
    says=(
        "The penalty doesn't reach the gradient: the batches' gradients are treated as constants. They "
        "depend on w, and that is where the Hessian comes from."
    ),
)
def penalty_detached(loss, w, batches, step_size):
    return jax.grad(_loss, argnums=1)(loss, w, batches, 0.0)


@mutant(
    "q4",
    of="sgd_modified_gradient",
    refused_by="sgd_gradient_of_a_classifier",
    says="A product with a Hessian is a finite difference, which keeps about half of the digits.",
)
def sgd_products_by_differences(loss, w, batches, step_size):
    h = 1e-5

    def of_batch(batch):
        def slope(u):
            return jax.grad(loss)(u, batch)

        g = slope(w)
        up, down = (slope(jax.tree.map(lambda p, v, s=s: p + s * v, w, g)) for s in (h, -h))
        return jax.tree.map(lambda g, u, d: g + step_size / 2 * (u - d) / (2 * h), g, up, down)

    return _mean(jax.vmap(of_batch)(batches))


@mutant(
    "q4",
    of="sgd_modified_gradient",
    refused_by="sgd_gradient_costs_few_gradients",
    says=(
        "Right, but the Hessian of every batch is formed: each has to be multiplied by one vector only, "
        "its gradient."
    ),
)
def hessian_of_every_batch(loss, w, batches, step_size):
    flat, unravel = ravel_pytree(w)

    def of_batch(batch):
        def on_vectors(v):
            return loss(unravel(v), batch)

        g = jax.grad(on_vectors)(flat)
        return g + step_size / 2 * jax.hessian(on_vectors)(flat) @ g

    return unravel(jnp.mean(jax.lax.map(of_batch, batches), axis=0))


@mutant(
    "q4",
    of="sgd_modified_gradient",
    refused_by="sgd_gradient_costs_few_gradients",
    says=(
        "Right, but forward mode pushes one basis vector for each weight through the squared norms: use "
        "one product with the Hessian for each batch, or reverse mode."
    ),
)
def sgd_loss_by_forward_mode(loss, w, batches, step_size):
    return jax.jacfwd(lambda w: _loss(loss, w, batches, step_size / 4))(w)
