"""Hidden checks of question 1 for Koh and Liang: influences, their cost, leave-one-out."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from grader.checks import check, expect
from reference import taylor
from reference.papers import influence_functions as paper

CHOICE = {"PAPER": "influence_functions"}
FLOAT32 = "condition below 100: float32 gives about 1e-5, every known mistake more than 1e-2"


def _classifier(inputs: Any, examples: int = 9) -> Any:
    return inputs.given(
        "influence_classifier", examples=examples, features=2, classes=3, seed=inputs.seed("data")
    )


def _hessian(problem: Any) -> np.ndarray:
    """Of the objective, dense."""
    H = jax.jit(lambda w: taylor.hessian(lambda w: jnp.mean(problem.losses.local()(w)), w))
    dense = np.asarray(H(problem.w))
    return dense + problem.penalty * np.eye(len(dense))


@check("q1", points=8, title="Influence: the parameters' derivative", where=CHOICE, x64=False)
def influence_on_parameters(student, inputs):
    for examples, n, points in ((9, int(inputs.rng.integers(9)), 4), (1, 0, 2)):
        problem = _classifier(inputs, examples)
        moved = student.parameter_influence(problem.losses, problem.w, problem.penalty, n, 18)
        expect(moved, "the derivative of the parameters").close_to(
            lambda problem=problem, n=n: _moved(problem, n), rtol=1e-3, why=FLOAT32, points=points
        )
    problem = _classifier(inputs)
    v = inputs.direction(problem.w)
    ask = partial(student.inverse_hessian_product, problem.losses, problem.w, problem.penalty)
    zero = jax.tree.map(np.zeros_like, v)
    for steps, what in ((3, "the solutions after few steps"), (40, "the solutions")):
        expect([ask(v, steps), ask(zero, steps)], what).close_to(
            lambda steps=steps: [_iterate(problem, v, steps), zero],
            rtol=1e-3,
            atol=1e-9,
            why=FLOAT32,
            points=1,
        )


def _moved(problem: Any, n: int) -> Any:
    g = jax.jit(jax.grad(lambda w: problem.losses.local()(w)[n]))(problem.w)
    flat, unravel = ravel_pytree(g)
    return unravel(-jnp.linalg.solve(_hessian(problem), flat))


def _iterate(problem: Any, v: Any, steps: int) -> Any:
    """The iterate number `steps`: the best of its Krylov space, from its dense definition."""
    flat, unravel = ravel_pytree(v)
    H, b = _hessian(problem), np.asarray(flat)
    vectors = [b]
    for _ in range(min(steps, len(b)) - 1):
        vectors.append(H @ vectors[-1])
        vectors[-1] = vectors[-1] / np.linalg.norm(vectors[-1])
    basis = np.linalg.qr(np.stack(vectors, axis=1))[0] if steps < len(b) else np.eye(len(b))
    return unravel(jnp.asarray(basis @ np.linalg.solve(basis.T @ H @ basis, basis.T @ b)))


@check("q1", points=10, title="Influence: all examples on a test loss", where=CHOICE)
def influence_on_a_test_loss(student, inputs):
    problem = _classifier(inputs)
    expect(_asked(student, problem, 18), "the influences").close_to(
        lambda: _influences(problem), rtol=1e-4, why=FLOAT32, points=4
    )
    mix = inputs.orthogonal(4) * np.array([0.5, 1.0, 2.0, 1.0]) @ inputs.orthogonal(4)
    data = {"examples": 14, "features": 4, "seed": inputs.seed("regression")}
    mixed = inputs.given("influence_regression", **data, mix=mix)
    expect(_asked(student, mixed, 8), "the influences after a change of features").close_to(
        lambda: _influences(inputs.given("influence_regression", **data)),
        rtol=1e-4,
        why="penalty 0, so the change of features cancels; conjugate gradient has twice the steps",
        points=3,
    )
    wide = inputs.given(
        "influence_network", widths=(2, 3, 2), examples=6, seed=inputs.seed("net"), penalty=1.0
    )
    expect(_asked(student, wide, 34), "the influences").close_to(
        lambda: _influences(wide),
        rtol=3e-13,
        why="condition about 3: float64 gives 2e-14 at most, finite differences 4e-12 at least",
        points=3,
    )


def _asked(student: Any, problem: Any, steps: int) -> Any:
    return student.influences_on_test_loss(
        problem.losses, problem.test_loss, problem.w, problem.penalty, steps
    )


def _influences(problem: Any) -> Any:
    losses, tests = problem.losses.local(), problem.test_losses.local()
    matrix = jax.jit(lambda w: paper.influence_matrix(losses, tests, w, penalty=problem.penalty))
    return np.mean(matrix(problem.w), axis=0)


@check("q1", points=5, title="Influence: cost and memory", where=CHOICE)
def influence_costs_one_solve(student, inputs):
    steps = 6
    problem = inputs.given("influence_network", widths=(6, 20, 20, 2), examples=100, seed=1)
    losses, test = problem.losses.local(), problem.test_loss.local()

    def influences(w: Any) -> Any:
        options = {"penalty": problem.penalty, "tolerance": 0.0, "max_steps": steps}
        return paper.influences_on_test_loss(losses, test, w, **options).influences

    program = student.program(
        "influences_on_test_loss",
        problem.losses,
        problem.test_loss,
        problem.w,
        problem.penalty,
        steps,
    )
    gradient = inputs.program(jax.grad(lambda w: jnp.mean(losses(w))), problem.w)
    expect(program, "All influences").costs_at_most(5 * steps + 10, gradient, unit="gradients")
    expect(program, "All influences").uses_at_most(_NO_MATRIX_BYTES)
    w = jax.tree.map(lambda p, d: np.asarray(p) + 0.1 * d, problem.w, inputs.direction(problem.w))
    expect(program(w), "the exported program's influences").close_to(
        lambda: jax.jit(influences)(w), rtol=1e-4, why=FLOAT32
    )


# 602 weights: H has 2.9 MB, all gradients of examples 480 kB; states of 100 examples take 16 kB.
_NO_MATRIX_BYTES = 350_000


@check("q1", points=7, title="Influence: leave-one-out of ridge regression", where=CHOICE)
def influence_leave_one_out(student, inputs):
    for N, D, points in ((11, 4, 4), (3, 5, 3)):
        Phi, t = inputs.normal(N, D), inputs.normal(N)
        penalty = float(inputs.rng.uniform(0.1, 0.3))
        expect(student.ridge_leave_one_out(Phi, t, penalty), "the solutions").close_to(
            lambda Phi=Phi, t=t, penalty=penalty: _refitted(Phi, t, penalty),
            rtol=1e-9,
            why="condition below 100: about 1e-14; the influence alone is off by more than 1e-2",
            points=points,
        )


def _refitted(Phi: np.ndarray, t: np.ndarray, penalty: float) -> np.ndarray:
    """Each row from a fit of its own, with the 1/N of all examples."""
    N, D = Phi.shape
    rows = []
    for n in range(N):
        A, b = np.delete(Phi, n, axis=0), np.delete(t, n)
        rows.append(np.linalg.solve(A.T @ A / N + penalty * np.eye(D), A.T @ b / N))
    return np.stack(rows)
