"""Mistakes that the checks of question 4 refuse: the deep equilibrium model."""

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from grader.checks import mutant


def _iterated(layer, z, theta, num_steps):
    return jax.lax.fori_loop(0, num_steps, lambda _, z: layer(z, theta), z)


def _assembled(layer, loss, z, theta, adjoint, with_direct=True):
    """F^T u for u = adjoint(J^T, g), plus the direct term."""
    g, direct = jax.grad(loss, argnums=(0, 1))(z, theta)
    _, pull_back = jax.vjp(layer, z, theta)
    indirect = pull_back(adjoint(lambda u: pull_back(u)[0], g))[1]
    return jax.tree.map(jnp.add, direct, indirect) if with_direct else indirect


def _adjoint(num_steps, sign=1):
    def adjoint(transposed, g):
        return jax.lax.fori_loop(0, num_steps, lambda _, u: g + sign * transposed(u), g)

    return adjoint


@mutant(
    "q4",
    of="equilibrium",
    refused_by="state_after_iterating",
    says="One step too many: num_steps applications of the layer, beginning with z_0.",
)
def one_application_too_many(layer, z_0, theta, num_steps):
    return _iterated(layer, z_0, theta, num_steps + 1)


@mutant(
    "q4",
    of="equilibrium",
    refused_by="state_after_iterating",
    says="The iteration ignores z_0 and begins at 0.",
)
def state_begins_at_zero(layer, z_0, theta, num_steps):
    return _iterated(layer, jnp.zeros_like(z_0), theta, num_steps)


@mutant(
    "q4",
    of="equilibrium",
    refused_by="state_after_iterating",
    says="Each step goes half of the way only: z_{k+1} is layer(z_k, theta) itself.",
)
def averaged_steps(layer, z_0, theta, num_steps):
    return jax.lax.fori_loop(0, num_steps, lambda _, z: (z + layer(z, theta)) / 2, z_0)


@mutant(
    "q4",
    of="equilibrium",
    refused_by="state_after_iterating",
    says="The layer's changes are added up: the layer gives the next state, not a change of it.",
)
def residual_steps(layer, z_0, theta, num_steps):
    return jax.lax.fori_loop(0, num_steps, lambda _, z: z + layer(z, theta), z_0)


@mutant(
    "q4",
    of="equilibrium_gradient",
    refused_by=("gradient_of_the_layer", "gradient_of_the_layer_twice"),
    says=(
        "This is the gradient of one step: I stands for the inverse of I - J. The adjoint solves "
        "u = J^T u + g."
    ),
)
def one_step_gradient(layer, loss, z_0, theta, num_steps):
    z = _iterated(layer, z_0, theta, num_steps)
    return _assembled(layer, loss, z, theta, lambda transposed, g: g)


@mutant(
    "q4",
    of="equilibrium_gradient",
    refused_by="gradient_of_the_layer",
    says=(
        "The adjoint is solved with I - J in place of its transpose: J is not symmetric. Use "
        "vector-Jacobian products, u -> J^T u."
    ),
)
def untransposed_jacobian(layer, loss, z_0, theta, num_steps):
    z = _iterated(layer, z_0, theta, num_steps)

    def adjoint(_, g):
        def push(u):
            return jax.jvp(lambda z: layer(z, theta), (z,), (u,))[1]

        return jax.lax.fori_loop(0, num_steps, lambda _, u: g + push(u), g)

    return _assembled(layer, loss, z, theta, adjoint)


@mutant(
    "q4",
    of="equilibrium_gradient",
    refused_by=("gradient_of_the_layer", "gradient_of_one_linear_unit"),
    says="The sign of J is wrong: this solves (I + J)^T u = g. The adjoint is u = J^T u + g.",
)
def plus_the_jacobian(layer, loss, z_0, theta, num_steps):
    z = _iterated(layer, z_0, theta, num_steps)
    return _assembled(layer, loss, z, theta, _adjoint(num_steps, sign=-1))


@mutant(
    "q4",
    of="equilibrium_gradient",
    refused_by="gradient_of_the_layer",
    says="You multiply by I - J^T where its inverse is meant: solve for the adjoint.",
)
def product_for_the_solve(layer, loss, z_0, theta, num_steps):
    z = _iterated(layer, z_0, theta, num_steps)
    return _assembled(layer, loss, z, theta, lambda transposed, g: g - transposed(g))


@mutant(
    "q4",
    of="equilibrium_gradient",
    refused_by="gradient_of_the_layer",
    says=(
        "The derivatives are taken at z_0: the implicit function theorem holds at the equilibrium "
        "only."
    ),
)
def derivatives_at_the_start(layer, loss, z_0, theta, num_steps):
    return _assembled(layer, loss, z_0, theta, _adjoint(num_steps))


@mutant(
    "q4",
    of="equilibrium_gradient",
    refused_by=("gradient_of_the_layer", "gradient_of_one_linear_unit"),
    says="The sign of the gradient is wrong: dz*/dtheta is PLUS the inverse of I - J times F.",
)
def minus_the_response(layer, loss, z_0, theta, num_steps):
    z = _iterated(layer, z_0, theta, num_steps)

    def adjoint(transposed, g):
        return -_adjoint(num_steps)(transposed, g)

    return _assembled(layer, loss, z, theta, adjoint)


@mutant(
    "q4",
    of="equilibrium_gradient",
    refused_by="gradient_with_a_readout",
    says=(
        "The direct term is missing: the loss depends on theta at a fixed state too, through the "
        "readout."
    ),
)
def readout_left_out(layer, loss, z_0, theta, num_steps):
    z = _iterated(layer, z_0, theta, num_steps)
    return _assembled(layer, loss, z, theta, _adjoint(num_steps), with_direct=False)


@mutant(
    "q4",
    of="equilibrium_gradient",
    refused_by="gradient_of_one_linear_unit",
    says="An axis of length one was added: the gradient has the shapes of theta, scalars included.",
)
def at_least_one_axis(layer, loss, z_0, theta, num_steps):
    z = _iterated(layer, z_0, theta, num_steps)
    gradient = _assembled(layer, loss, z, theta, _adjoint(num_steps))
    return jax.tree.map(jnp.atleast_1d, gradient)


@mutant(
    "q4",
    of="equilibrium_gradient",
    refused_by="gradient_to_all_digits",
    says=(
        "The adjoint stops after a few terms of its series: iterate it as often as the forward "
        "pass."
    ),
)
def few_adjoint_steps(layer, loss, z_0, theta, num_steps):
    z = _iterated(layer, z_0, theta, num_steps)
    return _assembled(layer, loss, z, theta, _adjoint(10))


@mutant(
    "q4",
    of="equilibrium_gradient",
    refused_by="gradient_to_all_digits",
    says=(
        "A finite difference over theta keeps about half of the digits, and costs two equilibria "
        "for each parameter."
    ),
)
def equilibrium_differences(layer, loss, z_0, theta, num_steps):
    flat, unravel = ravel_pytree(theta)
    eps = 1e-5

    def outer(flat):
        return loss(_iterated(layer, z_0, unravel(flat), num_steps), unravel(flat))

    def entry(direction):
        return (outer(flat + eps * direction) - outer(flat - eps * direction)) / (2 * eps)

    return unravel(jax.lax.map(entry, jnp.eye(flat.size, dtype=flat.dtype)))


@mutant(
    "q4",
    of="equilibrium_gradient",
    refused_by="gradient_stores_no_iterates",
    says=(
        "Right, but this backpropagates through the iteration, which keeps every state. The "
        "equilibrium is all that the adjoint needs."
    ),
)
def backpropagated_iteration(layer, loss, z_0, theta, num_steps):
    def outer(theta):
        z, _ = jax.lax.scan(lambda z, _: (layer(z, theta), None), z_0, length=num_steps)
        return loss(z, theta)

    return jax.grad(outer)(theta)


@mutant(
    "q4",
    of="equilibrium_gradient",
    refused_by="gradient_stores_no_iterates",
    says=(
        "Right, but checkpointing each step still keeps every state: solve for the adjoint at the "
        "equilibrium instead."
    ),
)
def checkpointed_iteration(layer, loss, z_0, theta, num_steps):
    def outer(theta):
        step = jax.checkpoint(layer)
        z, _ = jax.lax.scan(lambda z, _: (step(z, theta), None), z_0, length=num_steps)
        return loss(z, theta)

    return jax.grad(outer)(theta)


@mutant(
    "q4",
    of="equilibrium_gradient",
    refused_by="gradient_stores_no_iterates",
    says=(
        "Right, but the Jacobian is formed by a loop over basis vectors, one product for each "
        "entry of the state: iterate with vector-Jacobian products instead."
    ),
)
def jacobian_by_basis_vectors(layer, loss, z_0, theta, num_steps):
    z = _iterated(layer, z_0, theta, num_steps)

    def adjoint(transposed, g):
        def column(i):
            basis = jnp.zeros_like(g).ravel().at[i].set(1).reshape(g.shape)
            return (basis - transposed(basis)).ravel()

        transpose = jax.lax.map(column, jnp.arange(g.size)).T
        return jnp.linalg.solve(transpose, g.ravel()).reshape(g.shape)

    return _assembled(layer, loss, z, theta, adjoint)
