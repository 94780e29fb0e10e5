"""Mistakes that the checks of question 6 refuse: response Jacobian."""

import jax
import jax.numpy as jnp

from grader.checks import mutant


def _blocks(loss, w, theta):
    slope = jax.grad(loss)
    return jax.jacfwd(slope)(w, theta), jax.jacfwd(slope, argnums=1)(w, theta)


@mutant(
    "q6",
    of="response_jacobian",
    refused_by="response_of_ridge",
    says="The sign is missing: H dr + C dtheta = 0, so dr/dtheta = -H^-1 C.",
)
def response_without_the_sign(loss, w, theta):
    hessian, mixed = _blocks(loss, w, theta)
    return jnp.linalg.solve(hessian, mixed)


@mutant(
    "q6",
    of="response_jacobian",
    refused_by="response_of_ridge",
    says="You multiply with the Hessian; the condition of optimality asks you to solve with it.",
)
def hessian_for_its_inverse(loss, w, theta):
    hessian, mixed = _blocks(loss, w, theta)
    return -hessian @ mixed


@mutant(
    "q6",
    of="response_jacobian",
    refused_by="response_of_ridge",
    says="The Hessian is missing: this is how the gradient changes, not how the minimum moves.",
)
def mixed_block_only(loss, w, theta):
    return -_blocks(loss, w, theta)[1]


@mutant(
    "q6",
    of="response_jacobian",
    refused_by="response_of_logistic_regression",
    says="This is the transpose: rows belong to w, columns to theta.",
)
def transposed_response(loss, w, theta):
    hessian, mixed = _blocks(loss, w, theta)
    return -jnp.linalg.solve(hessian, mixed).T


@mutant(
    "q6",
    of="response_jacobian",
    refused_by="response_of_ridge",
    says="Only the diagonal of the Hessian is used: the weights interact.",
)
def diagonal_hessian(loss, w, theta):
    hessian, mixed = _blocks(loss, w, theta)
    return -mixed / jnp.diag(hessian)[:, None]


@mutant(
    "q6",
    of="response_jacobian",
    refused_by="response_of_logistic_regression",
    says=(
        "This is the derivative of a few steps of gradient descent with respect to theta; they "
        "have not converged, so it is not the derivative of the minimum."
    ),
)
def truncated_unrolling(loss, w, theta):
    def descend(theta):
        step = 0.1
        moved = w
        for _ in range(5):
            moved = moved - step * jax.grad(loss)(moved, theta)
        return moved

    return jax.jacfwd(descend)(theta)


@mutant(
    "q6",
    of="response_jacobian",
    refused_by="response_of_a_single_weight",
    says="A squeeze removed an axis of length one: the result is an (n, p) matrix even for n = 1.",
)
def squeezed_response(loss, w, theta):
    hessian, mixed = _blocks(loss, w, theta)
    return jnp.squeeze(-jnp.linalg.solve(hessian, mixed))


@mutant(
    "q6",
    of="response_jacobian",
    refused_by="response_in_other_coordinates",
    says=(
        "Damping 0.1 I was added to the Hessian: the response is then another in every coordinate "
        "system. The Hessian is regular here."
    ),
)
def damped_hessian(loss, w, theta):
    hessian, mixed = _blocks(loss, w, theta)
    return -jnp.linalg.solve(hessian + 0.1 * jnp.eye(len(w), dtype=w.dtype), mixed)


@mutant(
    "q6",
    of="response_jacobian",
    refused_by="response_in_other_coordinates",
    says="You keep only d^2 J / dw_i dtheta_i: theta_j moves the other weights too.",
)
def diagonal_mixed_block(loss, w, theta):
    hessian, mixed = _blocks(loss, w, theta)
    return -jnp.linalg.solve(hessian, mixed * jnp.eye(*mixed.shape, dtype=mixed.dtype))


@mutant(
    "q6",
    of="response_jacobian",
    refused_by="response_in_float32",
    says="A difference with step 1e-6 is all rounding in float32: differentiate instead.",
)
def mixed_block_by_differences(loss, w, theta):
    eps = 1e-6
    slope = jax.grad(loss)
    basis = jnp.eye(len(theta), dtype=theta.dtype)
    columns = [(slope(w, theta + eps * e) - slope(w, theta - eps * e)) / (2 * eps) for e in basis]
    return -jnp.linalg.solve(jax.jacfwd(slope)(w, theta), jnp.stack(columns, axis=1))


@mutant(
    "q6",
    of="response_jacobian",
    refused_by="response_to_ten_digits",
    says="A small multiple of I on the Hessian costs digits: it is regular, leave it as it is.",
)
def jitter_on_the_hessian(loss, w, theta):
    hessian, mixed = _blocks(loss, w, theta)
    return -jnp.linalg.solve(hessian + 1e-8 * jnp.eye(len(w), dtype=w.dtype), mixed)
