"""Right answers to question 1 for Wei et al. by other routes."""

from itertools import product

import jax
import jax.numpy as jnp
import numpy as np

from grader.checks import alternate

CHOICE = {"PAPER": "dropout"}


@alternate("q1", of="dropout_solution", route="ridge in scaled coordinates", where=CHOICE)
def solution_in_scaled_coordinates(X, t, p):
    scale = jnp.sqrt(jnp.mean(X**2, axis=0))
    Z, N = X / scale, len(X)
    # The dual form: one equation an example.
    return Z.T @ jnp.linalg.solve(Z @ Z.T + N * p / (1 - p) * jnp.eye(N), t) / scale


@alternate("q1", of="dropout_penalty", route="forward derivatives, unit by unit", where=CHOICE)
def penalty_by_forward_derivatives(head, output_loss, hidden, targets, p):
    total = 0.0
    for h, target in zip(hidden, targets, strict=True):
        z, push = jax.linearize(head, h)
        H = jax.hessian(output_loss)(z, target)
        for row in jnp.diag(h):
            u = push(row)
            total += u @ H @ u
    return p / (1 - p) * total / (2 * len(hidden))


@alternate(
    "q1", of="dropout_penalty", route="half of the Hessian's trace in eta, linearised", where=CHOICE
)
def penalty_by_a_linearised_head(head, output_loss, hidden, targets, p):
    def of_example(h, target):
        z, push = jax.linearize(head, h)
        return jnp.trace(jax.hessian(lambda eta: output_loss(z + push(h * eta), target))(0 * h))

    return p / (1 - p) * jnp.mean(jax.vmap(of_example)(hidden, targets)) / 2


@alternate("q1", of="dropout_covariance", route="all masks, in NumPy", where=CHOICE)
def covariance_by_all_masks(w, X, t, p):
    total = 0.0
    for x, y in zip(np.asarray(X), np.asarray(t), strict=True):
        moment, mean = 0.0, 0.0
        for kept in product((0, 1), repeat=len(x)):
            masked = np.array(kept) * x / (1 - p)
            g = masked * (masked @ np.asarray(w) - y)
            chance = (1 - p) ** sum(kept) * p ** (len(x) - sum(kept))
            moment, mean = moment + chance * np.outer(g, g), mean + chance * g
        total = total + moment - np.outer(mean, mean)
    return total / len(X) ** 2


@alternate(
    "q1", of="dropout_noise", route="the derivative of the masked loss's gradient", where=CHOICE
)
def noise_by_a_forward_derivative(hidden_of, rest_loss, w, eta):
    def slope(size):
        return jax.grad(lambda w: rest_loss(w, hidden_of(w) * (1 + size * eta)))(w)

    zero = jnp.zeros((), eta.dtype)
    return jax.jvp(slope, (zero,), (jnp.ones_like(zero),))[1]
