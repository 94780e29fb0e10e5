"""Hidden checks of question 1: the heavy ball, the rates of modes, the best constants."""

from typing import Any

import numpy as np

from grader.checks import check, expect
from reference import momentum

SINGLE = "a condition of 20 or less: float32 inside gives 1e-6, every known mistake more than 1e-2"
DOUBLE = "some 30 steps in float64 give 1e-14, float32 inside 1e-7"
ROOTS = "a root near a double one is good to 1e-8; every known mistake is more than 1e-3"


def heavy_ball_by_blocks(problem: Any, step_sizes: Any, momenta: Any) -> np.ndarray:
    """All iterates, by dense matrices on the pairs of errors (e_k, e_{k-1})."""
    identity = np.eye(len(problem.b))
    w_star = np.linalg.solve(problem.A, problem.b)
    pair = np.tile(problem.w0 - w_star, 2)
    errors = [pair[: len(w_star)]]
    for alpha, beta in zip(step_sizes, momenta, strict=True):
        top = [(1 + beta) * identity - alpha * problem.A, -beta * identity]
        pair = np.block([top, [identity, 0 * identity]]) @ pair
        errors.append(pair[: len(w_star)])
    return w_star + np.stack(errors)


@check("q1", points=3, title="Iterates of the heavy ball on a quadratic")
def heavy_ball_on_a_quadratic(student, inputs):
    for size, beta in ((6, 0.6), (9, 0.35)):
        eigenvalues = np.linspace(0.2, 4.0, size).tolist()
        problem = inputs.given("quadratic", eigenvalues=eigenvalues, seed=inputs.seed(f"{size}"))
        coefficients = np.full(15, 0.4), np.full(15, beta)
        iterates = student.heavy_ball(problem.gradient, problem.w0, *coefficients)
        expect(iterates, "the iterates").close_to(
            lambda p=problem, c=coefficients: heavy_ball_by_blocks(p, *c), rtol=1e-4, why=SINGLE
        )


@check("q1", points=2, title="Step sizes and momenta that change")
def heavy_ball_with_a_schedule(student, inputs):
    problem = inputs.given(
        "quadratic", eigenvalues=np.linspace(0.2, 4.0, 5).tolist(), seed=inputs.seed("problem")
    )
    schedule = inputs.uniform(0.1, 0.4, 30), inputs.uniform(0.1, 0.6, 30)
    iterates = student.heavy_ball(problem.gradient, problem.w0, *schedule)
    expect(iterates, "the iterates").close_to(
        lambda: heavy_ball_by_blocks(problem, *schedule), rtol=1e-9, why=DOUBLE
    )


@check("q1", points=1, title="One weight, no steps, float32", x64=False)
def heavy_ball_at_the_edges(student, inputs):
    problem = inputs.given("quadratic", eigenvalues=[1.5], seed=inputs.seed("problem"))
    for steps in (4, 1, 0):
        coefficients = np.full(steps, 0.3), np.full(steps, 0.5)
        iterates = student.heavy_ball(problem.gradient, problem.w0, *coefficients)
        expect(iterates, f"the iterates ({steps} steps)").close_to(
            lambda c=coefficients: heavy_ball_by_blocks(problem, *c),
            rtol=1e-4,
            why="float32, four steps: 1e-7",
        )


@check("q1", points=1, title="The heavy ball takes one gradient a step")
def heavy_ball_takes_one_gradient_a_step(student, inputs):
    steps, size = 20, 96
    problem = inputs.given("quadratic", eigenvalues=np.linspace(0.2, 4.0, size).tolist(), seed=2)
    coefficients = np.full(steps, 0.4), np.full(steps, 0.5)
    program = student.program("heavy_ball", problem.gradient, problem.w0, *coefficients)
    expect(program(problem.w0, *coefficients), "The exported iteration").close_to(
        lambda: heavy_ball_by_blocks(problem, *coefficients), rtol=1e-4, why=SINGLE
    )
    gradient = inputs.program(problem.gradient, problem.w0)
    expect(program, "The iteration").costs_at_most(1.2 * steps + 2, gradient)


@check("q1", points=2, title="Rates of the modes of a quadratic")
def rates_of_all_kinds_of_modes(student, inputs):
    step, beta = inputs.uniform(0.2, 0.3), inputs.uniform(0.3, 0.5)
    low, high = (1 - beta**0.5) ** 2, (1 + beta**0.5) ** 2
    # In units of 1/step: real roots at both sides, complex ones, and the two double ones.
    stable = np.array([0.1, 0.6, low, 1.01, 1.5, high, (high + 2 * (1 + beta)) / 2]) / step
    expect(student.mode_rates(stable, step, beta), "the rates of stable modes").close_to(
        lambda: _largest_moduli(stable, step, beta), rtol=1e-5, why=ROOTS, points=1
    )
    others = np.array([-1.0, 2.5 * (1 + beta), 0.0, -0.2, 9.0]) / step
    expect(student.mode_rates(others, step, beta), "the rates of other modes").close_to(
        lambda: _largest_moduli(others, step, beta), rtol=1e-5, why=ROOTS, points=1
    )


def _largest_moduli(a: np.ndarray, step: float, beta: float) -> np.ndarray:
    matrices = [np.array([[1 + beta - step * a_j, -beta], [1, 0]]) for a_j in a]
    return np.array([np.abs(np.linalg.eigvals(C)).max() for C in matrices])


@check("q1", points=1, title="The best constants and their rate")
def best_constants_of_the_heavy_ball(student, inputs):
    mu = inputs.uniform(0.5, 2.0)
    for kappa in (4.0, 30.0, 2000.0):
        L = mu * kappa * inputs.uniform(1.0, 1.5)
        expect(student.optimal_heavy_ball(mu, L), "(step size, momentum, rate)").close_to(
            lambda L=L: _best(mu, L), rtol=1e-5, why="float32 gives 3e-7, mistakes 1e-2"
        )


def _best(mu: float, L: float) -> list[Any]:
    step_size, beta = momentum.optimal_heavy_ball(mu, L)
    return [step_size, beta, momentum.optimal_heavy_ball_rate(L / mu)]


@check("q1", points=1, title="The best constants at mu = L, and at another scale of the cost")
def best_constants_at_the_edges(student, inputs):
    L = inputs.uniform(2.0, 4.0)
    expect(student.optimal_heavy_ball(L, L), "(step size, momentum, rate) for mu = L").close_to(
        lambda: [np.asarray(1 / L), np.zeros(()), np.zeros(())],
        rtol=1e-5,
        atol=1e-5,
        why="one gradient step is exact: no momentum, up to rounding",
    )
    scale, mu = 1e-4, inputs.uniform(0.2, 0.4)
    constants = student.optimal_heavy_ball(scale * mu, scale * L)
    expect(constants, "(step size, momentum, rate) of the rescaled cost").close_to(
        lambda: [_best(mu, L)[0] / scale, *_best(mu, L)[1:]],
        rtol=1e-5,
        why="the step size is scaled, momentum and rate depend on L / mu only",
    )
