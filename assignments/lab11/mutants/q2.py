"""Mistakes that the checks of question 2 refuse: the unrolled and the truncated hypergradient."""

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from grader.checks import mutant


def _descended(inner_loss, w, theta, step_size, num_steps):
    def advance(w, _):
        g = jax.grad(inner_loss)(w, theta)
        return jax.tree.map(lambda p, g: p - step_size * g, w, g), None

    return jax.lax.scan(advance, w, length=num_steps)[0]


def _truncated(inner_loss, outer_loss, w_0, theta, step_size, num_first, num_last):
    w = _descended(inner_loss, w_0, theta, step_size, num_first)

    def outer(theta):
        return outer_loss(_descended(inner_loss, w, theta, step_size, num_last), theta)

    return jax.grad(outer)(theta)


# --- descend ------------------------------------------------------------------------------------


@mutant(
    "q2",
    of="descend",
    refused_by="descent_on_the_inner_loss",
    says="One step too many: num_steps = 0 returns the start itself.",
)
def one_step_too_many(inner_loss, w_0, theta, step_size, num_steps):
    return _descended(inner_loss, w_0, theta, step_size, num_steps + 1)


@mutant(
    "q2",
    of="descend",
    refused_by="descent_on_the_inner_loss",
    says="The steps go up the gradient: descent subtracts it.",
)
def ascent(inner_loss, w_0, theta, step_size, num_steps):
    return _descended(inner_loss, w_0, theta, -step_size, num_steps)


@mutant(
    "q2",
    of="descend",
    refused_by="descent_on_the_inner_loss",
    says="The descent begins at 0: it begins at w_0.",
)
def begins_at_zero(inner_loss, w_0, theta, step_size, num_steps):
    return _descended(inner_loss, jax.tree.map(jnp.zeros_like, w_0), theta, step_size, num_steps)


@mutant(
    "q2",
    of="descend",
    refused_by="descent_on_the_inner_loss",
    says="Every step uses the gradient at w_0: take it at the current weights.",
)
def gradient_at_the_start(inner_loss, w_0, theta, step_size, num_steps):
    g = jax.grad(inner_loss)(w_0, theta)
    return jax.tree.map(lambda p, g: p - num_steps * step_size * g, w_0, g)


# --- unrolled -----------------------------------------------------------------------------------


@mutant(
    "q2",
    of="unrolled_hypergradient",
    refused_by=("unrolled_before_convergence", "agrees_with_the_implicit_hypergradient"),
    says=(
        "The final weights count as constant here, so only the direct term is left: the descent "
        "itself must be inside what is differentiated."
    ),
)
def detached_descent(inner_loss, outer_loss, w_0, theta, step_size, num_steps):
    w = _descended(inner_loss, w_0, theta, step_size, num_steps)
    return jax.grad(outer_loss, argnums=1)(w, theta)


@mutant(
    "q2",
    of="unrolled_hypergradient",
    refused_by="unrolled_before_convergence",
    says=(
        "The direct term is missing: the outer loss sees theta itself as well as the weights that "
        "come of it."
    ),
)
def unrolled_without_the_direct_term(inner_loss, outer_loss, w_0, theta, step_size, num_steps):
    def outer(moving):
        return outer_loss(_descended(inner_loss, w_0, moving, step_size, num_steps), theta)

    return jax.grad(outer)(theta)


@mutant(
    "q2",
    of="unrolled_hypergradient",
    refused_by=("unrolled_before_convergence", "agrees_with_the_implicit_hypergradient"),
    says=(
        "Only the last step is differentiated: a change of theta has moved the weights in all the "
        "steps before, too."
    ),
)
def last_step_only(inner_loss, outer_loss, w_0, theta, step_size, num_steps):
    return _truncated(inner_loss, outer_loss, w_0, theta, step_size, num_steps - 1, 1)


@mutant(
    "q2",
    of="unrolled_hypergradient",
    refused_by=("unrolled_before_convergence", "agrees_with_the_implicit_hypergradient"),
    says=(
        "The Hessian is left out of the chain: a gradient inside the loop is taken at weights "
        "that count as constant, so that I stands for I - alpha H. Remove the stop_gradient."
    ),
)
def steps_without_the_hessian(inner_loss, outer_loss, w_0, theta, step_size, num_steps):
    def outer(theta):
        def advance(w, _):
            g = jax.grad(inner_loss)(jax.lax.stop_gradient(w), theta)
            return jax.tree.map(lambda p, g: p - step_size * g, w, g), None

        return outer_loss(jax.lax.scan(advance, w_0, length=num_steps)[0], theta)

    return jax.grad(outer)(theta)


@mutant(
    "q2",
    of="unrolled_hypergradient",
    refused_by="unrolled_before_convergence",
    says=(
        "This is the implicit formula at the last iterate. Before convergence the descent has "
        "another derivative: differentiate the steps that were taken."
    ),
)
def implicit_at_the_last_iterate(inner_loss, outer_loss, w_0, theta, step_size, num_steps):
    w = _descended(inner_loss, w_0, theta, step_size, num_steps)
    flat, unravel = ravel_pytree(w)
    H = jax.hessian(lambda flat: inner_loss(unravel(flat), theta))(flat)
    slope, direct = jax.grad(outer_loss, argnums=(0, 1))(w, theta)
    q = unravel(jnp.linalg.solve(H, ravel_pytree(slope)[0]))
    indirect = jax.vjp(lambda theta: jax.grad(inner_loss)(w, theta), theta)[1](q)[0]
    return jax.tree.map(jnp.subtract, direct, indirect)


@mutant(
    "q2",
    of="unrolled_hypergradient",
    refused_by="unrolled_before_convergence",
    says="The outer loss is averaged over all iterates: only the last one is scored.",
)
def averaged_over_the_iterates(inner_loss, outer_loss, w_0, theta, step_size, num_steps):
    def outer(theta):
        w, total = w_0, 0.0
        for _ in range(num_steps):
            w = _descended(inner_loss, w, theta, step_size, 1)
            total = total + outer_loss(w, theta)
        return total / max(num_steps, 1)

    return jax.grad(outer)(theta)


@mutant(
    "q2",
    of="unrolled_hypergradient",
    refused_by="unrolled_to_all_digits",
    says=(
        "A finite difference over theta keeps about half of the digits, and costs two runs for "
        "each hyperparameter: differentiate the run."
    ),
)
def central_differences(inner_loss, outer_loss, w_0, theta, step_size, num_steps):
    flat, unravel = ravel_pytree(theta)
    eps = 1e-5

    def outer(flat):
        w = _descended(inner_loss, w_0, unravel(flat), step_size, num_steps)
        return outer_loss(w, unravel(flat))

    def entry(direction):
        return (outer(flat + eps * direction) - outer(flat - eps * direction)) / (2 * eps)

    return unravel(jax.lax.map(entry, jnp.eye(flat.size, dtype=flat.dtype)))


@mutant(
    "q2",
    of="unrolled_hypergradient",
    refused_by="unrolled_to_all_digits",
    says="The computation went through float32: keep the dtype of the arrays that you are given.",
)
def unrolled_through_float32(inner_loss, outer_loss, w_0, theta, step_size, num_steps):
    total = _truncated(inner_loss, outer_loss, w_0, theta, step_size, 0, num_steps)
    return jax.tree.map(lambda leaf: leaf.astype(jnp.float32).astype(leaf.dtype), total)


@mutant(
    "q2",
    of="unrolled_hypergradient",
    refused_by="unrolled_costs_few_gradients_a_step",
    says=(
        "Right, but in forward mode: a tangent for each hyperparameter goes through the whole run. "
        "Reverse mode costs a few gradients a step, whatever the number of hyperparameters."
    ),
)
def forward_mode(inner_loss, outer_loss, w_0, theta, step_size, num_steps):
    def outer(theta):
        return outer_loss(_descended(inner_loss, w_0, theta, step_size, num_steps), theta)

    return jax.jacfwd(outer)(theta)


@mutant(
    "q2",
    of="unrolled_hypergradient",
    refused_by="unrolled_costs_few_gradients_a_step",
    says=(
        "Right, but a loop over basis vectors costs a run for each hyperparameter: one pass of "
        "reverse mode gives all entries."
    ),
)
def run_for_each_basis_vector(inner_loss, outer_loss, w_0, theta, step_size, num_steps):
    flat, unravel = ravel_pytree(theta)

    def outer(flat):
        w = _descended(inner_loss, w_0, unravel(flat), step_size, num_steps)
        return outer_loss(w, unravel(flat))

    def entry(i):
        return jax.jvp(outer, (flat,), (jnp.zeros_like(flat).at[i].set(1),))[1]

    return unravel(jax.lax.map(entry, jnp.arange(flat.size)))


# --- truncated ----------------------------------------------------------------------------------


@mutant(
    "q2",
    of="truncated_hypergradient",
    refused_by=("truncated_to_the_last_steps", "no_differentiated_step"),
    says="One step too many is differentiated: w_{K-T} itself counts as constant.",
)
def one_step_more(inner_loss, outer_loss, w_0, theta, step_size, num_steps, num_differentiated):
    first = max(num_steps - num_differentiated - 1, 0)
    return _truncated(inner_loss, outer_loss, w_0, theta, step_size, first, num_steps - first)


@mutant(
    "q2",
    of="truncated_hypergradient",
    refused_by=("truncated_to_the_last_steps", "agrees_with_the_implicit_hypergradient"),
    says="One step too few is differentiated: the step from w_{K-T} to the next counts.",
)
def one_step_less(inner_loss, outer_loss, w_0, theta, step_size, num_steps, num_differentiated):
    last = max(num_differentiated - 1, 0)
    return _truncated(inner_loss, outer_loss, w_0, theta, step_size, num_steps - last, last)


@mutant(
    "q2",
    of="truncated_hypergradient",
    refused_by="truncated_to_the_last_steps",
    says="The first T steps are differentiated here: truncation keeps the last T.",
)
def first_steps(inner_loss, outer_loss, w_0, theta, step_size, num_steps, num_differentiated):
    def outer(theta):
        fixed = jax.lax.stop_gradient(theta)
        w = _descended(inner_loss, w_0, theta, step_size, num_differentiated)
        w = _descended(inner_loss, w, fixed, step_size, num_steps - num_differentiated)
        return outer_loss(w, theta)

    return jax.grad(outer)(theta)


@mutant(
    "q2",
    of="truncated_hypergradient",
    refused_by="truncated_to_the_last_steps",
    says="Only T steps are taken, from w_0: all K are taken, and the last T differentiated.",
)
def short_run(inner_loss, outer_loss, w_0, theta, step_size, num_steps, num_differentiated):
    return _truncated(inner_loss, outer_loss, w_0, theta, step_size, 0, num_differentiated)


@mutant(
    "q2",
    of="truncated_hypergradient",
    refused_by="truncated_to_the_last_steps",
    says=(
        "The weights are detached before each of the last steps: detach them once, before the "
        "first of these."
    ),
)
def detached_in_each_step(
    inner_loss, outer_loss, w_0, theta, step_size, num_steps, num_differentiated
):
    return _truncated(
        inner_loss,
        outer_loss,
        w_0,
        theta,
        step_size,
        num_steps - min(num_differentiated, 1),
        min(num_differentiated, 1),
    )


@mutant(
    "q2",
    of="truncated_hypergradient",
    refused_by="no_differentiated_step",
    says=(
        "With T = 0 you differentiate all steps: a slice [-T:] of length 0 is the whole list. "
        "Split at K - T."
    ),
)
def all_steps_for_none(
    inner_loss, outer_loss, w_0, theta, step_size, num_steps, num_differentiated
):
    last = num_differentiated or num_steps
    return _truncated(inner_loss, outer_loss, w_0, theta, step_size, num_steps - last, last)


@mutant(
    "q2",
    of="truncated_hypergradient",
    refused_by="truncated_keeps_the_last_iterates_only",
    says=(
        "Right, but the gradient is stopped inside one loop over all steps, and reverse mode keeps "
        "all iterates of a loop that it goes through: do the first K - T outside of what is "
        "differentiated."
    ),
)
def masked_steps(inner_loss, outer_loss, w_0, theta, step_size, num_steps, num_differentiated):
    def outer(theta):
        def advance(w, k):
            g = jax.grad(inner_loss)(w, theta)
            w = jax.tree.map(lambda p, g: p - step_size * g, w, g)
            constant = k < num_steps - num_differentiated
            return jax.tree.map(lambda p: jnp.where(constant, jax.lax.stop_gradient(p), p), w), None

        w = jax.tree.map(jax.lax.stop_gradient, w_0)
        return outer_loss(jax.lax.scan(advance, w, jnp.arange(num_steps))[0], theta)

    return jax.grad(outer)(theta)
