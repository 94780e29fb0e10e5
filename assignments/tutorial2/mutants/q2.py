"""Mistakes that the checks of question 2 refuse."""

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from grader.checks import mutant


def _minus(w, w0):
    return jax.tree.map(jnp.subtract, w, w0)


def _gradient(residuals, w):
    r, pull = jax.vjp(residuals, w)
    return r, pull(r)[0]


@mutant(
    "q2",
    of="tangent_model",
    refused_by="layer_with_a_bias",
    says="This is f itself at w: asked for is its linear approximation around w0.",
)
def function_itself(f, w0, w):
    return f(w)


@mutant(
    "q2",
    of="tangent_model",
    refused_by=("layer_with_a_bias", "affine_function"),
    says="This is only the change: the value at w0 is missing.",
)
def change_only(f, w0, w):
    return jax.jvp(f, (w0,), (_minus(w, w0),))[1]


@mutant(
    "q2",
    of="tangent_model",
    refused_by=("layer_with_a_bias", "affine_function"),
    says="The displacement has the wrong sign: it leads from w0 to w.",
)
def displacement_reversed(f, w0, w):
    return sum(jax.jvp(f, (w0,), (_minus(w0, w),)))


@mutant(
    "q2",
    of="tangent_model",
    refused_by=("layer_with_a_bias", "affine_function"),
    says="The Jacobian is multiplied with w: it is multiplied with the displacement w - w0.",
)
def weights_for_displacement(f, w0, w):
    return sum(jax.jvp(f, (w0,), (w,)))


@mutant(
    "q2",
    of="tangent_model",
    refused_by="layer_with_a_bias",
    says="The Jacobian is taken at w: the approximation is around w0.",
)
def jacobian_at_the_other_end(f, w0, w):
    return f(w0) + jax.jvp(f, (w,), (_minus(w, w0),))[1]


@mutant(
    "q2",
    of="tangent_model",
    refused_by="passes_to_twelve_digits",
    says="The change is a difference quotient: push the displacement through f instead.",
)
def change_by_differences(f, w0, w):
    h, v = 1e-5, _minus(w, w0)
    ahead, behind = (jax.tree.map(lambda p, d, s=s: p + s * d, w0, v) for s in (h, -h))
    return f(w0) + (f(ahead) - f(behind)) / (2 * h)


@mutant(
    "q2",
    of="tangent_model",
    refused_by="passes_cost_one_each",
    says="Right, but the whole Jacobian is formed: one forward pass is enough.",
)
def jacobian_formed(f, w0, w):
    flat, back = ravel_pytree(w0)
    J = jax.jacfwd(lambda v: f(back(v)))(flat)
    return f(w0) + J @ (ravel_pytree(w)[0] - flat)


@mutant(
    "q2",
    of="half_squares",
    refused_by=("layer_with_a_bias", "affine_function"),
    says="The factor 1/2 is missing in C.",
)
def squares_without_half(residuals, w):
    r, gradient = _gradient(residuals, w)
    return jnp.sum(r**2), gradient


@mutant(
    "q2",
    of="half_squares",
    refused_by="layer_with_a_bias",
    says="C and its gradient are divided by the number of residuals: this cost is a sum.",
)
def mean_of_squares(residuals, w):
    r, gradient = _gradient(residuals, w)
    return jnp.mean(r**2) / 2, jax.tree.map(lambda g: g / r.size, gradient)


@mutant(
    "q2",
    of="half_squares",
    refused_by=("layer_with_a_bias", "affine_function"),
    says="Ones are pulled back, which gives the gradient of the sum of residuals: pull back r.",
)
def ones_pulled_back(residuals, w):
    r, pull = jax.vjp(residuals, w)
    return jnp.sum(r**2) / 2, pull(jnp.ones_like(r))[0]


@mutant(
    "q2",
    of="half_squares",
    refused_by=("layer_with_a_bias", "affine_function"),
    says="The gradient came back inside a tuple of one: take it out.",
)
def gradient_in_a_tuple(residuals, w):
    r, pull = jax.vjp(residuals, w)
    return jnp.sum(r**2) / 2, pull(r)


@mutant(
    "q2",
    of="half_squares",
    refused_by="layer_with_a_bias",
    says="The gradient belongs to the sum of squares without 1/2: it is twice too large.",
)
def gradient_of_full_squares(residuals, w):
    r, gradient = _gradient(residuals, w)
    return jnp.sum(r**2) / 2, jax.tree.map(lambda g: 2 * g, gradient)


@mutant(
    "q2",
    of="half_squares",
    refused_by="passes_to_twelve_digits",
    says="The gradient of C went through float32: keep the dtype that you are given.",
)
def squares_through_float32(residuals, w):
    r, gradient = _gradient(residuals, w)
    return jnp.sum(r**2) / 2, jax.tree.map(jnp.float32, gradient)


@mutant(
    "q2",
    of="half_squares",
    refused_by="passes_cost_one_each",
    says="Right, but the whole Jacobian is formed and multiplied with r: one backward pass is enough.",
)
def transposed_jacobian_formed(residuals, w):
    flat, back = ravel_pytree(w)
    r = residuals(w)
    J = jax.jacrev(lambda v: residuals(back(v)).ravel())(flat)
    return jnp.sum(r**2) / 2, back(J.T @ r.ravel())
