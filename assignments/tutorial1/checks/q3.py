"""Hidden checks of question 3: the gradients of single examples."""

import jax
import jax.numpy as jnp
import numpy as np

from grader.checks import check, expect

TANH = "lambda w, x, t: (jnp.tanh(x @ w) - t) ** 2"
MATRIX = "lambda w, x, t: jnp.sum((jnp.tanh(x @ w) - t) ** 2)"
SINGLE = "float32 inside gives 1e-6, every known mistake more than 1e-2"


def gradients(w: np.ndarray, X: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Of TANH and of MATRIX, written out, one example after the other."""
    found = []
    for x, target in zip(X, t, strict=True):
        y = np.tanh(x @ w)
        back = 2 * (y - target) * (1 - y**2)
        found.append(np.outer(x, back) if w.ndim == 2 else x * back)
    return np.stack(found)


@check("q3", points=1, title="Gradients of the examples of a nonlinear model")
def gradients_of_a_nonlinear_model(student, inputs):
    for n, d in ((7, 4), (5, 5)):
        w, X, t = 0.5 * inputs.normal(d), inputs.normal(n, d), inputs.normal(n)
        found = student.per_example_gradients(inputs.source(TANH), w, X, t)
        expect(found, "The array of gradients").close_to(
            lambda w=w, X=X, t=t: gradients(w, X, t), rtol=1e-4, why=SINGLE
        )


@check("q3", points=1, title="A matrix of weights, to twelve digits")
def gradients_of_a_matrix(student, inputs):
    w, X, t = 0.5 * inputs.normal(3, 2), inputs.normal(6, 3), inputs.normal(6, 2)
    found = student.per_example_gradients(inputs.source(MATRIX), w, X, t)
    expect(found, "The array of gradients").close_to(
        lambda: gradients(w, X, t),
        rtol=1e-12,
        why="float64 gives 1e-15, differences 1e-10 and float32 1e-7",
    )


@check("q3", points=1, title="A single example, a single weight, float32", x64=False)
def gradients_of_one_example(student, inputs):
    for n, d in ((4, 1), (1, 3), (1, 1)):
        w, X, t = 0.5 * inputs.normal(d), inputs.normal(n, d), inputs.uniform(1.5, 2.5, n)
        found = student.per_example_gradients(inputs.source(TANH), w, X, t)
        expect(found, f"The array of gradients, {n} of {d}").close_to(
            lambda w=w, X=X, t=t: gradients(w, X, t), rtol=1e-3, why="float32 gives 1e-6"
        )


@check("q3", points=1, title="All gradients cost about one")
def gradients_cost_about_one(student, inputs):
    loss = inputs.source(MATRIX)
    w, X, t = 0.2 * inputs.normal(24, 8), inputs.normal(48, 24), inputs.normal(48, 8)
    program = student.program("per_example_gradients", loss, w, X, t)
    expect(program(w, X, t), "The exported function").close_to(
        lambda: gradients(w, X, t), rtol=1e-4, why=SINGLE
    )

    def mean_loss(w, X, t):
        return jnp.mean(jax.vmap(lambda x, s: loss(w, x, s))(X, t))

    gradient = inputs.program(jax.grad(mean_loss), w, X, t)
    expect(program, "The function").costs_at_most(2.5, gradient)
