"""Mistakes that the checks of question 3 refuse."""

import jax
import jax.numpy as jnp

from grader.checks import mutant


def _right(loss, w, X, t):
    return jax.vmap(jax.grad(loss), in_axes=(None, 0, 0))(w, X, t)


def _losses(loss, w, X, t):
    return jax.vmap(loss, in_axes=(None, 0, 0))(w, X, t)


@mutant(
    "q3",
    of="per_example_gradients",
    refused_by="gradients_of_a_nonlinear_model",
    says="This is the gradient of the mean loss: asked for is one gradient for each example.",
)
def mean_gradient(loss, w, X, t):
    return jnp.mean(_right(loss, w, X, t), axis=0)


@mutant(
    "q3",
    of="per_example_gradients",
    refused_by="gradients_of_a_nonlinear_model",
    says="Every row holds the same sum of all gradients: differentiate one example's loss, then map.",
)
def sum_in_every_row(loss, w, X, t):
    gradient = jax.grad(lambda w: jnp.sum(_losses(loss, w, X, t)))(w)
    return jnp.broadcast_to(gradient, (len(X), *w.shape))


@mutant(
    "q3",
    of="per_example_gradients",
    refused_by="gradients_of_a_nonlinear_model",
    says="The derivative is taken in the input: the weights are the loss's first argument.",
)
def gradient_in_the_input(loss, w, X, t):
    return jax.vmap(jax.grad(loss, argnums=1), in_axes=(None, 0, 0))(w, X, t)


@mutant(
    "q3",
    of="per_example_gradients",
    refused_by=("gradients_of_a_nonlinear_model", "gradients_of_a_matrix"),
    says="The gradients are divided by the number of examples: each belongs to one loss alone.",
)
def divided_by_n(loss, w, X, t):
    return _right(loss, w, X, t) / len(X)


@mutant(
    "q3",
    of="per_example_gradients",
    refused_by="gradients_of_a_nonlinear_model",
    says="The examples are along the last axis: they are along the first.",
)
def examples_last(loss, w, X, t):
    return jnp.moveaxis(_right(loss, w, X, t), 0, -1)


@mutant(
    "q3",
    of="per_example_gradients",
    refused_by="gradients_of_a_nonlinear_model",
    says="All inputs are compared with the first target: map over the targets too.",
)
def first_target_for_all(loss, w, X, t):
    return jax.vmap(jax.grad(loss), in_axes=(None, 0, None))(w, X, t[0])


@mutant(
    "q3",
    of="per_example_gradients",
    refused_by="gradients_of_a_nonlinear_model",
    says="The gradients are multiplied by the losses: the loss itself is differentiated, not its square.",
)
def gradient_of_squares(loss, w, X, t):
    return jax.vmap(jax.grad(lambda *a: loss(*a) ** 2 / 2), in_axes=(None, 0, 0))(w, X, t)


@mutant(
    "q3",
    of="per_example_gradients",
    refused_by="gradients_of_a_matrix",
    says="The gradient is approximated by differences: let JAX differentiate.",
)
def gradients_by_differences(loss, w, X, t):
    h = 1e-5
    basis = jnp.eye(w.size).reshape(-1, *w.shape)
    columns = [
        (_losses(loss, w + h * e, X, t) - _losses(loss, w - h * e, X, t)) / (2 * h) for e in basis
    ]
    return jnp.stack(columns, axis=1).reshape(len(X), *w.shape)


@mutant(
    "q3",
    of="per_example_gradients",
    refused_by="gradients_of_a_matrix",
    says="Each gradient came back as a vector: it has the shape of the weights.",
)
def gradients_flattened(loss, w, X, t):
    return _right(loss, w, X, t).reshape(len(X), -1)


@mutant(
    "q3",
    of="per_example_gradients",
    refused_by="gradients_of_one_example",
    says="A squeeze removed an axis of length one: there may be a single example or weight.",
)
def squeezed_gradients(loss, w, X, t):
    return jnp.squeeze(_right(loss, w, X, t))


@mutant(
    "q3",
    of="per_example_gradients",
    refused_by="gradients_cost_about_one",
    says=(
        "Right, but the vector of all losses is differentiated, at n times the work: differentiate the "
        "loss of one example, and map that."
    ),
)
def jacobian_of_all_losses(loss, w, X, t):
    return jax.jacrev(lambda w: _losses(loss, w, X, t))(w)


@mutant(
    "q3",
    of="per_example_gradients",
    refused_by="gradients_cost_about_one",
    says="Right, but with one forward derivative for each weight: use reverse mode.",
)
def gradients_forward(loss, w, X, t):
    return jax.jacfwd(lambda w: _losses(loss, w, X, t))(w)
