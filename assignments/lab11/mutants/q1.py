"""Mistakes that the checks of question 1 refuse: the implicit hypergradient."""

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from grader.checks import mutant
from reference.taylor import conjugate_gradient_iterates


def _conjugate_gradient(matvec, b, num_steps):
    iterates = conjugate_gradient_iterates(matvec, b, num_steps)
    return jax.tree.map(lambda leaf: leaf[-1], iterates)


def _curvature(loss, w, theta):
    return lambda v: jax.jvp(lambda u: jax.grad(loss)(u, theta), (w,), (v,))[1]


def _mixed(inner_loss, w, theta, q):
    return jax.vjp(lambda theta: jax.grad(inner_loss)(w, theta), theta)[1](q)[0]


def _direct(outer_loss, w, theta):
    return jax.grad(outer_loss, argnums=1)(w, theta)


def _assembled(inner_loss, outer_loss, w, theta, q):
    indirect = _mixed(inner_loss, w, theta, q)
    return jax.tree.map(jnp.subtract, _direct(outer_loss, w, theta), indirect)


def _solved(inner_loss, outer_loss, w, theta, num_steps):
    slope = jax.grad(outer_loss)(w, theta)
    return _conjugate_gradient(_curvature(inner_loss, w, theta), slope, num_steps)


@mutant(
    "q1",
    of="implicit_hypergradient",
    refused_by=("hypergradient_of_ridge", "hypergradient_with_direct_term"),
    says=(
        "The sign of the indirect term is wrong: the response of the minimum is MINUS the inverse "
        "Hessian times the mixed derivative."
    ),
)
def plus_for_minus(inner_loss, outer_loss, w, theta, num_steps):
    q = _solved(inner_loss, outer_loss, w, theta, num_steps)
    direct, indirect = _direct(outer_loss, w, theta), _mixed(inner_loss, w, theta, q)
    return jax.tree.map(jnp.add, direct, indirect)


@mutant(
    "q1",
    of="implicit_hypergradient",
    refused_by=("hypergradient_with_direct_term", "hypergradient_of_softmax"),
    says=(
        "The direct term is missing: the outer loss may depend on theta at fixed w too, and that "
        "partial derivative adds to the response's."
    ),
)
def direct_term_left_out(inner_loss, outer_loss, w, theta, num_steps):
    q = _solved(inner_loss, outer_loss, w, theta, num_steps)
    return jax.tree.map(jnp.negative, _mixed(inner_loss, w, theta, q))


@mutant(
    "q1",
    of="implicit_hypergradient",
    refused_by=("hypergradient_with_direct_term", "hypergradient_of_softmax"),
    says="This is the direct term alone: the minimum w* moves with theta as well.",
)
def direct_term_alone(inner_loss, outer_loss, w, theta, num_steps):
    return _direct(outer_loss, w, theta)


@mutant(
    "q1",
    of="implicit_hypergradient",
    refused_by=("hypergradient_of_ridge", "hypergradient_of_rescaled_loss"),
    says=(
        "The identity stands in for the inverse Hessian (the T1-T2 method): solve H q = g_v "
        "before the mixed product."
    ),
)
def identity_for_the_inverse(inner_loss, outer_loss, w, theta, num_steps):
    return _assembled(inner_loss, outer_loss, w, theta, jax.grad(outer_loss)(w, theta))


@mutant(
    "q1",
    of="implicit_hypergradient",
    refused_by=("hypergradient_of_ridge", "hypergradient_of_rescaled_loss"),
    says="You multiply by the Hessian where its inverse is meant: solve H q = g_v for q.",
)
def hessian_for_its_inverse(inner_loss, outer_loss, w, theta, num_steps):
    slope = jax.grad(outer_loss)(w, theta)
    return _assembled(inner_loss, outer_loss, w, theta, _curvature(inner_loss, w, theta)(slope))


@mutant(
    "q1",
    of="implicit_hypergradient",
    refused_by="hypergradient_of_ridge",
    says=(
        "The Hessian is that of the outer loss. The minimum belongs to the inner loss, and so do "
        "the Hessian and the mixed derivative."
    ),
)
def hessian_of_the_outer_loss(inner_loss, outer_loss, w, theta, num_steps):
    slope = jax.grad(outer_loss)(w, theta)
    q = _conjugate_gradient(_curvature(outer_loss, w, theta), slope, num_steps)
    return _assembled(inner_loss, outer_loss, w, theta, q)


@mutant(
    "q1",
    of="implicit_hypergradient",
    refused_by="hypergradient_of_ridge",
    says=(
        "Only the diagonal of the Hessian is inverted. Weights interact: solve with the whole "
        "Hessian, by products with it."
    ),
)
def diagonal_hessian(inner_loss, outer_loss, w, theta, num_steps):
    flat, unravel = ravel_pytree(w)
    H = jax.hessian(lambda flat: inner_loss(unravel(flat), theta))(flat)
    slope = ravel_pytree(jax.grad(outer_loss)(w, theta))[0]
    return _assembled(inner_loss, outer_loss, w, theta, unravel(slope / jnp.diag(H)))


@mutant(
    "q1",
    of="implicit_hypergradient",
    refused_by="hypergradient_with_direct_term",
    says=(
        "The mixed derivative is that of the outer loss: it is the inner loss's gradient that "
        "stays zero as theta changes."
    ),
)
def mixed_derivative_of_the_outer_loss(inner_loss, outer_loss, w, theta, num_steps):
    q = _solved(inner_loss, outer_loss, w, theta, num_steps)
    direct, indirect = _direct(outer_loss, w, theta), _mixed(outer_loss, w, theta, q)
    return jax.tree.map(jnp.subtract, direct, indirect)


@mutant(
    "q1",
    of="implicit_hypergradient",
    refused_by="hypergradient_of_rescaled_loss",
    says=(
        "A multiple of the identity is added to the Hessian. The hypergradient has no damping: it "
        "must not change when the inner loss is multiplied by a constant."
    ),
)
def damped_hessian(inner_loss, outer_loss, w, theta, num_steps):
    product = _curvature(inner_loss, w, theta)
    q = _conjugate_gradient(
        lambda v: jax.tree.map(lambda p, x: p + 1e-2 * x, product(v), v),
        jax.grad(outer_loss)(w, theta),
        num_steps,
    )
    return _assembled(inner_loss, outer_loss, w, theta, q)


@mutant(
    "q1",
    of="implicit_hypergradient",
    refused_by="hypergradient_of_rescaled_loss",
    says=(
        "This is a Neumann series with a fixed step size: it has not converged where the "
        "curvature is small. Solve by conjugate gradient, which needs no step size."
    ),
)
def neumann_series_with_a_fixed_step(inner_loss, outer_loss, w, theta, num_steps):
    product = _curvature(inner_loss, w, theta)
    term = jax.tree.map(lambda leaf: 0.1 * leaf, jax.grad(outer_loss)(w, theta))
    q = term
    for _ in range(num_steps):
        term = jax.tree.map(lambda x, p: x - 0.1 * p, term, product(term))
        q = jax.tree.map(jnp.add, q, term)
    return _assembled(inner_loss, outer_loss, w, theta, q)


@mutant(
    "q1",
    of="implicit_hypergradient",
    refused_by="hypergradient_of_softmax",
    says=(
        "Each leaf of w is solved for by itself: the blocks of the Hessian that couple one array "
        "of weights with another are missing."
    ),
)
def solve_leaf_by_leaf(inner_loss, outer_loss, w, theta, num_steps):
    leaves, structure = jax.tree.flatten(w)
    slopes = jax.tree.leaves(jax.grad(outer_loss)(w, theta))

    def solved(i):
        def slope_of(leaf):
            others = [*leaves[:i], leaf, *leaves[i + 1 :]]
            full = jax.grad(inner_loss)(jax.tree.unflatten(structure, others), theta)
            return jax.tree.leaves(full)[i]

        return _conjugate_gradient(
            lambda v: jax.jvp(slope_of, (leaves[i],), (v,))[1], slopes[i], num_steps
        )

    q = jax.tree.unflatten(structure, [solved(i) for i in range(len(leaves))])
    return _assembled(inner_loss, outer_loss, w, theta, q)


@mutant(
    "q1",
    of="implicit_hypergradient",
    refused_by="hypergradient_of_softmax",
    says="This is one flat vector: the hypergradient has the structure and shapes of theta.",
)
def flattened_hypergradient(inner_loss, outer_loss, w, theta, num_steps):
    q = _solved(inner_loss, outer_loss, w, theta, num_steps)
    return ravel_pytree(_assembled(inner_loss, outer_loss, w, theta, q))[0]


@mutant(
    "q1",
    of="implicit_hypergradient",
    refused_by="hypergradient_at_the_edges",
    says=(
        "Conjugate gradient goes on after it has converged, and divides 0 by 0: it must stay where "
        "it is, also for a right-hand side of 0."
    ),
)
def conjugate_gradient_without_a_guard(inner_loss, outer_loss, w, theta, num_steps):
    b, unravel = ravel_pytree(jax.grad(outer_loss)(w, theta))
    product = _curvature(inner_loss, w, theta)
    x, r, p = jnp.zeros_like(b), b, b
    for _ in range(num_steps):
        Ap = ravel_pytree(product(unravel(p)))[0]
        alpha = (r @ r) / (p @ Ap)
        x, fresh = x + alpha * p, r - alpha * Ap
        p, r = fresh + (fresh @ fresh) / (r @ r) * p, fresh
    return _assembled(inner_loss, outer_loss, w, theta, unravel(x))


@mutant(
    "q1",
    of="implicit_hypergradient",
    refused_by="hypergradient_to_all_digits",
    says=(
        "The mixed product is a finite difference of gradients at w + eps q and w - eps q: it "
        "loses digits. Use a vector-Jacobian product."
    ),
)
def mixed_product_by_differences(inner_loss, outer_loss, w, theta, num_steps):
    q = _solved(inner_loss, outer_loss, w, theta, num_steps)
    eps = 1e-4

    def slope(sign):
        return jax.grad(inner_loss, argnums=1)(
            jax.tree.map(lambda p, d: p + sign * eps * d, w, q), theta
        )

    indirect = jax.tree.map(lambda a, b: (a - b) / (2 * eps), slope(1), slope(-1))
    return jax.tree.map(jnp.subtract, _direct(outer_loss, w, theta), indirect)


@mutant(
    "q1",
    of="implicit_hypergradient",
    refused_by="hypergradient_to_all_digits",
    says=(
        "The linear system is not solved to the end: a solver that stops at a tolerance such as "
        "1e-4 leaves that error in the result. Take all the steps."
    ),
)
def solver_with_a_loose_tolerance(inner_loss, outer_loss, w, theta, num_steps):
    q, _ = jax.scipy.sparse.linalg.cg(
        _curvature(inner_loss, w, theta), jax.grad(outer_loss)(w, theta), tol=1e-4
    )
    return _assembled(inner_loss, outer_loss, w, theta, q)


@mutant(
    "q1",
    of="implicit_hypergradient",
    refused_by="hypergradient_costs_few_gradients",
    says=(
        "Right, but you formed the Hessian, which costs a gradient for each weight and the square "
        "of their number in memory. Conjugate gradient needs products with it only."
    ),
)
def dense_solve(inner_loss, outer_loss, w, theta, num_steps):
    flat, unravel = ravel_pytree(w)
    H = jax.hessian(lambda flat: inner_loss(unravel(flat), theta))(flat)
    slope = ravel_pytree(jax.grad(outer_loss)(w, theta))[0]
    return _assembled(inner_loss, outer_loss, w, theta, unravel(jnp.linalg.solve(H, slope)))


@mutant(
    "q1",
    of="implicit_hypergradient",
    refused_by="hypergradient_costs_few_gradients",
    says=(
        "Right, but the Hessian is formed in a loop over basis vectors, one product for each "
        "weight: conjugate gradient gets by with one product a step."
    ),
)
def hessian_by_basis_vectors(inner_loss, outer_loss, w, theta, num_steps):
    slope, unravel = ravel_pytree(jax.grad(outer_loss)(w, theta))
    product = _curvature(inner_loss, w, theta)

    def row(i):
        return ravel_pytree(product(unravel(jnp.zeros_like(slope).at[i].set(1))))[0]

    H = jax.lax.map(row, jnp.arange(slope.size))
    return _assembled(inner_loss, outer_loss, w, theta, unravel(jnp.linalg.solve(H, slope)))
