"""Hidden checks of question 2: Nesterov's accelerated gradient."""

from functools import partial
from typing import Any

import jax
import numpy as np

from grader.checks import check, expect
from reference import momentum

SINGLE = "float32 inside gives about 1e-6, every known mistake more than 1e-3"
DOUBLE = "some 30 steps in float64 give 1e-14, float32 inside 1e-7"
ROOTS = "a root near a double one is good to 1e-8; every known mistake is more than 1e-3"


@check("q2", points=3, title="Iterates and look-ahead points for the weights of a network")
def nesterov_on_a_network(student, inputs):
    problem = inputs.given("network", widths=(3, 4, 2), examples=7, seed=inputs.seed("problem"))
    result = student.nesterov(problem.gradient, problem.params, 0.3, np.full(12, 0.7))
    expect(result, "the result").is_true(
        lambda result: isinstance(result, tuple | list) and len(result) == 2,
        says="Two sequences are asked for: return the pair (iterates, points).",
    )
    iterates, points = result
    expect(iterates, "the iterates").close_to(
        lambda: _iterates(problem), rtol=1e-4, why=SINGLE, points=2
    )
    expect(points, "the look-ahead points").close_to(
        lambda: jax.tree.map(
            lambda leaf: leaf[:-1], momentum.look_ahead_points(_iterates(problem), 0.7)
        ),
        rtol=1e-4,
        why=SINGLE,
        points=1,
    )


def _iterates(problem: Any) -> Any:
    # The reference takes a cost; this one's derivative is the given gradient.
    method = partial(momentum.nesterov_iterates, problem.cost, num_steps=12)
    return method(jax.tree.map(jax.numpy.asarray, problem.params), 0.3, 0.7)


def nesterov_by_blocks(problem: Any, step_size: float, momenta: Any) -> list[np.ndarray]:
    """Iterates and look-ahead points, by dense matrices on the pairs of errors (e_k, e_{k-1})."""
    identity = np.eye(len(problem.b))
    shrink = identity - step_size * problem.A
    w_star = np.linalg.solve(problem.A, problem.b)
    pair = np.tile(problem.w0 - w_star, 2)
    errors, ahead = [pair[: len(w_star)]], []
    for beta in momenta:
        ahead.append(np.hstack([(1 + beta) * identity, -beta * identity]) @ pair)
        pair = np.concatenate([shrink @ ahead[-1], pair[: len(w_star)]])
        errors.append(pair[: len(w_star)])
    return [w_star + np.stack(errors), w_star + np.stack(ahead)]


@check("q2", points=2, title="Momenta that change")
def nesterov_with_changing_momenta(student, inputs):
    problem = inputs.given(
        "quadratic", eigenvalues=np.linspace(0.2, 4.0, 6).tolist(), seed=inputs.seed("problem")
    )
    momenta = inputs.uniform(0.2, 0.8, 30)
    result = student.nesterov(problem.gradient, problem.w0, 0.22, momenta)
    expect(result, "(iterates, points)").close_to(
        lambda: nesterov_by_blocks(problem, 0.22, momenta), rtol=1e-9, why=DOUBLE
    )


@check("q2", points=1, title="A single scalar weight, a single step, float32", x64=False)
def nesterov_at_the_edges(student, inputs):
    slope = inputs.source("lambda w: {'scale': 2.0 * w['scale'] + 1.0}")
    start = inputs.uniform(1.0, 2.0)
    for steps in (3, 1):
        w0, momenta = {"scale": np.asarray(start)}, np.full(steps, 0.5)
        result = student.nesterov(slope, w0, 0.2, momenta)
        expect(result, f"(iterates, points), {steps} steps").close_to(
            lambda momenta=momenta: _scalar_path(start, momenta),
            rtol=1e-4,
            why="float32, three steps: 1e-7",
        )


def _scalar_path(start: float, momenta: np.ndarray) -> list[Any]:
    """w' = 2 w + 1 with step size 0.2: the gap to -1/2 shrinks by 0.6 from the point ahead."""
    gaps, ahead = [start + 0.5, start + 0.5], []
    for beta in momenta:
        ahead.append(gaps[-1] + beta * (gaps[-1] - gaps[-2]))
        gaps.append(0.6 * ahead[-1])
    return [{"scale": np.array(gaps[1:]) - 0.5}, {"scale": np.array(ahead) - 0.5}]


@check("q2", points=1, title="Nesterov's method takes one gradient a step")
def nesterov_takes_one_gradient_a_step(student, inputs):
    steps, size = 20, 96
    problem = inputs.given("quadratic", eigenvalues=np.linspace(0.2, 4.0, size).tolist(), seed=2)
    momenta = np.full(steps, 0.6)
    program = student.program("nesterov", problem.gradient, problem.w0, 0.25, momenta)
    expect(program(problem.w0, momenta), "The exported iteration").close_to(
        lambda: nesterov_by_blocks(problem, 0.25, momenta), rtol=1e-4, why=SINGLE
    )
    gradient = inputs.program(problem.gradient, problem.w0)
    expect(program, "The iteration").costs_at_most(1.2 * steps + 2, gradient)


@check("q2", points=2, title="Rates of the modes under Nesterov's method")
def nesterov_rates_of_all_kinds(student, inputs):
    step, beta = inputs.uniform(0.2, 0.3), inputs.uniform(0.5, 0.7)
    double = 1 - 4 * beta / (1 + beta) ** 2
    # In units of 1/step: real roots, the double one, complex ones, alternating signs.
    edge = 1 + 1 / (1 + 2 * beta)
    stable = np.array([0.5 * double, double, 0.3, 0.8, 1.0, (1 + edge) / 2, 0.95 * edge]) / step
    expect(student.nesterov_rates(stable, step, beta), "the rates of stable modes").close_to(
        lambda: _largest_moduli(stable, step, beta), rtol=1e-5, why=ROOTS, points=1
    )
    others = np.array([-1.0, 1.5 * edge, 0.0, -0.2, 4.0]) / step
    expect(student.nesterov_rates(others, step, beta), "the rates of other modes").close_to(
        lambda: _largest_moduli(others, step, beta), rtol=1e-5, why=ROOTS, points=1
    )


def _largest_moduli(a: np.ndarray, step: float, beta: float) -> np.ndarray:
    s = 1 - step * a
    matrices = [np.array([[(1 + beta) * s_j, -beta * s_j], [1, 0]]) for s_j in s]
    return np.array([np.abs(np.linalg.eigvals(C)).max() for C in matrices])


@check("q2", points=1, title="Nesterov's constants and their rate")
def constants_of_nesterov(student, inputs):
    mu = inputs.uniform(0.5, 2.0)
    for kappa in (4.0, 30.0, 2000.0):
        L = mu * kappa * inputs.uniform(1.0, 1.5)
        expect(student.nesterov_constants(mu, L), "(step size, momentum, rate)").close_to(
            lambda L=L: [
                np.asarray(1 / L),
                momentum.strongly_convex_momentum(L / mu),
                momentum.strongly_convex_rate(L / mu),
            ],
            rtol=1e-5,
            why="float32 gives 3e-7, mistakes 1e-2",
        )
    expect(student.nesterov_constants(mu, mu), "(step size, momentum, rate) at mu = L").close_to(
        lambda: [np.asarray(1 / mu), np.zeros(()), np.zeros(())],
        rtol=1e-5,
        atol=1e-5,
        why="one gradient step is exact: no momentum, up to rounding",
    )
