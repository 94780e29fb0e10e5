"""Mistakes that the checks of question 2 refuse: damped, preconditioned conjugate gradients."""

import jax
import jax.numpy as jnp

from grader.checks import mutant


def _cg(
    product,
    b,
    damping,
    preconditioner,
    tolerance,
    max_steps,
    *,
    beta=None,
    direction=None,
    size=None,
    target=None,
):
    """The solution with a piece replaced.

    `beta` sees (r z new, r z old, r new, z new, r old), `direction` (z new, r new, beta, p);
    `size` and `target` are what the stopping rule compares.
    """
    beta = beta or (lambda new, old, r, z, r_old: new / old)
    direction = direction or (lambda z, r, beta, p: z + beta * p)
    size = size or (lambda r, z: jnp.linalg.norm(r))
    target = tolerance * jnp.linalg.norm(b) if target is None else target

    def goes_on(state):
        _, r, z, _, _, steps = state
        return (size(r, z) > target) & (steps < max_steps)

    def advance(state):
        x, r, z, p, rz, steps = state
        Bp = product(p) + damping * p
        alpha = rz / (p @ Bp)
        x, r_next = x + alpha * p, r - alpha * Bp
        z = preconditioner(r_next)
        new = r_next @ z
        p = direction(z, r_next, beta(new, rz, r_next, z, r), p)
        return x, r_next, z, p, new, steps + 1

    z = preconditioner(b)
    p = direction(z, b, 0.0, jnp.zeros_like(b))
    start = (jnp.zeros_like(b), b, z, p, b @ z, jnp.zeros((), int))
    x, *_, steps = jax.lax.while_loop(goes_on, advance, start)
    return x, steps


@mutant(
    "q2",
    of="damped_cg",
    refused_by=("cg_is_optimal", "cg_in_float32"),
    says="The damping is left out: add lambda p to the product with B in every step.",
)
def damping_left_out(product, b, damping, preconditioner, tolerance, max_steps):
    return _cg(product, b, 0.0, preconditioner, tolerance, max_steps)


@mutant(
    "q2",
    of="damped_cg",
    refused_by="cg_is_optimal",
    says=(
        "The damping went into the preconditioner: it belongs to the system. A preconditioner changes "
        "how fast the solution is reached, not the solution."
    ),
)
def damping_in_the_preconditioner(product, b, damping, preconditioner, tolerance, max_steps):
    def damped(r):
        return preconditioner(r) + damping * r

    return _cg(product, b, 0.0, damped, tolerance, max_steps)


@mutant(
    "q2",
    of="damped_cg",
    refused_by="cg_is_optimal",
    says="The preconditioner is damped as well: use it as it is given.",
)
def preconditioner_damped_again(product, b, damping, preconditioner, tolerance, max_steps):
    def damped(r):
        return preconditioner(r) + damping * r

    return _cg(product, b, damping, damped, tolerance, max_steps)


@mutant(
    "q2",
    of="damped_cg",
    refused_by=("cg_is_optimal", "cg_in_float32"),
    says="The preconditioner isn't used: these are plain conjugate gradients.",
)
def not_preconditioned(product, b, damping, preconditioner, tolerance, max_steps):
    return _cg(product, b, damping, lambda r: r, tolerance, max_steps)


@mutant(
    "q2",
    of="damped_cg",
    refused_by="cg_is_optimal",
    says="beta must be the quotient of the r^T z; yours is of the r^T r, without the preconditioner.",
)
def beta_without_preconditioner(product, b, damping, preconditioner, tolerance, max_steps):
    return _cg(
        product,
        b,
        damping,
        preconditioner,
        tolerance,
        max_steps,
        beta=lambda new, old, r, z, r_old: r @ r / (r_old @ r_old),
    )


@mutant(
    "q2",
    of="damped_cg",
    refused_by="cg_is_optimal",
    says="The new direction starts from r: it must start from z, the preconditioned residual.",
)
def directions_from_the_residual(product, b, damping, preconditioner, tolerance, max_steps):
    return _cg(
        product,
        b,
        damping,
        preconditioner,
        tolerance,
        max_steps,
        direction=lambda z, r, beta, p: r + beta * p,
    )


@mutant(
    "q2",
    of="damped_cg",
    refused_by="cg_is_optimal",
    says="With beta = 0 every direction is z: this is preconditioned steepest descent.",
)
def steepest_descent(product, b, damping, preconditioner, tolerance, max_steps):
    return _cg(
        product,
        b,
        damping,
        preconditioner,
        tolerance,
        max_steps,
        beta=lambda new, old, r, z, r_old: 0.0,
    )


@mutant(
    "q2",
    of="damped_cg",
    refused_by="cg_is_optimal",
    says="This is x alone: the pair (x, steps) is asked for.",
)
def solution_without_steps(product, b, damping, preconditioner, tolerance, max_steps):
    return _cg(product, b, damping, preconditioner, tolerance, max_steps)[0]


@mutant(
    "q2",
    of="damped_cg",
    refused_by="cg_stops_where_it_should",
    says="The tolerance isn't used: all steps are made, though the residual is small enough before.",
)
def tolerance_ignored(product, b, damping, preconditioner, tolerance, max_steps):
    return _cg(product, b, damping, preconditioner, 1e-14, max_steps)


@mutant(
    "q2",
    of="damped_cg",
    refused_by="cg_stops_where_it_should",
    says=(
        "You compare squared norms with a tolerance that isn't squared: the iteration stops too early."
    ),
)
def squared_norms(product, b, damping, preconditioner, tolerance, max_steps):
    return _cg(
        product,
        b,
        damping,
        preconditioner,
        tolerance,
        max_steps,
        size=lambda r, z: r @ r,
        target=tolerance * (b @ b),
    )


@mutant(
    "q2",
    of="damped_cg",
    refused_by="cg_stops_where_it_should",
    says="The rule looks at r^T z, the preconditioned norm: it should look at the norm of r itself.",
)
def stops_by_the_preconditioned_norm(product, b, damping, preconditioner, tolerance, max_steps):
    return _cg(
        product,
        b,
        damping,
        preconditioner,
        tolerance,
        max_steps,
        size=lambda r, z: jnp.sqrt(r @ z),
        target=tolerance * jnp.sqrt(b @ preconditioner(b)),
    )


@mutant(
    "q2",
    of="damped_cg",
    refused_by=("cg_stops_where_it_should", "cg_at_a_tiny_scale"),
    says="Your tolerance is absolute: the residual's norm is compared with tau times that of b.",
)
def absolute_tolerance(product, b, damping, preconditioner, tolerance, max_steps):
    return _cg(product, b, damping, preconditioner, tolerance, max_steps, target=tolerance)


@mutant(
    "q2",
    of="damped_cg",
    refused_by=("cg_is_optimal", "cg_stops_where_it_should"),
    says="The count is one too high: k = 0 is the start, before any step.",
)
def steps_counted_from_one(product, b, damping, preconditioner, tolerance, max_steps):
    x, steps = _cg(product, b, damping, preconditioner, tolerance, max_steps)
    return x, steps + 1


@mutant(
    "q2",
    of="damped_cg",
    refused_by=("cg_at_its_edges", "cg_stops_where_it_should"),
    says=(
        "You make one step too many: the rule is tested before a step, at k = 0 too, and x_k is "
        "returned as soon as it holds."
    ),
)
def one_step_too_many(product, b, damping, preconditioner, tolerance, max_steps):
    _, steps = _cg(product, b, damping, preconditioner, tolerance, max_steps)
    return _cg(product, b, damping, preconditioner, 0.0, steps + 1)[0], steps + 1


@mutant(
    "q2",
    of="damped_cg",
    refused_by="cg_at_its_edges",
    says="With b = 0 you divide 0 by 0: by the rule no step is made at all.",
)
def first_step_always_made(product, b, damping, preconditioner, tolerance, max_steps):
    z = preconditioner(b)
    first = b @ z / (z @ (product(z) + damping * z))
    x, steps = _cg(product, b, damping, preconditioner, tolerance, max_steps)
    return x + 0 * first, steps


@mutant(
    "q2",
    of="damped_cg",
    refused_by="cg_at_a_tiny_scale",
    says=(
        "A constant in the denominator guards against 0/0 but changes the steps when b is small: "
        "the stopping rule is guard enough."
    ),
)
def constant_in_the_denominator(product, b, damping, preconditioner, tolerance, max_steps):
    return _cg(
        product,
        b,
        damping,
        preconditioner,
        tolerance,
        max_steps,
        beta=lambda new, old, r, z, r_old: new / (old + 1e-16),
    )


@mutant(
    "q2",
    of="damped_cg",
    refused_by="cg_takes_one_product_a_step",
    says=(
        "Right, but b - (B + lambda I) x is computed anew in every step: the recurrence for the "
        "residual has the product already."
    ),
)
def recomputes_the_residual(product, b, damping, preconditioner, tolerance, max_steps):
    def goes_on(state):
        return (jnp.linalg.norm(state[1]) > tolerance * jnp.linalg.norm(b)) & (state[4] < max_steps)

    def advance(state):
        x, r, p, rz, steps = state
        x = x + rz / (p @ (product(p) + damping * p)) * p
        r = b - product(x) - damping * x
        z = preconditioner(r)
        return x, r, z + r @ z / rz * p, r @ z, steps + 1

    z = preconditioner(b)
    start = (jnp.zeros_like(b), b, z, b @ z, jnp.zeros((), int))
    x, *_, steps = jax.lax.while_loop(goes_on, advance, start)
    return x, steps


@mutant(
    "q2",
    of="damped_cg",
    refused_by="cg_takes_one_product_a_step",
    says="Right, but the matrix is built column by column: n products before the first step.",
)
def builds_the_matrix(product, b, damping, preconditioner, tolerance, max_steps):
    B = jax.lax.map(product, jnp.eye(len(b), dtype=b.dtype))
    return _cg(lambda p: B @ p, b, damping, preconditioner, tolerance, max_steps)


@mutant(
    "q2",
    of="damped_cg",
    refused_by="cg_takes_one_product_a_step",
    says=(
        "Right, but every one of the max_steps steps is computed, and those after the stop are thrown "
        "away: use a loop that ends."
    ),
)
def steps_after_the_stop(product, b, damping, preconditioner, tolerance, max_steps):
    target = tolerance * jnp.linalg.norm(b)

    def advance(_, state):
        x, r, p, rz, steps = state
        going = jnp.linalg.norm(r) > target
        Bp = product(p) + damping * p
        alpha = jnp.where(going, rz / jnp.where(going, p @ Bp, 1), 0)
        x, r = x + alpha * p, r - alpha * Bp
        z = preconditioner(r)
        p = jnp.where(going, z + r @ z / jnp.where(going, rz, 1) * p, p)
        return x, r, p, jnp.where(going, r @ z, rz), steps + going

    z = preconditioner(b)
    start = (jnp.zeros_like(b), b, z, b @ z, jnp.zeros((), int))
    x, *_, steps = jax.lax.fori_loop(0, max_steps, advance, start)
    return x, steps
