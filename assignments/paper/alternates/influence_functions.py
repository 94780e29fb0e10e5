"""Right answers to question 1 for Koh and Liang by other routes."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from grader.checks import alternate

CHOICE = {"PAPER": "influence_functions"}


def _dot(x, y):
    return jax.tree.reduce(jnp.add, jax.tree.map(lambda a, b: jnp.sum(a * b), x, y))


def _plus(x, a, y):
    return jax.tree.map(lambda p, q: p + a * q, x, y)


def _solved(losses, w, penalty, v, num_steps):
    """Reverse over reverse, on trees, with a Python loop that divides by 1 where it would by 0."""

    def objective(u):
        return jnp.mean(losses(u)) + penalty / 2 * _dot(u, u)

    product = jax.jit(lambda p: jax.grad(lambda u: _dot(jax.grad(objective)(u), p))(w))
    x, r, p = jax.tree.map(jnp.zeros_like, v), v, v
    first = rr = _dot(v, v)
    for _ in range(num_steps):
        Hp = product(p)
        going = rr > 1e-14 * first if rr.dtype == jnp.float32 else rr > 1e-31 * first
        length = jnp.where(going, rr, 0) / jnp.where(going, _dot(p, Hp), 1)
        x, r = _plus(x, length, p), _plus(r, -length, Hp)
        new = _dot(r, r)
        p = _plus(r, jnp.where(going, new / jnp.where(going, rr, 1), 0), p)
        rr = new
    return x


@alternate("q1", of="inverse_hessian_product", route="reverse over reverse, on trees", where=CHOICE)
def inverse_by_two_reverse_passes(losses, w, penalty, v, num_steps):
    return _solved(losses, w, penalty, v, num_steps)


@alternate("q1", of="parameter_influence", route="a dense Hessian", where=CHOICE)
def moved_by_a_dense_solve(losses, w, penalty, n, num_steps):
    flat, unravel = ravel_pytree(w)
    H = jax.jit(jax.hessian(lambda u: jnp.mean(losses(unravel(u)))))(flat)
    g = jax.jit(jax.grad(lambda u: -losses(unravel(u))[n]))(flat)
    return unravel(jnp.linalg.solve(H + penalty * jnp.eye(flat.size, dtype=flat.dtype), g))


@alternate(
    "q1", of="influences_on_test_loss", route="the derivative of the losses along s", where=CHOICE
)
def influences_by_a_scalar(losses, test_loss, w, penalty, num_steps):
    s = _solved(losses, w, penalty, jax.grad(test_loss)(w), num_steps)
    # Transposed twice: the pull-back is linear in its cotangent.
    back = jax.vjp(losses, w)[1]
    return -jax.vjp(lambda c: back(c)[0], jnp.zeros_like(losses(w)))[1](s)[0]


@alternate("q1", of="ridge_leave_one_out", route="a fit for each example", where=CHOICE)
def left_out_one_by_one(Phi, t, penalty):
    N, D = Phi.shape
    rows = []
    for n in range(N):
        kept = np.arange(N) != n
        A = np.vstack([Phi[kept], np.sqrt(N * penalty) * np.eye(D)])
        rows.append(np.linalg.lstsq(A, np.append(t[kept], np.zeros(D)), rcond=None)[0])
    return np.stack(rows)


@alternate("q1", of="ridge_leave_one_out", route="the inverse of each, by rank-one", where=CHOICE)
def left_out_by_removing_rank_one(Phi, t, penalty):
    N, D = Phi.shape
    inverse = jnp.linalg.inv(Phi.T @ Phi + N * penalty * jnp.eye(D))

    def row(phi, target):
        column = inverse @ phi
        smaller = inverse + jnp.outer(column, column) / (1 - phi @ column)
        return smaller @ (Phi.T @ t - phi * target)

    return jax.vmap(row)(Phi, t)
