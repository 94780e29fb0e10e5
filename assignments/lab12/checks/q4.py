"""Hidden checks of question 4: cold and warm starts."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from grader.checks import check, expect
from reference import best_response as responses

SINGLE = "condition below 10: float32 inside gives about 1e-5, every known mistake more than 1e-2"
RATE = 0.2


def _problem(inputs: Any, **sizes: Any) -> Any:
    sizes = {"equations": 3, "weights": 6, "hypers": 2} | sizes
    return inputs.given("underdetermined", **sizes, seed=inputs.seed("problem"))


def _asked(student: Any, problem: Any, num_steps: int, warm: bool) -> tuple[Any, Any]:
    found = student.outer_iterates(
        problem.equations, problem.outer_loss, problem.u, problem.w_0, RATE, num_steps, warm
    )
    us, ws = expect(found, "What outer_iterates returns").items(2)
    return us, ws


def _iterates(problem: Any, num_steps: int, warm: bool) -> Any:
    iterates = partial(
        responses.bilevel_iterates,
        problem.equations,
        problem.outer_loss,
        step_size=RATE,
        num_steps=num_steps,
        warm=warm,
    )
    return jax.jit(iterates)(jnp.asarray(problem.u), jnp.asarray(problem.w_0))


@check("q4", points=1, title="The nearest solution, also where descent ends")
def nearest_of_all_solutions(student, inputs):
    Phi, t, w = inputs.normal(3, 8), inputs.normal(3), inputs.normal(8)
    Phi = np.linalg.svd(Phi, full_matrices=False)[2] * inputs.uniform(1.0, 2.0, 3)[:, None]
    expect(student.nearest_solution(Phi, t, w), "the solution").close_to(
        lambda: w + np.linalg.pinv(Phi) @ (t - Phi @ w), rtol=1e-4, why=SINGLE
    )
    rate = float(1 / np.linalg.norm(Phi, 2) ** 2)
    expect(student.nearest_solution(Phi, t, 3 * w), "the solution from another start").close_to(
        lambda: responses.descended_weights(
            jnp.asarray(Phi), jnp.asarray(t), jnp.asarray(3 * w), rate, num_steps=200
        ),
        rtol=1e-4,
        why="the slowest mode shrinks by at most 3/4 a step; " + SINGLE,
    )


@check("q4", points=1, title="Cold starts: the outer iterates and their solutions")
def cold_outer_iterates(student, inputs):
    problem = _problem(inputs)
    us, ws = _asked(student, problem, 4, False)
    expect(us, "u_0, ..., u_K from cold starts").close_to(
        lambda: _iterates(problem, 4, False)[0], rtol=1e-4, why=SINGLE
    )
    expect(ws, "w_0, ..., w_K from cold starts").close_to(
        lambda: _iterates(problem, 4, False)[1], rtol=1e-4, why=SINGLE
    )


@check("q4", points=1, title="Warm starts: the outer iterates and their solutions")
def warm_outer_iterates(student, inputs):
    problem = _problem(inputs)
    us, ws = _asked(student, problem, 4, True)
    expect(us, "u_0, ..., u_K from warm starts").close_to(
        lambda: _iterates(problem, 4, True)[0], rtol=1e-4, why=SINGLE
    )
    expect(ws, "w_0, ..., w_K from warm starts").close_to(
        lambda: _iterates(problem, 4, True)[1], rtol=1e-4, why=SINGLE
    )


@check("q4", points=1, title="Only the targets move: warm and cold starts agree")
def same_path_where_only_targets_move(student, inputs):
    problem = _problem(inputs, equations=2, weights=5, hypers=3, moving=False)
    for warm in (True, False):
        us, ws = _asked(student, problem, 5, warm)
        expect(us, f"the outer iterates, warm = {warm},").close_to(
            lambda: _targets_only(problem, 5)[0], rtol=1e-4, why=SINGLE
        )
        expect(ws, f"the solutions, warm = {warm},").close_to(
            lambda: _targets_only(problem, 5)[1], rtol=1e-4, why=SINGLE
        )


def _targets_only(problem: Any, num_steps: int) -> tuple[Any, Any]:
    """w(u) = w_0 + Phi^+ (t(u) - Phi w_0), affine in u: plain descent on F(w(u))."""
    u, w_0 = jnp.asarray(problem.u), jnp.asarray(problem.w_0)

    @jax.jit
    def solution(u: Any) -> Any:
        Phi, t = problem.equations(u)
        return w_0 + jnp.linalg.pinv(jax.lax.stop_gradient(Phi)) @ (t - Phi @ w_0)

    slope = jax.jit(jax.grad(lambda u: problem.outer_loss(solution(u))))
    us = [u]
    for _ in range(num_steps):
        us.append(us[-1] - RATE * slope(us[-1]))
    return jnp.stack(us), jnp.stack([solution(u) for u in us])


@check("q4", points=1, title="One equation, one hyperparameter, no outer step", x64=False)
def iterates_at_the_edges(student, inputs):
    problem = _problem(inputs, equations=1, weights=2, hypers=1)
    for warm, steps in ((False, 0), (True, 0), (True, 2)):
        us, ws = _asked(student, problem, steps, warm)
        for index, (value, what) in enumerate(((us, "iterates"), (ws, "solutions"))):
            expect(value, f"the outer {what}, K = {steps}, warm = {warm},").close_to(
                lambda steps=steps, warm=warm, index=index: _iterates(problem, steps, warm)[index],
                rtol=1e-3,
                atol=1e-4,
                why="float32, a single equation of norm 1 to 3",
            )


@check("q4", points=1, title="Outer iterates to 12 digits")
def iterates_to_all_digits(student, inputs):
    problem = _problem(inputs, equations=4, weights=7)
    for warm in (True, False):
        us, _ = _asked(student, problem, 2, warm)
        expect(us, f"the outer iterates, warm = {warm},").close_to(
            lambda warm=warm: _iterates(problem, 2, warm)[0],
            rtol=3e-13,
            why="two steps, condition below 10: float64 gives 1e-15, finite differences 1e-10",
        )


@check("q4", points=1, title="Memory of the nearest solution")
def nearest_solution_stays_small(student, inputs):
    Phi, t, w = inputs.normal(4, 400), inputs.normal(4), inputs.normal(400)
    program = student.program("nearest_solution", Phi, t, w)
    expect(program(Phi, t, w), "The exported solution").close_to(
        lambda: responses.nearest_solution(jnp.asarray(Phi), jnp.asarray(t), jnp.asarray(w)),
        rtol=1e-4,
        why="random rows of length 20 are nearly orthogonal: float32 gives 1e-6",
    )
    expect(program, "the nearest solution").uses_at_most(_FEW_ROWS_BYTES)


# Phi has 4 x 400 float64 numbers, of 13 kB; a square of the weights takes 1.3 MB.
_FEW_ROWS_BYTES = 150_000
