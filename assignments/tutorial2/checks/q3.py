"""Hidden checks of question 3: a training loop."""

from typing import Any

import jax
import numpy as np

from grader.checks import check, expect

TANH = "lambda w, batch: jnp.mean((jnp.tanh(batch['X'] @ w['W'] + w['b']) - batch['T']) ** 2)"
SCALED = "lambda w, batch: (w * batch[0] - batch[1]) ** 2"
SINGLE = "a few steps: float32 inside gives 1e-6, every known mistake more than 1e-2"


def problem(inputs: Any, steps: int, size: int, n: int, m: int) -> tuple[Any, Any]:
    """Weights and batches, with targets out of reach, so that gradients stay large."""
    w0 = {"W": 0.3 * inputs.normal(n, m), "b": 0.3 * inputs.normal(m)}
    return w0, {"X": inputs.normal(steps, size, n), "T": inputs.uniform(1.0, 3.0, steps, size, m)}


def descent(w0: Any, batches: Any, step_size: float) -> list[Any]:
    """The last weights and all losses for TANH, with the gradient written out."""
    W, b, losses = w0["W"], w0["b"], []
    for X, T in zip(batches["X"], batches["T"], strict=True):
        y = np.tanh(X @ W + b)
        losses.append(np.mean((y - T) ** 2))
        back = 2 / T.size * (y - T) * (1 - y**2)
        W, b = W - step_size * X.T @ back, b - step_size * back.sum(axis=0)
    return [{"W": W, "b": b}, np.array(losses)]


@check("q3", points=2, title="A nonlinear model with a bias")
def training_of_a_model(student, inputs):
    w0, batches = problem(inputs, 6, 5, 3, 2)
    step_size = inputs.uniform(0.4, 0.6)
    found = student.train(inputs.source(TANH), w0, batches, step_size)
    w, losses = expect(found, "The result").items(2)
    expect(w, "The last weights").close_to(
        lambda: descent(w0, batches, step_size)[0], rtol=1e-4, why=SINGLE, points=1
    )
    expect(losses, "The losses").close_to(
        lambda: descent(w0, batches, step_size)[1], rtol=1e-4, why=SINGLE, points=1
    )


@check("q3", points=1, title="One scalar weight, one step, no step, float32", x64=False)
def training_at_the_edges(student, inputs):
    start = inputs.uniform(1.0, 2.0)
    for steps in (3, 1, 0):
        batches = (inputs.uniform(1.0, 2.0, steps), inputs.uniform(4.0, 5.0, steps))
        found = student.train(inputs.source(SCALED), np.asarray(start), batches, 0.1)
        expect(found, f"(weights, losses), {steps} steps").close_to(
            lambda batches=batches: _scalar_descent(start, *batches),
            rtol=1e-4,
            atol=1e-4,
            why="float32, three steps: 1e-6",
        )


def _scalar_descent(w: float, xs: np.ndarray, ts: np.ndarray) -> list[Any]:
    losses = []
    for x, t in zip(xs, ts, strict=True):
        losses.append((w * x - t) ** 2)
        w = w - 0.1 * 2 * x * (w * x - t)
    return [np.asarray(w), np.array(losses)]


@check("q3", points=1, title="Twelve digits after twenty steps")
def training_to_twelve_digits(student, inputs):
    w0, batches = problem(inputs, 20, 4, 2, 1)
    expect(student.train(inputs.source(TANH), w0, batches, 0.3), "(weights, losses)").close_to(
        lambda: descent(w0, batches, 0.3),
        rtol=1e-12,
        why="float64 gives 1e-15, differences 1e-10 and float32 1e-7",
    )


@check("q3", points=1, title="Training takes one gradient a step")
def training_takes_one_gradient_a_step(student, inputs):
    steps = 12
    w0, batches = problem(inputs, steps, 32, 24, 16)
    loss = inputs.source(TANH)
    program = student.program("train", loss, w0, batches, 0.5)
    expect(program(w0, batches), "The exported loop").close_to(
        lambda: descent(w0, batches, 0.5), rtol=1e-4, why=SINGLE
    )
    first = {name: leaf[0] for name, leaf in batches.items()}
    gradient = inputs.program(jax.value_and_grad(lambda w, batch: loss(w, batch)), w0, first)
    expect(program, "The loop").costs_at_most(1.25 * steps, gradient)
