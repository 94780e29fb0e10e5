"""Mistakes that the checks of question 5 refuse: conjugate gradient."""

import jax
import jax.numpy as jnp

from grader.checks import mutant


def _quotient(numerator, denominator):
    done = denominator <= 0
    return jnp.where(done, 0, numerator / jnp.where(done, 1, denominator))


def _cg(matvec, b, num_steps, *, alpha=None, beta=None, start=None):
    """Conjugate gradient with a piece replaced. `beta` sees (new, old) squared residuals."""
    alpha = alpha or (lambda r, p, Ap: _quotient(r @ r, p @ Ap))
    beta = beta or _quotient

    def step(state, _):
        x, r, p = state
        Ap = matvec(p)
        size = alpha(r, p, Ap)
        x, r_next = x + size * p, r - size * Ap
        return (x, r_next, r_next + beta(r_next @ r_next, r @ r) * p), x

    x0 = jnp.zeros_like(b) if start is None else start
    _, iterates = jax.lax.scan(step, (x0, b, b), length=num_steps)
    return jnp.concatenate([x0[None], iterates])


@mutant(
    "q5",
    of="cg",
    refused_by="cg_is_krylov_optimal",
    says="With beta = 0 every direction is the residual: this is steepest descent.",
)
def steepest_descent(matvec, b, num_steps):
    return _cg(matvec, b, num_steps, beta=lambda new, old: 0.0)


@mutant(
    "q5",
    of="cg",
    refused_by="cg_is_krylov_optimal",
    says="beta is the new squared residual over the old one; yours is the reciprocal.",
)
def reciprocal_beta(matvec, b, num_steps):
    return _cg(matvec, b, num_steps, beta=lambda new, old: _quotient(old, new))


@mutant(
    "q5",
    of="cg",
    refused_by="cg_is_krylov_optimal",
    says="The sign of beta is wrong: directions are then not conjugate.",
)
def negative_beta(matvec, b, num_steps):
    return _cg(matvec, b, num_steps, beta=lambda new, old: -_quotient(new, old))


@mutant(
    "q5",
    of="cg",
    refused_by="cg_is_krylov_optimal",
    says="beta is a quotient of squared norms; yours is of norms.",
)
def beta_of_norms(matvec, b, num_steps):
    return _cg(matvec, b, num_steps, beta=lambda new, old: jnp.sqrt(_quotient(new, old)))


@mutant(
    "q5",
    of="cg",
    refused_by="cg_is_krylov_optimal",
    says="The start is missing: K steps have K + 1 iterates, x_0 = 0 among them.",
)
def cg_without_the_start(matvec, b, num_steps):
    return _cg(matvec, b, num_steps)[1:]


@mutant(
    "q5",
    of="cg",
    refused_by="cg_is_krylov_optimal",
    says="This is only the last iterate: return all of them as rows.",
)
def last_iterate_only(matvec, b, num_steps):
    return _cg(matvec, b, num_steps)[-1]


@mutant(
    "q5",
    of="cg",
    refused_by="cg_is_krylov_optimal",
    says="You started at b and not at 0, with a residual that belongs to 0.",
)
def starts_at_b(matvec, b, num_steps):
    return _cg(matvec, b, num_steps, start=b)


@mutant(
    "q5",
    of="cg",
    refused_by="cg_solves_ill_conditioned_system",
    says="You solve with A + damping I: no damping is asked for, and small eigenvalues feel it.",
)
def damped_system(matvec, b, num_steps):
    return _cg(lambda x: matvec(x) + 1e-5 * x, b, num_steps)


def _stopping_at(matvec, b, num_steps, threshold):
    iterates = _cg(matvec, b, num_steps)
    norms = jax.vmap(lambda x: jnp.linalg.norm(b - matvec(x)))(iterates)
    first = jnp.argmax(norms <= threshold)
    last = jnp.where(jnp.any(norms <= threshold), first, num_steps)
    return iterates[jnp.minimum(jnp.arange(num_steps + 1), last)]


@mutant(
    "q5",
    of="cg",
    refused_by="cg_at_a_small_scale",
    says="Your stopping threshold is absolute: compare the residual with the norm of b, if at all.",
)
def absolute_threshold(matvec, b, num_steps):
    return _stopping_at(matvec, b, num_steps, 1e-6)


@mutant(
    "q5",
    of="cg",
    refused_by="cg_at_a_small_scale",
    says=(
        "A constant in the denominators guards against 0/0 but changes every quotient when b is "
        "small: test for zero instead."
    ),
)
def constant_in_the_denominator(matvec, b, num_steps):
    return _cg(
        matvec,
        b,
        num_steps,
        alpha=lambda r, p, Ap: r @ r / (p @ Ap + 1e-10),
        beta=lambda new, old: new / (old + 1e-10),
    )


@mutant(
    "q5",
    of="cg",
    refused_by=("cg_stays_after_convergence", "cg_of_zero"),
    says="After convergence the residual is zero and your quotients are 0/0: guard them.",
)
def unguarded(matvec, b, num_steps):
    return _cg(
        matvec,
        b,
        num_steps,
        alpha=lambda r, p, Ap: r @ r / (p @ Ap),
        beta=lambda new, old: new / old,
    )


@mutant(
    "q5",
    of="cg",
    refused_by="cg_of_zero",
    says="With b = 0 the very first quotient is 0/0: guard alpha as well as beta.",
)
def first_step_unguarded(matvec, b, num_steps):
    first = b @ b / (b @ matvec(b))
    return _cg(matvec, b, num_steps) + 0 * first


@mutant(
    "q5",
    of="cg",
    refused_by="cg_in_float32",
    says="0/0 after convergence, in float32: a guard must be there, and work in the dtype of b "
    "(1e-300 is zero in float32).",
)
def guard_that_float32_rounds_to_zero(matvec, b, num_steps):
    return _cg(
        matvec,
        b,
        num_steps,
        alpha=lambda r, p, Ap: r @ r / (p @ Ap + 1e-300),
        beta=lambda new, old: new / (old + 1e-300),
    )


@mutant(
    "q5",
    of="cg",
    refused_by="cg_takes_one_product_a_step",
    says=(
        "Right, but b - A x is computed anew in every step: the residual has a recurrence with the "
        "product that you have already."
    ),
)
def recomputes_the_residual(matvec, b, num_steps):
    def step(state, _):
        x, r, p = state
        x = x + _quotient(r @ r, p @ matvec(p)) * p
        r_next = b - matvec(x)
        return (x, r_next, r_next + _quotient(r_next @ r_next, r @ r) * p), x

    start = jnp.zeros_like(b)
    _, iterates = jax.lax.scan(step, (start, b, b), length=num_steps)
    return jnp.concatenate([start[None], iterates])


@mutant(
    "q5",
    of="cg",
    refused_by="cg_takes_one_product_a_step",
    says="Right, but the matrix is built column by column: D products before the first step.",
)
def builds_the_matrix(matvec, b, num_steps):
    A = jax.lax.map(matvec, jnp.eye(len(b), dtype=b.dtype))
    return _cg(lambda x: A @ x, b, num_steps)
