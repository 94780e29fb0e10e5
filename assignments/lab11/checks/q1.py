"""Hidden checks of question 1: the implicit hypergradient."""

from functools import partial
from typing import Any

import jax
import numpy as np

from grader.checks import check, expect
from reference import bilevel_optimization as bilevel

SINGLE = "condition below 30: float32 inside gives about 1e-5, every known mistake more than 1e-2"


def _dense(problem: Any) -> Any:
    """Direct term and response by a dense solve with the Hessian."""
    dense = partial(bilevel.dense_hypergradient, problem.inner_loss, problem.outer_loss)
    return jax.jit(dense)(problem.w, problem.theta)


@check("q1", points=2, title="Hypergradient of ridge regression, a penalty for each weight")
def hypergradient_of_ridge(student, inputs):
    problem = inputs.given(
        "penalised_regression", examples=18, features=6, seed=inputs.seed("problem")
    )
    total = student.implicit_hypergradient(
        problem.inner_loss, problem.outer_loss, problem.w, problem.theta, 15
    )
    expect(total, "the hypergradient").close_to(lambda: _dense(problem), rtol=3e-4, why=SINGLE)


@check("q1", points=2, title="Hyperparameters that the outer loss depends on directly")
def hypergradient_with_direct_term(student, inputs):
    problem = inputs.given(
        "scaled_regression", examples=16, features=5, seed=inputs.seed("problem")
    )
    total = student.implicit_hypergradient(
        problem.inner_loss, problem.outer_loss, problem.w, problem.theta, 12
    )
    expect(total, "the hypergradient").close_to(lambda: _dense(problem), rtol=3e-4, why=SINGLE)


@check("q1", points=1, title="Pytrees of weights and hyperparameters")
def hypergradient_of_softmax(student, inputs):
    problem = inputs.given(
        "softmax_regression", examples=20, features=3, classes=3, seed=inputs.seed("problem")
    )
    total = student.implicit_hypergradient(
        problem.inner_loss, problem.outer_loss, problem.w, problem.theta, 26
    )
    expect(total, "the hypergradient").close_to(lambda: _dense(problem), rtol=3e-4, why=SINGLE)


@check("q1", points=1, title="One weight; an outer loss without the weights")
def hypergradient_at_the_edges(student, inputs):
    problem = inputs.given(
        "penalised_regression", examples=3, features=1, seed=inputs.seed("problem")
    )
    total = student.implicit_hypergradient(
        problem.inner_loss, problem.outer_loss, problem.w, problem.theta, 4
    )
    expect(total, "the hypergradient for one weight").close_to(
        lambda: _dense(problem), rtol=3e-4, why=SINGLE
    )
    outer = inputs.source("lambda w, theta: jnp.sum(theta**2) + 0 * jnp.sum(w)")
    total = student.implicit_hypergradient(problem.inner_loss, outer, problem.w, problem.theta, 4)
    expect(total, "the hypergradient where the outer loss does not depend on w").close_to(
        lambda: 2 * problem.theta, rtol=1e-6, why="the direct term alone: nothing to solve"
    )


@check("q1", points=1, title="The inner loss multiplied by a constant")
def hypergradient_of_rescaled_loss(student, inputs):
    problem = inputs.given(
        "scaled_regression", examples=16, features=5, seed=inputs.seed("problem")
    )
    scaled = inputs.source(
        "lambda w, theta: factor * loss(w, theta)", factor=0.02, loss=problem.inner_loss
    )
    total = student.implicit_hypergradient(scaled, problem.outer_loss, problem.w, problem.theta, 12)
    expect(total, "the hypergradient").close_to(
        lambda: _dense(problem), rtol=3e-4, why="the same minimum at every theta; " + SINGLE
    )


@check("q1", points=1, title="Hypergradient to 13 digits")
def hypergradient_to_all_digits(student, inputs):
    problem = inputs.given(
        "softmax_regression", examples=20, features=4, classes=3, seed=inputs.seed("problem")
    )
    total = student.implicit_hypergradient(
        problem.inner_loss, problem.outer_loss, problem.w, problem.theta, 32
    )
    expect(total, "the hypergradient").close_to(
        lambda: _dense(problem),
        rtol=1e-13,
        atol=1e-14,
        why="condition below 10: float64 gives about 1e-15, finite differences 1e-10",
    )


@check("q1", points=2, title="Cost and memory of the hypergradient")
def hypergradient_costs_few_gradients(student, inputs):
    steps = 12
    problem = inputs.given("penalised_network", widths=(8, 24, 24, 4), examples=16, seed=1)
    losses = problem.inner_loss, problem.outer_loss
    program = student.program("implicit_hypergradient", *losses, problem.w, problem.theta, steps)
    gradient = inputs.program(jax.grad(problem.inner_loss), problem.w, problem.theta)
    w = inputs.direction(problem.w)
    theta = jax.tree.map(lambda leaf: 1.0 + 0.1 * inputs.normal(*np.shape(leaf)), w)
    expect(program(w, theta), "The exported hypergradient").close_to(
        lambda: _by_conjugate_gradient(*losses, w, theta),
        rtol=3e-4,
        why="condition below 3: 12 steps of conjugate gradient leave about 1e-6",
    )
    expect(program, "the hypergradient").costs_at_most(5 * steps + 10, gradient, unit="gradients")
    expect(program, "the hypergradient").uses_at_most(_MATRIX_FREE_BYTES)


def _by_conjugate_gradient(inner_loss: Any, outer_loss: Any, w: Any, theta: Any) -> Any:
    solved = partial(
        bilevel.implicit_hypergradient, inner_loss, outer_loss, tolerance=1e-12, max_steps=60
    )
    return jax.jit(solved)(w, theta).hypergradient


# 916 parameters: a dense float64 matrix is 6.7 MB; some gradients of the network keep 100 kB.
_MATRIX_FREE_BYTES = 1_000_000
