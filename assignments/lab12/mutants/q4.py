"""Mistakes that the checks of question 4 refuse: nearest solutions, cold and warm starts."""

import jax
import jax.numpy as jnp

from grader.checks import mutant


def _project(pair, w):
    Phi, t = pair
    return w + Phi.T @ jnp.linalg.solve(Phi @ Phi.T, t - Phi @ w)


# --- The nearest solution --------------------------------------------------------------------------

NEAREST = "nearest_of_all_solutions"


@mutant(
    "q4",
    of="nearest_solution",
    refused_by=NEAREST,
    says=(
        "This is the minimum-norm solution, whatever the start: descent from w keeps what w has "
        "in the null space of Phi."
    ),
)
def minimum_norm_solution(Phi, t, w):
    return Phi.T @ jnp.linalg.solve(Phi @ Phi.T, t)


@mutant(
    "q4",
    of="nearest_solution",
    refused_by=NEAREST,
    says="The start is added to the minimum-norm solution: what Phi w already gives is missing.",
)
def start_on_top_of_the_minimum_norm(Phi, t, w):
    return w + Phi.T @ jnp.linalg.solve(Phi @ Phi.T, t)


@mutant(
    "q4",
    of="nearest_solution",
    refused_by=NEAREST,
    says="The sign of the correction is wrong: it removes t - Phi w.",
)
def correction_with_the_wrong_sign(Phi, t, w):
    return w - Phi.T @ jnp.linalg.solve(Phi @ Phi.T, t - Phi @ w)


@mutant(
    "q4",
    of="nearest_solution",
    refused_by=NEAREST,
    says="This is one step of gradient descent: the inner problem is to be solved to the end.",
)
def one_step_of_descent(Phi, t, w):
    return w + Phi.T @ (t - Phi @ w) / jnp.trace(Phi @ Phi.T)


@mutant(
    "q4",
    of="nearest_solution",
    refused_by=NEAREST,
    says=(
        "A ridge is added before the solve: Phi Phi^T has full rank, and with a ridge the equations "
        "do not hold."
    ),
)
def damped_projection(Phi, t, w):
    gram = Phi @ Phi.T + 1e-2 * jnp.eye(len(t), dtype=Phi.dtype)
    return w + Phi.T @ jnp.linalg.solve(gram, t - Phi @ w)


@mutant(
    "q4",
    of="nearest_solution",
    refused_by="nearest_solution_stays_small",
    says=(
        "Right, but the projection onto the null space is formed, a matrix with the square of the "
        "number of weights: solve with the small matrix Phi Phi^T."
    ),
)
def projection_matrix(Phi, t, w):
    inverse = jnp.linalg.inv(Phi @ Phi.T)
    null = jnp.eye(len(w), dtype=w.dtype) - Phi.T @ inverse @ Phi
    return null @ w + Phi.T @ inverse @ t


# --- Outer iterates --------------------------------------------------------------------------------


def _residual_slope(equations, outer_loss, u, w, at=None):
    """-(dr/du)^T (Phi^+)^T grad F."""
    Phi, _ = equations(u)
    q = jnp.linalg.solve(Phi @ Phi.T, Phi @ jax.grad(outer_loss)(w if at is None else at))
    return -jax.vjp(lambda u: equations(u)[0] @ w - equations(u)[1], u)[1](q)[0]


def _through(equations, outer_loss, u, start):
    return jax.grad(lambda u: outer_loss(_project(equations(u), start)))(u)


def _descend(equations, outer_loss, u, w_0, rate, num_steps, warm, *, slope=None, starts_warm=None):
    """Outer descent; `slope(u, w, before)` replaces the hypergradient where it is given."""
    keeps = warm if starts_warm is None else starts_warm
    before, us, ws = w_0, [], []
    for _ in range(num_steps + 1):
        start = before if keeps else w_0
        w = _project(equations(u), start)
        us, ws = [*us, u], [*ws, w]
        if slope:
            h = slope(u, w, start)
        elif warm:
            h = _residual_slope(equations, outer_loss, u, w)
        else:
            h = _through(equations, outer_loss, u, w_0)
        u, before = u - rate * h, w
    return jnp.stack(us), jnp.stack(ws)


@mutant(
    "q4",
    of="outer_iterates",
    refused_by="warm_outer_iterates",
    says="Every inner problem starts at w_0, also with warm=True: go on from the solution before.",
)
def always_cold(equations, outer_loss, u_0, w_0, step_size, num_steps, warm):
    return _descend(equations, outer_loss, u_0, w_0, step_size, num_steps, warm, starts_warm=False)


@mutant(
    "q4",
    of="outer_iterates",
    refused_by="cold_outer_iterates",
    says=(
        "Every inner problem goes on from the solution before, also with warm=False: a cold start "
        "is at w_0."
    ),
)
def always_warm(equations, outer_loss, u_0, w_0, step_size, num_steps, warm):
    return _descend(equations, outer_loss, u_0, w_0, step_size, num_steps, warm, starts_warm=True)


@mutant(
    "q4",
    of="outer_iterates",
    refused_by="warm_outer_iterates",
    says=(
        "With warm starts you differentiate the projection of the solution before: the warm "
        "hypergradient is the implicit one at w_k, the least move that keeps it a solution."
    ),
)
def warm_through_the_projection(equations, outer_loss, u_0, w_0, step_size, num_steps, warm):
    def slope(u, _, start):
        return _through(equations, outer_loss, u, start)

    return _descend(equations, outer_loss, u_0, w_0, step_size, num_steps, warm, slope=slope)


@mutant(
    "q4",
    of="outer_iterates",
    refused_by="cold_outer_iterates",
    says=(
        "With cold starts you take the implicit hypergradient with the pseudo-inverse: the "
        "solution also moves in the null space as Phi turns, so differentiate the projection of "
        "w_0."
    ),
)
def cold_by_the_least_move(equations, outer_loss, u_0, w_0, step_size, num_steps, warm):
    def slope(u, w, _):
        return _residual_slope(equations, outer_loss, u, w)

    return _descend(equations, outer_loss, u_0, w_0, step_size, num_steps, warm, slope=slope)


@mutant(
    "q4",
    of="outer_iterates",
    refused_by=("warm_outer_iterates", "same_path_where_only_targets_move"),
    says=(
        "The sign of the implicit hypergradient is wrong: the response is minus the pseudo-inverse "
        "times the derivative of the residual."
    ),
)
def warm_with_the_wrong_sign(equations, outer_loss, u_0, w_0, step_size, num_steps, warm):
    def slope(u, w, _):
        if warm:
            return -_residual_slope(equations, outer_loss, u, w)
        return _through(equations, outer_loss, u, w_0)

    return _descend(equations, outer_loss, u_0, w_0, step_size, num_steps, warm, slope=slope)


@mutant(
    "q4",
    of="outer_iterates",
    refused_by=("warm_outer_iterates", "same_path_where_only_targets_move"),
    says="The targets' derivative is left out: the residual is Phi(u) w - t(u), and t moves too.",
)
def targets_held_fixed(equations, outer_loss, u_0, w_0, step_size, num_steps, warm):
    def held(u):
        Phi, t = equations(u)
        return Phi, jax.lax.stop_gradient(t)

    def slope(u, w, _):
        if warm:
            return _residual_slope(held, outer_loss, u, w)
        return _through(equations, outer_loss, u, w_0)

    return _descend(equations, outer_loss, u_0, w_0, step_size, num_steps, warm, slope=slope)


@mutant(
    "q4",
    of="outer_iterates",
    refused_by=("warm_outer_iterates", "cold_outer_iterates"),
    says=(
        "The equations are held fixed in the hypergradient: not only the targets depend on u, "
        "Phi does too."
    ),
)
def equations_held_fixed(equations, outer_loss, u_0, w_0, step_size, num_steps, warm):
    def held(u):
        Phi, t = equations(u)
        return jax.lax.stop_gradient(Phi), t

    def slope(u, w, _):
        if warm:
            return _residual_slope(held, outer_loss, u, w)
        return _through(held, outer_loss, u, w_0)

    return _descend(equations, outer_loss, u_0, w_0, step_size, num_steps, warm, slope=slope)


@mutant(
    "q4",
    of="outer_iterates",
    refused_by=("warm_outer_iterates", "same_path_where_only_targets_move"),
    says=(
        "The slope of the outer loss is taken at the weights before the inner problem was solved: "
        "solve at u_k first, then differentiate at its solution w_k."
    ),
)
def slope_at_the_start_of_the_solve(equations, outer_loss, u_0, w_0, step_size, num_steps, warm):
    def slope(u, w, start):
        if warm:
            return _residual_slope(equations, outer_loss, u, w, at=start)
        response = jax.jacrev(lambda u: _project(equations(u), w_0))(u)
        return response.T @ jax.grad(outer_loss)(start)

    return _descend(equations, outer_loss, u_0, w_0, step_size, num_steps, warm, slope=slope)


@mutant(
    "q4",
    of="outer_iterates",
    refused_by=("cold_outer_iterates", "same_path_where_only_targets_move"),
    says=(
        "The solutions are one step behind: w_k belongs to u_k, and the first of them is the "
        "solution at u_0, not the start."
    ),
)
def solutions_one_step_behind(equations, outer_loss, u_0, w_0, step_size, num_steps, warm):
    us, ws = _descend(equations, outer_loss, u_0, w_0, step_size, num_steps, warm)
    return us, jnp.concatenate([w_0[None], ws[:-1]])


@mutant(
    "q4",
    of="outer_iterates",
    refused_by=("cold_outer_iterates", "iterates_at_the_edges"),
    says="The last pair is missing: K outer steps have K + 1 iterates, u_0 among them.",
)
def without_the_last_pair(equations, outer_loss, u_0, w_0, step_size, num_steps, warm):
    us, ws = _descend(equations, outer_loss, u_0, w_0, step_size, num_steps, warm)
    return us[:-1], ws[:-1]


@mutant(
    "q4",
    of="outer_iterates",
    refused_by="iterates_to_all_digits",
    says=(
        "The hypergradient is made of finite differences of the residual or the solution: it loses "
        "digits. Use a vector-Jacobian product."
    ),
)
def hypergradient_by_differences(equations, outer_loss, u_0, w_0, step_size, num_steps, warm):
    def slope(u, w, start):
        eps, total = 1e-4, []
        anchor = w if warm else start
        for e in jnp.eye(len(u)):
            # From a solution, the projection moves as the implicit formula says.
            up, down = (outer_loss(_project(equations(u + s * e), anchor)) for s in (eps, -eps))
            total.append((up - down) / (2 * eps))
        return jnp.stack(total)

    return _descend(equations, outer_loss, u_0, w_0, step_size, num_steps, warm, slope=slope)
