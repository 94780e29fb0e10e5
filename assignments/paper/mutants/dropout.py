"""Mistakes in question 1 for Wei et al."""

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from grader.checks import mutant

CHOICE = {"PAPER": "dropout"}
MINIMUM = "dropout_least_squares_minimum"
PENALTY = "dropout_explicit_penalty"
COVARIANCE = "dropout_gradient_covariance"
NOISE = "dropout_first_order_noise"


def _solution(X, t, scale, weights=None):
    A = X.T @ X / len(X)
    weights = jnp.diag(A) if weights is None else weights
    return jnp.linalg.solve(A + scale * jnp.diag(weights), X.T @ t / len(X))


@mutant(
    "q1",
    of="dropout_solution",
    refused_by=MINIMUM,
    says="This is plain ridge regression: each weight's penalty has the mean square of its feature.",
    where=CHOICE,
)
def solution_of_plain_ridge(X, t, p):
    return _solution(X, t, p / (1 - p), jnp.ones(X.shape[1]))


@mutant(
    "q1",
    of="dropout_solution",
    refused_by=MINIMUM,
    says="The penalty has p in place of p / (1 - p), the variance of a mask.",
    where=CHOICE,
)
def solution_with_the_chance(X, t, p):
    return _solution(X, t, p)


@mutant(
    "q1",
    of="dropout_solution",
    refused_by=MINIMUM,
    says="The penalty has (1 - p) / p: p is the probability to drop, not to keep.",
    where=CHOICE,
)
def solution_with_kept_and_dropped_exchanged(X, t, p):
    return _solution(X, t, (1 - p) / p)


@mutant(
    "q1",
    of="dropout_solution",
    refused_by=MINIMUM,
    says="The penalty is N times too small: both it and the squares are means over the examples.",
    where=CHOICE,
)
def solution_with_the_sum_of_squares(X, t, p):
    return _solution(X, t, p / (1 - p) / len(X))


@mutant(
    "q1",
    of="dropout_solution",
    refused_by=MINIMUM,
    says="The penalty's 1/2 is lost: it has one, as the loss has.",
    where=CHOICE,
)
def solution_with_twice_the_penalty(X, t, p):
    return _solution(X, t, 2 * p / (1 - p))


@mutant(
    "q1",
    of="dropout_solution",
    refused_by=MINIMUM,
    says="These are the weights for masks of 0 and 1: kept features are divided by 1 - p already.",
    where=CHOICE,
)
def solution_for_masks_without_scale(X, t, p):
    return _solution(X, t, p / (1 - p)) / (1 - p)


def _penalty(head, output_loss, hidden, targets, p, *, of, power=2):
    """The mean over examples of p / (1 - p) / 2 sum_j h_j^power C_jj; `of` makes the matrix C."""

    def of_example(h, target):
        return jnp.sum(h**power * jnp.diag(of(h, target)))

    return p / (1 - p) / 2 * jnp.mean(jax.vmap(of_example)(hidden, targets))


def _gauss_newton(head, output_loss):
    def of(h, target):
        J, H = jax.jacrev(head)(h), jax.hessian(output_loss)(head(h), target)
        return J.T @ H @ J

    return of


@mutant(
    "q1",
    of="dropout_penalty",
    refused_by=PENALTY,
    says="This is the Hessian in the hidden units: the second derivatives of the head are left out here.",
    where=CHOICE,
)
def penalty_by_the_hessian(head, output_loss, hidden, targets, p):
    # With a linear head this is right.
    def of(h, target):
        return jax.hessian(lambda h: output_loss(head(h), target))(h)

    return _penalty(head, output_loss, hidden, targets, p, of=of)


@mutant(
    "q1",
    of="dropout_penalty",
    refused_by=PENALTY,
    says="The gradient's square stands in the place of the Hessian of the loss in the outputs.",
    where=CHOICE,
)
def penalty_by_the_empirical_fisher(head, output_loss, hidden, targets, p):
    def of(h, target):
        g = jax.grad(lambda h: output_loss(head(h), target))(h)
        return jnp.outer(g, g)

    return _penalty(head, output_loss, hidden, targets, p, of=of)


@mutant(
    "q1",
    of="dropout_penalty",
    refused_by=PENALTY,
    says="The Hessian of the loss in the outputs is missing between the Jacobians.",
    where=CHOICE,
)
def penalty_without_the_loss(head, output_loss, hidden, targets, p):
    # For half squares it is the identity, and this is right.
    def of(h, target):
        J = jax.jacrev(head)(h)
        return J.T @ J

    return _penalty(head, output_loss, hidden, targets, p, of=of)


@mutant(
    "q1",
    of="dropout_penalty",
    refused_by=PENALTY,
    says="The squares of the hidden units are missing: noise multiplies them.",
    where=CHOICE,
)
def penalty_of_additive_noise(head, output_loss, hidden, targets, p):
    of = _gauss_newton(head, output_loss)
    return _penalty(head, output_loss, hidden, targets, p, of=of, power=0)


@mutant(
    "q1",
    of="dropout_penalty",
    refused_by=PENALTY,
    says="The factor 1/2 of the second order is missing.",
    where=CHOICE,
)
def penalty_without_the_half(head, output_loss, hidden, targets, p):
    of = _gauss_newton(head, output_loss)
    return 2 * _penalty(head, output_loss, hidden, targets, p, of=of)


@mutant(
    "q1",
    of="dropout_penalty",
    refused_by=PENALTY,
    says="The factor is p: a mask that is scaled by 1 / (1 - p) has the variance p / (1 - p).",
    where=CHOICE,
)
def penalty_with_the_chance(head, output_loss, hidden, targets, p):
    of = _gauss_newton(head, output_loss)
    return (1 - p) * _penalty(head, output_loss, hidden, targets, p, of=of)


@mutant(
    "q1",
    of="dropout_penalty",
    refused_by=PENALTY,
    says="All entries of the matrix are summed, h^T J^T H J h: masks of different units are independent, so "
    "only the diagonal counts.",
    where=CHOICE,
)
def penalty_of_shared_masks(head, output_loss, hidden, targets, p):
    of = _gauss_newton(head, output_loss)

    def of_example(h, target):
        return h @ of(h, target) @ h

    return p / (1 - p) / 2 * jnp.mean(jax.vmap(of_example)(hidden, targets))


@mutant(
    "q1",
    of="dropout_penalty",
    refused_by=PENALTY,
    says="The penalties of the examples are added up: the loss is a mean.",
    where=CHOICE,
)
def penalty_as_a_sum(head, output_loss, hidden, targets, p):
    # For one example this is right.
    of = _gauss_newton(head, output_loss)
    return len(hidden) * _penalty(head, output_loss, hidden, targets, p, of=of)


def _second_moment(w, x, y, p):
    """E[g g^T] and E[g] of one example's gradient over masks, summed mask by mask."""
    D = len(w)
    kept = (jnp.arange(2**D)[:, None] >> jnp.arange(D)) & 1
    chances = jnp.prod(jnp.where(kept == 1, 1 - p, p), axis=1)
    inputs = kept * x / (1 - p)
    g = inputs * (inputs @ w - y)[:, None]
    return (g.T * chances) @ g, chances @ g


def _covariances(w, X, t, p):
    moments, means = jax.vmap(lambda x, y: _second_moment(w, x, y, p))(X, t)
    return moments - jnp.einsum("ni,nj->nij", means, means)


@mutant(
    "q1",
    of="dropout_covariance",
    refused_by=COVARIANCE,
    says="This is the second moment: subtract the outer product of the mean gradient of each example.",
    where=CHOICE,
)
def covariance_uncentred(w, X, t, p):
    moments, _ = jax.vmap(lambda x, y: _second_moment(w, x, y, p))(X, t)
    return jnp.mean(moments, axis=0) / len(X)


@mutant(
    "q1",
    of="dropout_covariance",
    refused_by=COVARIANCE,
    says="The covariances of the examples are averaged: the mean of N independent gradients has 1/N of that.",
    where=CHOICE,
)
def covariance_of_one_gradient(w, X, t, p):
    # For one example this is right.
    return jnp.mean(_covariances(w, X, t, p), axis=0)


@mutant(
    "q1",
    of="dropout_covariance",
    refused_by=COVARIANCE,
    says="The noise is taken to first order in the masks: the gradient has their products too.",
    where=CHOICE,
)
def covariance_to_first_order(w, X, t, p):
    def of_example(x, y):
        # g_i = x_i (1 + eta_i)(r + sum_j a_j eta_j): its derivative in eta at 0.
        slope = jnp.diag(x * (x @ w - y)) + jnp.outer(x, w * x)
        return p / (1 - p) * slope @ slope.T

    return jnp.mean(jax.vmap(of_example)(X, t), axis=0) / len(X)


@mutant(
    "q1",
    of="dropout_covariance",
    refused_by=COVARIANCE,
    says="p is taken for the probability to keep: it is the probability to drop.",
    where=CHOICE,
)
def covariance_with_p_to_keep(w, X, t, p):
    return jnp.mean(_covariances(w, X, t, 1 - p), axis=0) / len(X)


@mutant(
    "q1",
    of="dropout_covariance",
    refused_by=COVARIANCE,
    says="The masks are 0 and 1: kept inputs are divided by 1 - p.",
    where=CHOICE,
)
def covariance_without_scale(w, X, t, p):
    return jnp.mean(_covariances(w, (1 - p) * X, t, p), axis=0) / len(X)


@mutant(
    "q1",
    of="dropout_covariance",
    refused_by=COVARIANCE,
    says="The derivative in w sees no mask: it is the masked input times the residual, not the input itself.",
    where=CHOICE,
)
def covariance_of_the_residual(w, X, t, p):
    variances = p / (1 - p) * jnp.sum((X * w) ** 2, axis=1)
    return jnp.einsum("n,ni,nj->ij", variances, X, X) / len(X) ** 2


@mutant(
    "q1",
    of="dropout_noise",
    refused_by=NOISE,
    says="The derivative of the loss in the hidden units is held fixed: it depends on w as well.",
    where=CHOICE,
)
def noise_with_a_fixed_slope(hidden_of, rest_loss, w, eta):
    slope = jax.grad(rest_loss, argnums=1)(w, hidden_of(w))
    return jax.grad(lambda w: jnp.sum(slope * hidden_of(w) * eta))(w)


@mutant(
    "q1",
    of="dropout_noise",
    refused_by=NOISE,
    says="The hidden units are held fixed: they depend on w as well.",
    where=CHOICE,
)
def noise_of_fixed_units(hidden_of, rest_loss, w, eta):
    h = hidden_of(w)
    return jax.grad(lambda w: jnp.sum(jax.grad(rest_loss, argnums=1)(w, h) * h * eta))(w)


@mutant(
    "q1",
    of="dropout_noise",
    refused_by=NOISE,
    says="The hidden units are missing in the product: the noise multiplies them.",
    where=CHOICE,
)
def noise_that_is_added(hidden_of, rest_loss, w, eta):
    return jax.grad(lambda w: jnp.sum(jax.grad(rest_loss, argnums=1)(w, hidden_of(w)) * eta))(w)


@mutant(
    "q1",
    of="dropout_noise",
    refused_by=NOISE,
    says="This is all that the mask adds to the gradient: it is asked to first order in eta.",
    where=CHOICE,
)
def noise_to_all_orders(hidden_of, rest_loss, w, eta):
    def added(w):
        h = hidden_of(w)
        return rest_loss(w, h * (1 + eta)) - rest_loss(w, h)

    return jax.grad(added)(w)


@mutant(
    "q1",
    of="dropout_noise",
    refused_by=NOISE,
    says="The gradients at two small masks are subtracted, which costs half of the digits: differentiate.",
    where=CHOICE,
)
def noise_by_differences(hidden_of, rest_loss, w, eta):
    def slope(size):
        return jax.grad(lambda w: rest_loss(w, hidden_of(w) * (1 + size * eta)))(w)

    return jax.tree.map(lambda a, b: (a - b) / 2e-6, slope(1e-6), slope(-1e-6))


@mutant(
    "q1",
    of="dropout_noise",
    refused_by=NOISE,
    says="The inner product is differentiated parameter by parameter: reverse mode gives all at once.",
    where=CHOICE,
)
def noise_by_parameters(hidden_of, rest_loss, w, eta):
    flat, unravel = ravel_pytree(w)

    def product(v):
        w = unravel(v)
        h = hidden_of(w)
        return jnp.sum(jax.grad(rest_loss, argnums=1)(w, h) * h * eta)

    basis = jnp.eye(len(flat), dtype=flat.dtype)
    return unravel(jax.lax.map(lambda e: jax.jvp(product, (flat,), (e,))[1], basis))
