"""Mistakes that the checks of question 4 refuse: JVP, VJP, Hessian- and Gauss-Newton-vector products."""

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from grader.checks import mutant


def _plus(w, v, factor=1.0):
    return jax.tree.map(lambda p, d: p + factor * d, w, v)


@mutant(
    "q4",
    of="jvp",
    refused_by="jvp_of_networks",
    says="jax.jvp returns the value of f as well: only the second of the pair is J v.",
)
def value_and_tangent(f, w, v):
    return jax.jvp(f, (w,), (v,))


@mutant(
    "q4",
    of="jvp",
    refused_by="jvp_of_networks",
    says="These are the outputs at w, not their derivative along v.",
)
def value_for_tangent(f, w, v):
    return jax.jvp(f, (w,), (v,))[0]


@mutant(
    "q4",
    of="jvp",
    refused_by="jvp_of_networks",
    says="f(w + v) - f(w) is the change over the whole step: J v is its linear part only.",
)
def whole_step_for_tangent(f, w, v):
    return jax.tree.map(jnp.subtract, f(_plus(w, v)), f(w))


@mutant(
    "q4",
    of="vjp",
    refused_by="vjp_of_networks",
    says="The pull-back returns a tuple with one cotangent an argument: take its first entry.",
)
def tuple_of_cotangents(f, w, u):
    return jax.vjp(f, w)[1](u)


@mutant(
    "q4",
    of="vjp",
    refused_by="vjp_of_networks",
    says="This is the gradient of the sum of the outputs: the cotangent u is not used.",
)
def cotangent_of_ones(f, w, u):
    return jax.vjp(f, w)[1](jax.tree.map(jnp.ones_like, u))[0]


@mutant(
    "q4",
    of="vjp",
    refused_by="vjp_of_networks",
    says="<u, f(w)> is a sum over all outputs; you took the mean, which divides by their number.",
)
def mean_over_outputs(f, w, u):
    size = sum(leaf.size for leaf in jax.tree.leaves(u))
    return jax.tree.map(lambda leaf: leaf / size, jax.vjp(f, w)[1](u)[0])


@mutant(
    "q4",
    of="hvp",
    refused_by="hvp_of_networks",
    says="This is the gradient itself: the derivative of <gradient, v> is wanted.",
)
def gradient_for_hvp(loss, w, v):
    return jax.grad(loss)(w)


@mutant(
    "q4",
    of="hvp",
    refused_by="hvp_of_networks",
    says=(
        "This is g g^T v with g the gradient, the Gauss-Newton product of the loss taken as the "
        "network's output: the curvature of the loss is missing."
    ),
)
def outer_product_of_the_gradient(loss, w, v):
    gradient, slope = jax.grad(loss)(w), jax.jvp(loss, (w,), (v,))[1]
    return jax.tree.map(lambda leaf: slope * leaf, gradient)


@mutant(
    "q4",
    of="hvp",
    refused_by="hvp_of_networks",
    says="grad(w + v) - grad(w) is the change over the whole step: H v is its linear part only.",
)
def whole_step_for_hvp(loss, w, v):
    return jax.tree.map(jnp.subtract, jax.grad(loss)(_plus(w, v)), jax.grad(loss)(w))


@mutant(
    "q4",
    of="hvp",
    refused_by="hvp_of_networks",
    says=(
        "You differentiate leaf by leaf: the blocks of the Hessian that couple one layer's weights "
        "with another's are missing."
    ),
)
def block_diagonal_hessian(loss, w, v):
    leaves, structure = jax.tree.flatten(w)
    tangents = jax.tree.leaves(v)

    def block(i):
        def of_leaf(leaf):
            return loss(jax.tree.unflatten(structure, [*leaves[:i], leaf, *leaves[i + 1 :]]))

        return jax.jvp(jax.grad(of_leaf), (leaves[i],), (tangents[i],))[1]

    return jax.tree.unflatten(structure, [block(i) for i in range(len(leaves))])


@mutant(
    "q4",
    of="hvp",
    refused_by="hvp_of_networks",
    says="The direction was flattened and put back in another order than the parameters.",
)
def reordered_direction(loss, w, v):
    flat, unravel = ravel_pytree(v)
    return jax.jvp(jax.grad(loss), (w,), (unravel(flat[::-1]),))[1]


@mutant(
    "q4",
    of="hvp",
    refused_by="hvp_to_all_digits",
    says=(
        "A finite difference keeps about half of the digits, and its step does not fit every "
        "length of v: differentiate the gradient, don't difference it."
    ),
)
def central_difference(loss, w, v):
    eps = 1e-5
    up, down = jax.grad(loss)(_plus(w, v, eps)), jax.grad(loss)(_plus(w, v, -eps))
    return jax.tree.map(lambda a, b: (a - b) / (2 * eps), up, down)


@mutant(
    "q4",
    of="hvp",
    refused_by="hvp_to_all_digits",
    says=(
        "A finite difference of fourth order is better, but still loses digits that a derivative "
        "has: differentiate the gradient along v."
    ),
)
def fourth_order_difference(loss, w, v):
    length = jnp.linalg.norm(ravel_pytree(v)[0])
    h = 1e-3 / length
    at = [jax.grad(loss)(_plus(w, v, k * h)) for k in (-2, -1, 1, 2)]
    return jax.tree.map(lambda a, b, c, d: (a - 8 * b + 8 * c - d) / (12 * h), *at)


@mutant(
    "q4",
    of="hvp",
    refused_by="hvp_to_all_digits",
    says="The computation went through float32: keep the dtype of the arrays that you are given.",
)
def hvp_through_float32(loss, w, v):
    product = jax.jvp(jax.grad(loss), (w,), (v,))[1]
    return jax.tree.map(lambda leaf: leaf.astype(jnp.float32).astype(leaf.dtype), product)


@mutant(
    "q4",
    of="hvp",
    refused_by="hvp_costs_few_gradients",
    says=(
        "Right, but you formed the whole Hessian: one row of it for each parameter. A derivative "
        "of the gradient along v costs a few gradients."
    ),
)
def dense_hessian(loss, w, v):
    flat, unravel = ravel_pytree(w)
    H = jax.hessian(lambda flat: loss(unravel(flat)))(flat)
    return unravel(H @ ravel_pytree(v)[0])


@mutant(
    "q4",
    of="hvp",
    refused_by="hvp_costs_few_gradients",
    says=(
        "Right, and without a big matrix, but a loop over basis vectors costs as much as the whole "
        "Hessian: use v itself as the direction."
    ),
)
def hvp_by_basis_vectors(loss, w, v):
    flat, unravel = ravel_pytree(w)
    direction = ravel_pytree(v)[0]
    gradient = jax.grad(lambda flat: loss(unravel(flat)))

    def entry(i):
        basis = jnp.zeros_like(flat).at[i].set(1)
        return jax.jvp(gradient, (flat,), (basis,))[1] @ direction

    return unravel(jax.lax.map(entry, jnp.arange(flat.size)))


def _gauss_newton(network, curve, w, v):
    outputs, pull_back = jax.vjp(network, w)
    return pull_back(curve(outputs, jax.jvp(network, (w,), (v,))[1]))[0]


@mutant(
    "q4",
    of="gnvp",
    refused_by="gnvp_of_networks",
    says=(
        "This is the Hessian product. The Gauss-Newton product has no term with the residual: "
        "linearise the network, and differentiate the output loss twice."
    ),
)
def hessian_for_gauss_newton(network, output_loss, w, v):
    return jax.jvp(jax.grad(lambda w: output_loss(network(w))), (w,), (v,))[1]


@mutant(
    "q4",
    of="gnvp",
    refused_by="gnvp_of_networks",
    says="This is J^T J v: the output loss's Hessian, between the two Jacobians, is missing.",
)
def output_hessian_left_out(network, output_loss, w, v):
    return _gauss_newton(network, lambda outputs, tangent: tangent, w, v)


@mutant(
    "q4",
    of="gnvp",
    refused_by="gnvp_of_networks",
    says=(
        "The output loss holds the mean over examples: taken for each example alone its Hessian "
        "lacks the 1/N."
    ),
)
def gauss_newton_without_the_mean(network, output_loss, w, v):
    product = _gauss_newton(
        network, lambda z, dz: jax.jvp(jax.grad(output_loss), (z,), (dz,))[1], w, v
    )
    examples = len(jax.tree.leaves(network(w))[0])
    return jax.tree.map(lambda leaf: examples * leaf, product)


@mutant(
    "q4",
    of="gnvp",
    refused_by="gnvp_of_networks",
    says="Only the diagonal of the output Hessian is used: softmax couples the logits.",
)
def diagonal_output_hessian(network, output_loss, w, v):
    def curve(outputs, tangent):
        flat, unravel = ravel_pytree(outputs)
        diagonal = jnp.diag(jax.hessian(lambda flat: output_loss(unravel(flat)))(flat))
        return unravel(diagonal * ravel_pytree(tangent)[0])

    return _gauss_newton(network, curve, w, v)


@mutant(
    "q4",
    of="gnvp",
    refused_by="gnvp_of_networks",
    says=(
        "This is J^T g g^T J v with the gradient of the output loss: an outer product of gradients "
        "is not the Gauss-Newton matrix."
    ),
)
def gradient_outer_product(network, output_loss, w, v):
    def curve(outputs, tangent):
        flat, unravel = ravel_pytree(jax.grad(output_loss)(outputs))
        return unravel(flat * (flat @ ravel_pytree(tangent)[0]))

    return _gauss_newton(network, curve, w, v)


@mutant(
    "q4",
    of="gnvp",
    refused_by="gnvp_of_one_example",
    says="A squeeze removed axes of length one: the product has the shapes of the parameters.",
)
def squeezed_outputs(network, output_loss, w, v):
    product = _gauss_newton(
        network, lambda z, dz: jax.jvp(jax.grad(output_loss), (z,), (dz,))[1], w, v
    )
    return jax.tree.map(jnp.squeeze, product)


@mutant(
    "q4",
    of="gnvp",
    refused_by="gnvp_to_all_digits",
    says="J v is a finite difference here: it keeps about half of the digits. Use a JVP.",
)
def gnvp_by_differences(network, output_loss, w, v):
    eps = 1e-5
    outputs, pull_back = jax.vjp(network, w)
    up, down = network(_plus(w, v, eps)), network(_plus(w, v, -eps))
    tangent = jax.tree.map(lambda a, b: (a - b) / (2 * eps), up, down)
    return pull_back(jax.jvp(jax.grad(output_loss), (outputs,), (tangent,))[1])[0]


@mutant(
    "q4",
    of="gnvp",
    refused_by="gnvp_costs_few_gradients",
    says=(
        "Right, but the Jacobian is formed, one gradient for each output of each example: a JVP "
        "and a VJP do."
    ),
)
def dense_gauss_newton(network, output_loss, w, v):
    flat, unravel = ravel_pytree(w)
    outputs, unravel_outputs = ravel_pytree(network(w))
    J = jax.jacrev(lambda flat: ravel_pytree(network(unravel(flat)))[0])(flat)
    H = jax.hessian(lambda z: output_loss(unravel_outputs(z)))(outputs)
    return unravel(J.T @ H @ J @ ravel_pytree(v)[0])


@mutant(
    "q4",
    of="gnvp",
    refused_by="gnvp_costs_few_gradients",
    says=(
        "Right, but a loop over basis vectors costs a product for each parameter: use v itself as "
        "the direction."
    ),
)
def gnvp_by_basis_vectors(network, output_loss, w, v):
    flat, unravel = ravel_pytree(w)
    direction = ravel_pytree(v)[0]

    def curve(z, dz):
        return jax.jvp(jax.grad(output_loss), (z,), (dz,))[1]

    def entry(i):
        basis = unravel(jnp.zeros_like(flat).at[i].set(1))
        return ravel_pytree(_gauss_newton(network, curve, w, basis))[0] @ direction

    return unravel(jax.lax.map(entry, jnp.arange(flat.size)))
