"""Right answers to question 4 by other routes: each must get full marks."""

import jax
import jax.numpy as jnp

from grader.checks import alternate


@alternate("q4", of="nearest_solution", route="QR of the transpose")
def nearest_by_qr(Phi, t, w):
    q, r = jnp.linalg.qr(Phi.T)
    gap = jax.scipy.linalg.solve_triangular(r, t - Phi @ w, trans="T")
    return w + q @ gap


@alternate("q4", of="nearest_solution", route="Cholesky, in float32")
def nearest_in_single_precision(Phi, t, w):
    Phi, t, w = (jnp.asarray(x, jnp.float32) for x in (Phi, t, w))
    factor = jax.scipy.linalg.cho_factor(Phi @ Phi.T)
    return w - jax.scipy.linalg.cho_solve(factor, Phi @ w - t) @ Phi


def _project(Phi, t, w):
    return w + jnp.linalg.pinv(Phi) @ (t - Phi @ w)


@alternate("q4", of="outer_iterates", route="Python loop, pseudo-inverse, Jacobian of the residual")
def iterates_in_a_loop(equations, outer_loss, u_0, w_0, step_size, num_steps, warm):
    u, w, us, ws = u_0, w_0, [], []
    for _ in range(num_steps + 1):
        Phi, t = equations(u)
        w = _project(Phi, t, w if warm else w_0)
        us, ws = [*us, u], [*ws, w]
        slope = jax.grad(outer_loss)(w)
        if warm:
            moved = jax.jacfwd(lambda u, w=w: equations(u)[0] @ w - equations(u)[1])(u)
            R = -jnp.linalg.pinv(Phi) @ moved
        else:
            gram = Phi @ Phi.T
            lag = jnp.linalg.solve(gram, t - Phi @ w_0)

            def response(u, lag=lag, gram=gram, Phi=Phi):
                # d/du of w_0 + Phi^T lag: the product rule, with lag's own derivative.
                rows, targets = equations(u)
                change = targets - rows @ w_0 - rows @ rows.T @ lag
                return rows.T @ lag + Phi.T @ jnp.linalg.solve(gram, change)

            R = jax.jacfwd(response)(u)
        u = u - step_size * R.T @ slope
    return jnp.stack(us), jnp.stack(ws)


@alternate("q4", of="outer_iterates", route="one gradient through a detached projection if warm")
def iterates_by_a_detached_projection(equations, outer_loss, u_0, w_0, step_size, num_steps, warm):
    def score(u, start):
        return outer_loss(_solve(equations(u), start))

    def _solve(pair, w):
        Phi, t = pair
        return w + Phi.T @ jnp.linalg.solve(Phi @ Phi.T, t - Phi @ w)

    def advance(carry, _):
        u, w = carry
        solution = _solve(equations(u), w if warm else w_0)
        # From a solution the projection's derivative is the least move.
        slope = jax.grad(score)(u, solution if warm else w_0)
        return (u - step_size * slope, solution), (u, solution)

    _, both = jax.lax.scan(advance, (u_0, w_0), jnp.arange(num_steps + 1))
    return both
