"""Mistakes that the checks of question 2 refuse: the Hessian-free step."""

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from grader.checks import mutant


def _solve(product, b, damping, tolerance, max_steps):
    """Conjugate gradients without a preconditioner."""

    def goes_on(state):
        return (jnp.linalg.norm(state[1]) > tolerance * jnp.linalg.norm(b)) & (state[3] < max_steps)

    def advance(state):
        x, r, p, steps = state
        Bp = product(p) + damping * p
        alpha = r @ r / (p @ Bp)
        r_next = r - alpha * Bp
        return x + alpha * p, r_next, r_next + r_next @ r_next / (r @ r) * p, steps + 1

    return jax.lax.while_loop(goes_on, advance, (jnp.zeros_like(b), b, b, 0))[0]


def _step(
    network, output_loss, w, damping, tolerance, max_steps, *, push=None, curve=None, product=None
):
    """The solution with a piece replaced: J v, H_z applied to it, or the whole product."""
    flat, unravel = ravel_pytree(w)

    def f(flat):
        return network(unravel(flat))

    push = push or (lambda f, flat, v: jax.jvp(f, (flat,), (v,))[1])
    curve = curve or (lambda z, dz: jax.jvp(jax.grad(output_loss), (z,), (dz,))[1])
    z, pull = jax.vjp(f, flat)
    product = product or (lambda f, flat, v: pull(curve(z, push(f, flat, v)))[0])
    gradient = pull(jax.grad(output_loss)(z))[0]
    solution = _solve(lambda v: product(f, flat, v), -gradient, damping, tolerance, max_steps)
    return unravel(solution)


@mutant(
    "q2",
    of="hessian_free_step",
    refused_by="hessian_free_step_of_networks",
    says="The step goes uphill: the right-hand side is minus the gradient.",
)
def ascends(network, output_loss, w, damping, tolerance, max_steps):
    step = _step(network, output_loss, w, damping, tolerance, max_steps)
    return jax.tree.map(jnp.negative, step)


@mutant(
    "q2",
    of="hessian_free_step",
    refused_by="hessian_free_step_of_networks",
    says="This is the gradient step -g / lambda: the curvature is missing.",
)
def gradient_over_damping(network, output_loss, w, damping, tolerance, max_steps):
    gradient = jax.grad(lambda w: output_loss(network(w)))(w)
    return jax.tree.map(lambda g: -g / damping, gradient)


@mutant(
    "q2",
    of="hessian_free_step",
    refused_by="hessian_free_step_of_networks",
    says=(
        "The damping is divided by the number of examples: it is added to the mean, with which the "
        "loss is scaled already."
    ),
)
def damping_for_the_sum(network, output_loss, w, damping, tolerance, max_steps):
    examples = len(network(w)) + 1  # another scale for a single example too
    return _step(network, output_loss, w, damping / examples, tolerance, max_steps)


@mutant(
    "q2",
    of="hessian_free_step",
    refused_by="hessian_free_step_of_networks",
    says=(
        "This solves with the Hessian, which may be indefinite: the Gauss-Newton product linearises "
        "the network."
    ),
)
def hessian_for_gauss_newton(network, output_loss, w, damping, tolerance, max_steps):
    def product(f, flat, v):
        return jax.jvp(jax.grad(lambda flat: output_loss(f(flat))), (flat,), (v,))[1]

    return _step(network, output_loss, w, damping, tolerance, max_steps, product=product)


@mutant(
    "q2",
    of="hessian_free_step",
    refused_by="hessian_free_step_of_networks",
    says="This solves with J^T J: the Hessian of the output loss between the two is missing.",
)
def output_hessian_left_out(network, output_loss, w, damping, tolerance, max_steps):
    return _step(
        network, output_loss, w, damping, tolerance, max_steps, curve=lambda z, dz: dz / len(z)
    )


@mutant(
    "q2",
    of="hessian_free_step",
    refused_by="hessian_free_step_of_networks",
    says=(
        "This solves with J^T g g^T J, the outer product of the mean gradient: that is not the "
        "Gauss-Newton matrix."
    ),
)
def outer_product_of_the_gradient(network, output_loss, w, damping, tolerance, max_steps):
    def curve(z, dz):
        slope = jax.grad(output_loss)(z)
        return slope * jnp.vdot(slope, dz)

    return _step(network, output_loss, w, damping, tolerance, max_steps, curve=curve)


@mutant(
    "q2",
    of="hessian_free_step",
    refused_by="hessian_free_step_of_networks",
    says="The step is flat: unravel it, so that it has the structure of w.",
)
def step_left_flat(network, output_loss, w, damping, tolerance, max_steps):
    return ravel_pytree(_step(network, output_loss, w, damping, tolerance, max_steps))[0]


@mutant(
    "q2",
    of="hessian_free_step",
    refused_by="hessian_free_step_to_all_digits",
    says="The number of steps isn't passed on: the system is solved until it has converged.",
)
def number_of_steps_ignored(network, output_loss, w, damping, tolerance, max_steps):
    return _step(network, output_loss, w, damping, 1e-13, 100)


@mutant(
    "q2",
    of="hessian_free_step",
    refused_by="hessian_free_step_to_all_digits",
    says="J v is a finite difference here: it keeps about half of the digits. Use a JVP.",
)
def finite_differences(network, output_loss, w, damping, tolerance, max_steps):
    def push(f, flat, v):
        h = 1e-5 / jnp.linalg.norm(v)
        return (f(flat + h * v) - f(flat - h * v)) / (2 * h)

    return _step(network, output_loss, w, damping, tolerance, max_steps, push=push)


@mutant(
    "q2",
    of="hessian_free_step",
    refused_by="hessian_free_step_costs_few_gradients",
    says=(
        "Right, but the Gauss-Newton matrix is formed: P^2 numbers. A JVP and a VJP give its product "
        "with a direction."
    ),
)
def dense_gauss_newton(network, output_loss, w, damping, tolerance, max_steps):
    flat, unravel = ravel_pytree(w)
    z, unravel_outputs = ravel_pytree(network(w))
    J = jax.jacrev(lambda flat: network(unravel(flat)).ravel())(flat)
    H = jax.hessian(lambda z: output_loss(unravel_outputs(z)))(z)
    G = J.T @ H @ J
    return _step(
        network, output_loss, w, damping, tolerance, max_steps, product=lambda f, flat, v: G @ v
    )


@mutant(
    "q2",
    of="hessian_free_step",
    refused_by="hessian_free_step_costs_few_gradients",
    says=(
        "Right, but the matrix is built by a loop over basis vectors, a product for each parameter: "
        "multiply with the direction itself."
    ),
)
def matrix_by_basis_vectors(network, output_loss, w, damping, tolerance, max_steps):
    flat, unravel = ravel_pytree(w)
    z, push = jax.linearize(lambda flat: network(unravel(flat)), flat)
    pull = jax.linear_transpose(push, flat)
    curve = jax.linearize(jax.grad(output_loss), z)[1]

    def product(f, flat, v):
        def entry(i):
            basis = jnp.zeros_like(flat).at[i].set(1)
            return pull(curve(push(basis)))[0] @ v

        return jax.lax.map(entry, jnp.arange(flat.size))

    return _step(network, output_loss, w, damping, tolerance, max_steps, product=product)
