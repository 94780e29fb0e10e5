"""Hidden checks of question 1 for Maclaurin et al.: exact products, reversal, hypergradients."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from grader.checks import check, expect
from reference.papers import reversible_learning as paper

CHOICE = {"PAPER": "reversible_learning"}
ONE = 2**24
FRACTIONS = ((9, 10), (3, 7), (1, 4), (5, 5))


def _product(v: np.ndarray, r: np.ndarray, n: int, d: int) -> list[np.ndarray]:
    return list(map(np.asarray, paper.exact_product(jnp.asarray(v), jnp.asarray(r), n, d)))


def _integers(inputs: Any, size: int, most: int) -> np.ndarray:
    return inputs.rng.integers(-most, most, size)


@check("q1", points=6, title="Reversible learning: exact products", where=CHOICE, x64=False)
def reversible_learning_products(student, inputs):
    v, r = _integers(inputs, 7, 10**6), inputs.rng.integers(0, 10**6, 7)
    found = [student.exact_product(v, r, n, d) for n, d in FRACTIONS]
    expect(found, "the products and remainders").close_to(
        lambda: [_product(v, r, n, d) for n, d in FRACTIONS],
        rtol=0.0,
        why="integers",
        points=3,
    )
    for n, d in FRACTIONS:
        there = expect(student.exact_product(v, r, n, d), "the product").items(2)
        parts = [expect(part, "the product").array((7,), "i") for part in there]
        found += [student.exact_product(*parts, d, n)]
    expect(found[len(FRACTIONS) :], "the product, undone by n and d exchanged").close_to(
        lambda: [[v, r]] * len(FRACTIONS), rtol=0.0, why="integers", points=3
    )


def _bowl(inputs: Any) -> tuple[Any, np.ndarray, np.ndarray]:
    """A quadratic whose gradient, at these curvatures, is exact in floating point; a start; steps."""
    curvatures = inputs.rng.choice([0.25, 0.5, 1.0], 6)
    loss = inputs.source("lambda w: jnp.sum(c * w ** 2) / 2", c=curvatures)
    w_0, step_sizes = _integers(inputs, 6, 2 * ONE), inputs.rng.choice([0.125, 0.25, 0.375], 40)
    return (loss, curvatures), w_0, step_sizes


def _bowl_run(curvatures: np.ndarray, w: np.ndarray, step_sizes: np.ndarray) -> list[np.ndarray]:
    """The run with momentum 9/10, its product by the reference."""
    v = r = np.zeros_like(w)
    for alpha in step_sizes:
        v, r = _product(v, r, 9, 10)
        v = v - np.round(curvatures * w).astype(int)
        w = w + np.round(alpha * v).astype(int)
    return [w, v, r]


@check("q1", points=6, title="Reversible learning: forwards", where=CHOICE)
def reversible_learning_forwards(student, inputs):
    (loss, curvatures), w_0, step_sizes = _bowl(inputs)
    end = student.train_reversibly(loss, w_0, step_sizes, 9, 10)
    expect(end, "the state after a run").close_to(
        lambda: _bowl_run(curvatures, w_0, step_sizes), rtol=0.0, why="integers", points=4
    )
    run = inputs.given("training_run", size=5, examples=9, seed=inputs.seed("run"))
    alphas = inputs.uniform(0.1, 0.3, 30)
    end = student.train_reversibly(run.loss, run.w_0, alphas, 3, 4)
    w, v, _ = expect(end, "the state").items(3)
    parts = [expect(part, "the state").array((5,), "i") / ONE for part in (w, v)]
    expect(parts, "the weights and the velocity").close_to(
        lambda: _float_run(run.loss.local(), run.w_0 / ONE, alphas, 3 / 4),
        rtol=1e-4,
        atol=1e-5,
        why="fixed point with 24 bits gives about 1e-6, known mistakes more than 1e-2",
        points=2,
    )


def _float_run(loss: Any, w: np.ndarray, alphas: np.ndarray, gamma: float) -> list[np.ndarray]:
    slope, v = jax.jit(jax.grad(loss)), np.zeros_like(w)
    for alpha in alphas:
        v = gamma * v - slope(w)
        w = w + alpha * v
    return [np.asarray(w), np.asarray(v)]


@check("q1", points=8, title="Reversible learning: backwards", where=CHOICE)
def reversible_learning_backwards(student, inputs):
    (loss, curvatures), w_0, step_sizes = _bowl(inputs)
    end = _bowl_run(curvatures, w_0, step_sizes)
    zero = np.zeros_like(w_0)
    start = student.untrain(loss, *end, step_sizes, 9, 10)
    expect(start, "the start of a run, from its end").close_to(
        lambda: [w_0, zero, zero], rtol=0.0, why="integers", points=4
    )
    run = inputs.given("training_run", size=6, examples=9, seed=inputs.seed("run"))
    alphas = inputs.uniform(0.1, 0.3, 120)
    end = expect(student.train_reversibly(run.loss, run.w_0, alphas, 4, 5), "the end").items(3)
    end = [expect(part, "the end").array((6,), "i") for part in end]
    start = student.untrain(run.loss, *end, alphas, 4, 5)
    expect(start, "the start of your own run, from its end").close_to(
        lambda: [run.w_0, zero, zero], rtol=0.0, why="integers", points=4
    )


def _unrolled(run: Any, w_0: np.ndarray, alphas: np.ndarray, gamma: float) -> list[np.ndarray]:
    """By backpropagation. The paper's gradient has a factor 1 - gamma, ours is in its step size."""
    loss, outer = run.loss.local(), run.outer_loss.local()
    found = paper.unrolled_hypergradients(
        lambda w, theta, step: loss(w),
        lambda w, theta: outer(w),
        jnp.asarray(w_0 / ONE),
        jnp.zeros(()),
        jnp.asarray(alphas / (1 - gamma)),
        jnp.full(len(alphas), gamma),
    )
    return [np.asarray(found.w_0), np.asarray(found.step_sizes) / (1 - gamma)]


@check("q1", points=6, title="Reversible learning: hypergradients", where=CHOICE)
def reversible_learning_hypergradients(student, inputs):
    # At 1/3, reversal in floating point has lost everything after 38 steps: 3^38 is 1e18.
    for n, d, steps in ((4, 5, 15), (1, 3, 38)):
        run = inputs.given("training_run", size=5, examples=9, seed=inputs.seed(f"run {d}"))
        alphas = inputs.uniform(0.05, 0.15, steps)
        found = student.reversed_hypergradients(run.loss, run.outer_loss, run.w_0, alphas, n, d)
        expect(found, f"the hypergradients of {steps} steps").close_to(
            lambda run=run, alphas=alphas, gamma=n / d: _unrolled(run, run.w_0, alphas, gamma),
            rtol=1e-3,
            why="fixed point with 24 bits gives about 1e-6, known mistakes more than 1e-2",
            points=3,
        )


@check("q1", points=4, title="Reversible learning: cost and memory", where=CHOICE)
def reversible_learning_memory(student, inputs):
    steps = 200
    run = inputs.given("training_run", size=400, examples=30, seed=1)
    losses, alphas = (run.loss, run.outer_loss), inputs.uniform(0.02, 0.1, steps)
    name = "reversed_hypergradients"
    program = student.program(name, *losses, run.w_0, alphas, 9, 10)
    w_0 = _integers(inputs, 400, ONE)
    expect(program(w_0, alphas), "The exported hypergradients").close_to(
        lambda: _unrolled(run, w_0, alphas, 9 / 10),
        rtol=1e-2,
        why="fixed point with 24 bits gives about 1e-4: here the cost counts",
    )
    gradient = inputs.program(_slope(run.loss.local()), run.w_0 / ONE)
    expect(program, "the hypergradients").costs_at_most(8 * steps + 10, gradient)
    # The iterates in store would be 640 kB for the weights alone.
    expect(program, "the hypergradients").uses_at_most(150_000)


def _slope(loss: Any) -> Callable[[Any], Any]:
    return jax.grad(loss)
