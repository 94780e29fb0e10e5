"""Mistakes that the checks of question 4 refuse: the modified gradient of gradient descent."""

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from grader.checks import mutant


def _plus(g, factor, v):
    return jax.tree.map(lambda a, b: a + factor * b, g, v)


def _product(loss, w, v):
    return jax.jvp(jax.grad(loss), (w,), (v,))[1]


VALUES = (
    "modified_gradient_of_quadratics",
    "modified_gradient_of_a_classifier",
    "modified_gradient_at_the_edges",
)


@mutant(
    "q4",
    of="modified_gradient",
    refused_by=VALUES,
    says="This is the gradient of L itself: the term of first order in alpha is missing.",
)
def plain_gradient(loss, w, step_size):
    return jax.grad(loss)(w)


@mutant(
    "q4",
    of="modified_gradient",
    refused_by=VALUES,
    says=(
        "The factor of the second term is alpha / 4: the square has the derivative 2 H grad L, which "
        "makes alpha / 2 of it."
    ),
)
def quarter_for_half(loss, w, step_size):
    g = jax.grad(loss)(w)
    return _plus(g, step_size / 4, _product(loss, w, g))


@mutant(
    "q4",
    of="modified_gradient",
    refused_by=VALUES,
    says="The factor of the second term is alpha: it is alpha / 2.",
)
def whole_for_half(loss, w, step_size):
    g = jax.grad(loss)(w)
    return _plus(g, step_size, _product(loss, w, g))


@mutant(
    "q4",
    of="modified_gradient",
    refused_by=VALUES,
    says="The second term has the wrong sign: descent penalises large gradients.",
)
def penalty_subtracted(loss, w, step_size):
    g = jax.grad(loss)(w)
    return _plus(g, -step_size / 2, _product(loss, w, g))


@mutant(
    "q4",
    of="modified_gradient",
    refused_by=VALUES,
    says="The Hessian is multiplied by the weights: it acts on the gradient.",
)
def product_with_the_weights(loss, w, step_size):
    return _plus(jax.grad(loss)(w), step_size / 2, _product(loss, w, w))


@mutant(
    "q4",
    of="modified_gradient",
    refused_by=VALUES,
    says="The gradient itself stands where its product with the Hessian should.",
)
def gradient_for_product(loss, w, step_size):
    g = jax.grad(loss)(w)
    return _plus(g, step_size / 2, g)


@mutant(
    "q4",
    of="modified_gradient",
    refused_by=("modified_gradient_of_quadratics", "modified_gradient_of_a_classifier"),
    says=(
        "The gradient is divided by its norm, as if the penalty were the norm: it is the square of the "
        "norm."
    ),
)
def norm_not_squared(loss, w, step_size):
    g = jax.grad(loss)(w)
    norm = jnp.linalg.norm(ravel_pytree(g)[0])
    return _plus(g, step_size / 4, jax.tree.map(lambda h: h / norm, _product(loss, w, g)))


@mutant(
    "q4",
    of="modified_gradient",
    refused_by=("modified_gradient_of_quadratics", "modified_gradient_of_a_classifier"),
    says="The squares are averaged over the weights: the squared norm is their sum.",
)
def mean_of_squares(loss, w, step_size):
    g = jax.grad(loss)(w)
    return _plus(g, step_size / 2 / ravel_pytree(w)[0].size, _product(loss, w, g))


@mutant(
    "q4",
    of="modified_gradient",
    refused_by="modified_gradient_of_a_classifier",
    says=(
        "Every leaf has a Hessian of its own here: the blocks between different leaves are missing. Use "
        "the whole gradient as the direction of one product."
    ),
)
def leaf_by_leaf(loss, w, step_size):
    leaves, structure = jax.tree.flatten(w)
    g = jax.tree.leaves(jax.grad(loss)(w))
    out = []
    for i, leaf in enumerate(leaves):

        def of_leaf(x, i=i):
            return loss(jax.tree.unflatten(structure, [*leaves[:i], x, *leaves[i + 1 :]]))

        out.append(g[i] + step_size / 2 * _product(of_leaf, leaf, g[i]))
    return jax.tree.unflatten(structure, out)


@mutant(
    "q4",
    of="modified_gradient",
    refused_by=("modified_gradient_of_a_classifier", "modified_gradient_to_all_digits"),
    says=(
        "The product is the difference of two gradients a step apart, which is right to first order "
        "only: differentiate the gradient."
    ),
)
def gradient_half_a_step_up(loss, w, step_size):
    g = jax.grad(loss)(w)
    return jax.grad(loss)(_plus(w, step_size / 2, g))


@mutant(
    "q4",
    of="modified_gradient",
    refused_by="modified_gradient_to_all_digits",
    says="The product with the Hessian is a finite difference, which keeps about half of the digits.",
)
def product_by_differences(loss, w, step_size):
    slope, h = jax.grad(loss), 1e-5
    g = slope(w)
    up, down = slope(_plus(w, h, g)), slope(_plus(w, -h, g))
    return jax.tree.map(lambda g, u, d: g + step_size / 2 * (u - d) / (2 * h), g, up, down)


@mutant(
    "q4",
    of="modified_gradient",
    refused_by="modified_gradient_costs_few_gradients",
    says=(
        "Right, but the whole Hessian is formed for one product with a vector: differentiate the gradient "
        "along that vector."
    ),
)
def whole_hessian(loss, w, step_size):
    flat, unravel = ravel_pytree(w)

    def on_vectors(v):
        return loss(unravel(v))

    g = jax.grad(on_vectors)(flat)
    return unravel(g + step_size / 2 * jax.hessian(on_vectors)(flat) @ g)


@mutant(
    "q4",
    of="modified_gradient",
    refused_by="modified_gradient_costs_few_gradients",
    says=(
        "Right, but the Hessian is made row by row in a loop over the weights: one product with the "
        "gradient costs a few gradients."
    ),
)
def hessian_row_by_row(loss, w, step_size):
    flat, unravel = ravel_pytree(w)
    slope = jax.grad(lambda v: loss(unravel(v)))
    g = slope(flat)

    def entry(i):
        e = jnp.zeros_like(flat).at[i].set(1.0)
        return jax.jvp(slope, (flat,), (e,))[1] @ g

    return unravel(g + step_size / 2 * jax.lax.map(entry, jnp.arange(flat.size)))
