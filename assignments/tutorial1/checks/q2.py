"""Hidden checks of question 2: one step of gradient descent."""

from typing import Any

import jax
import numpy as np

from grader.checks import check, expect

TANH = "lambda X, t, w: jnp.mean((jnp.tanh(X @ w) - t) ** 2)"
LINEAR = "lambda X, t, w: jnp.mean((X @ w - t) ** 2)"
SINGLE = "float32 inside gives 1e-6, every known mistake more than 1e-2"


def tanh_step(X: np.ndarray, t: np.ndarray, w: np.ndarray, step_size: float) -> list[Any]:
    """The loss of TANH and the new weights, with the gradient written out."""
    y = np.tanh(X @ w)
    gradient = 2 / len(t) * X.T @ ((y - t) * (1 - y**2))
    return [np.mean((y - t) ** 2), w - step_size * gradient]


def data(inputs, n: int, d: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Inputs, targets far from 0, so that gradients are large, and weights."""
    return inputs.normal(n, d), inputs.uniform(1.0, 3.0, n), 0.3 * inputs.normal(d)


@check("q2", points=2, title="A step for a nonlinear model")
def step_for_a_nonlinear_model(student, inputs):
    loss, (X, t, w) = inputs.source(TANH), data(inputs, 8, 5)
    step_size = inputs.uniform(0.5, 0.7)
    value, new = expect(student.descend(loss, X, t, w, step_size), "The result").items(2)
    expect(value, "The loss").close_to(
        lambda: tanh_step(X, t, w, step_size)[0], rtol=1e-4, why=SINGLE, points=1
    )
    expect(new, "The new weights").close_to(
        lambda: tanh_step(X, t, w, step_size)[1], rtol=1e-4, why=SINGLE, points=1
    )


@check("q2", points=1, title="Scalar weights and matrices, float32", x64=False)
def step_for_weights_of_any_shape(student, inputs):
    step_size = inputs.uniform(0.2, 0.3)
    scaled = inputs.source("lambda X, t, w: jnp.mean((w * X - t) ** 2)")
    x, s, w = inputs.uniform(1.0, 2.0, 6), inputs.normal(6), np.asarray(inputs.uniform(1.0, 2.0))
    pair = student.descend(scaled, x, s, w, step_size)
    expect(pair, "(loss, weights) for one scalar weight").close_to(
        lambda: [np.mean((w * x - s) ** 2), w - step_size * 2 * np.mean(x * (w * x - s))],
        rtol=1e-4,
        atol=1e-4,
        why="float32 gives 1e-6",
    )
    X, T, W = inputs.normal(1, 3), inputs.normal(1, 2), inputs.normal(3, 2)
    pair = student.descend(inputs.source(LINEAR), X, T, W, step_size)
    expect(pair, "(loss, weights) for a matrix and one example").close_to(
        lambda: [np.mean((X @ W - T) ** 2), W - step_size * X.T @ (X @ W - T)],
        rtol=1e-4,
        atol=1e-5,
        why="float32 gives 1e-6",
    )


@check("q2", points=1, title="A step to twelve digits")
def step_to_twelve_digits(student, inputs):
    loss, (X, t, w) = inputs.source(TANH), data(inputs, 7, 3)
    expect(student.descend(loss, X, t, w, 0.5), "(loss, weights)").close_to(
        lambda: tanh_step(X, t, w, 0.5),
        rtol=1e-12,
        why="float64 gives 1e-15, differences 1e-10 and float32 1e-7",
    )


@check("q2", points=1, title="A step costs one gradient")
def step_costs_one_gradient(student, inputs):
    loss, (X, t, w) = inputs.source(TANH), data(inputs, 64, 96)
    program = student.program("descend", loss, X, t, w, 0.5)
    expect(program(X, t, w), "The exported step").close_to(
        lambda: tanh_step(X, t, w, 0.5), rtol=1e-4, why=SINGLE
    )
    gradient = inputs.program(jax.grad(lambda X, t, w: loss(X, t, w), argnums=2), X, t, w)
    expect(program, "The step").costs_at_most(1.7, gradient)
