"""Mistakes that the checks of question 1 refuse: gradient descent on a quadratic."""

import jax.numpy as jnp

from grader.checks import mutant


def _iterates(A, b, w0, step_size, num_steps, rates=lambda r: r, steps=None):
    a, Q = jnp.linalg.eigh(A)
    k = jnp.arange(num_steps) if steps is None else steps
    powers = rates(1 - step_size * a) ** k[:, None]
    sums = jnp.concatenate([jnp.zeros((1, len(b)), A.dtype), jnp.cumsum(powers, axis=0)])
    return w0 + step_size * (sums * (Q.T @ (b - A @ w0))) @ Q.T


@mutant(
    "q1",
    of="gd_iterates",
    refused_by="iterates_of_a_rotated_quadratic",
    says="These are steps up the slope: the gradient is A w - b, and descent subtracts it.",
)
def ascent_for_descent(A, b, w0, step_size, num_steps):
    return _iterates(A, b, w0, -step_size, num_steps)


@mutant(
    "q1",
    of="gd_iterates",
    refused_by="iterates_of_a_rotated_quadratic",
    says="The gradient of 1/2 w^T A w is A w, not 2 A w: your step is twice too long in A.",
)
def forgets_the_half(A, b, w0, step_size, num_steps):
    return _iterates(2 * A, b, w0, step_size, num_steps)


@mutant(
    "q1",
    of="gd_iterates",
    refused_by="iterates_of_a_rotated_quadratic",
    says="The diagonal of A holds its eigenvalues only where A is diagonal: decompose it first.",
)
def diagonal_for_eigenvalues(A, b, w0, step_size, num_steps):
    return _iterates(jnp.diag(jnp.diag(A)), b, w0, step_size, num_steps)


@mutant(
    "q1",
    of="gd_iterates",
    refused_by="iterates_of_a_rotated_quadratic",
    says="Q^T takes vectors into the eigenbasis and Q takes them back; yours are swapped.",
)
def transposed_eigenvectors(A, b, w0, step_size, num_steps):
    a, Q = jnp.linalg.eigh(A)
    powers = (1 - step_size * a) ** jnp.arange(num_steps)[:, None]
    sums = jnp.concatenate([jnp.zeros((1, len(b)), A.dtype), jnp.cumsum(powers, axis=0)])
    return w0 + step_size * (sums * (Q @ (b - A @ w0))) @ Q


@mutant(
    "q1",
    of="gd_iterates",
    refused_by=("iterates_of_a_rotated_quadratic", "iterates_of_no_steps"),
    says="The start is missing: K steps have K + 1 iterates, w_0 among them.",
)
def leaves_out_the_start(A, b, w0, step_size, num_steps):
    return _iterates(A, b, w0, step_size, num_steps)[1:]


@mutant(
    "q1",
    of="gd_iterates",
    refused_by="iterates_of_a_rotated_quadratic",
    says="Your iterates are one step ahead: the exponent of iterate k is off by one.",
)
def one_step_ahead(A, b, w0, step_size, num_steps):
    return _iterates(A, b, w0, step_size, num_steps + 1)[1:]


@mutant(
    "q1",
    of="gd_iterates",
    refused_by="iterates_at_large_steps",
    says="Where alpha a > 1 a mode changes sign at each step: keep the sign of its rate.",
)
def absolute_rates(A, b, w0, step_size, num_steps):
    return _iterates(A, b, w0, step_size, num_steps, rates=jnp.abs)


@mutant(
    "q1",
    of="gd_iterates",
    refused_by="iterates_with_flat_directions",
    says="A need not be invertible: where an eigenvalue is 0 your formula divides by it.",
)
def divides_by_eigenvalues(A, b, w0, step_size, num_steps):
    a, Q = jnp.linalg.eigh(jnp.round(A, 12))
    a = jnp.where(jnp.abs(a) < 1e-9, 0, a)
    powers = (1 - step_size * a) ** jnp.arange(num_steps + 1)[:, None]
    limit = (Q.T @ b) / a
    return (limit + powers * (Q.T @ w0 - limit)) @ Q.T


@mutant(
    "q1",
    of="gd_iterates",
    refused_by="iterates_with_flat_directions",
    says="In a flat direction b still pushes: that part of w grows linearly; yours stands still.",
)
def stands_still_in_flat_directions(A, b, w0, step_size, num_steps):
    a, Q = jnp.linalg.eigh(A)
    steep = a > 1e-9 * a[-1]
    powers = (1 - step_size * a) ** jnp.arange(num_steps + 1)[:, None]
    limit = jnp.where(steep, (Q.T @ b) / jnp.where(steep, a, 1), Q.T @ w0)
    return (limit + powers * (Q.T @ w0 - limit)) @ Q.T


@mutant(
    "q1",
    of="gd_iterates",
    refused_by="iterates_nearly_flat_in_float32",
    says=(
        "(1 - (1 - alpha a)^k) / a loses its digits where a is small, and in float32 it has none "
        "left: sum the series instead of dividing."
    ),
)
def cancelling_quotient(A, b, w0, step_size, num_steps):
    a, Q = jnp.linalg.eigh(A)
    zero = jnp.abs(a) < 1e-12
    powers = (1 - step_size * a) ** jnp.arange(num_steps + 1)[:, None]
    flat = step_size * jnp.arange(num_steps + 1)[:, None]
    sums = jnp.where(zero, flat, (1 - powers) / jnp.where(zero, 1, a))
    return w0 + (sums * (Q.T @ (b - A @ w0))) @ Q.T


@mutant(
    "q1",
    of="gd_iterates",
    refused_by="iterates_of_no_steps",
    says="A squeeze took an axis of length one away: one dimension or no steps is still a matrix.",
)
def squeezed_iterates(A, b, w0, step_size, num_steps):
    return jnp.squeeze(_iterates(A, b, w0, step_size, num_steps))


@mutant(
    "q1",
    of="stability_limit",
    refused_by="limit_of_the_step_size",
    says="1/a_max is where the steepest mode stops overshooting; it diverges only beyond 2/a_max.",
)
def limit_of_monotone_descent(A):
    return 1 / jnp.linalg.eigvalsh(A)[-1]


@mutant(
    "q1",
    of="stability_limit",
    refused_by="limit_of_the_step_size",
    says="The steepest mode diverges first: the limit depends on the largest eigenvalue.",
)
def limit_of_the_flattest_mode(A):
    return 2 / jnp.linalg.eigvalsh(A)[0]


@mutant(
    "q1",
    of="stability_limit",
    refused_by="limit_of_the_step_size",
    says="2/trace is safe but smaller than the limit: the trace sums all eigenvalues.",
)
def limit_by_the_trace(A):
    return 2 / jnp.trace(A)


@mutant(
    "q1",
    of="stability_limit",
    refused_by="limit_of_the_step_size",
    says="2/(a_min + a_max) is the fastest step size, not the largest stable one.",
)
def fastest_step_for_limit(A):
    a = jnp.linalg.eigvalsh(A)
    return 2 / (a[0] + a[-1])
