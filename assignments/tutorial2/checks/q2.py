"""Hidden checks of question 2: one forward pass, one backward pass."""

from typing import Any

import numpy as np

from grader.checks import check, expect

LAYER = "lambda w: jnp.tanh(X @ w['W'] + w['b'])"
AFFINE = "lambda w: X @ w['W'] + w['b']"
RESIDUALS = "lambda w: jnp.tanh(X @ w['W'] + w['b']) - T"
SINGLE = "float32 inside gives 1e-6, every known mistake more than 1e-2"


def layer(inputs: Any, n: int, m: int) -> dict[str, np.ndarray]:
    """Weights of a layer, with sums of about 1."""
    return {"W": inputs.normal(n, m) / n**0.5, "b": inputs.normal(m)}


def tangent(X: np.ndarray, w0: Any, w: Any) -> np.ndarray:
    """The linear approximation of LAYER: tanh' = 1 - tanh^2."""
    y = np.tanh(X @ w0["W"] + w0["b"])
    return y + (1 - y**2) * (X @ (w["W"] - w0["W"]) + w["b"] - w0["b"])


def squares(X: np.ndarray, T: np.ndarray, w: Any) -> list[Any]:
    """Half the squares of RESIDUALS, and the gradient."""
    y = np.tanh(X @ w["W"] + w["b"])
    back = (y - T) * (1 - y**2)
    return [np.sum((y - T) ** 2) / 2, {"W": X.T @ back, "b": back.sum(axis=0)}]


@check("q2", points=2, title="A layer with a bias")
def layer_with_a_bias(student, inputs):
    X, T = inputs.normal(5, 3), inputs.uniform(1.0, 2.0, 5, 2)
    w0, w = layer(inputs, 3, 2), layer(inputs, 3, 2)
    expect(student.tangent_model(inputs.source(LAYER, X=X), w0, w), "The tangent model").close_to(
        lambda: tangent(X, w0, w), rtol=1e-4, why=SINGLE, points=1
    )
    pair = student.half_squares(inputs.source(RESIDUALS, X=X, T=T), w0)
    expect(pair, "(C, gradient)").close_to(
        lambda: squares(X, T, w0), rtol=1e-4, why=SINGLE, points=1
    )


@check(
    "q2", points=1, title="An affine function, of one example with one output, float32", x64=False
)
def affine_function(student, inputs):
    X, w0 = inputs.normal(1, 2), layer(inputs, 2, 1)
    w = {"W": w0["W"] + 5.0, "b": w0["b"] - 3.0}
    affine = inputs.source(AFFINE, X=X)
    expect(student.tangent_model(affine, w0, w), "The tangent model").close_to(
        lambda: X @ w["W"] + w["b"],
        rtol=1e-3,
        atol=1e-3,
        why="its own linear approximation: float32 gives 1e-6",
    )
    expect(student.half_squares(affine, w), "(C, gradient)").close_to(
        lambda: _squares_of_affine(X, w), rtol=1e-3, atol=1e-3, why="float32 gives 1e-6"
    )


def _squares_of_affine(X: np.ndarray, w: Any) -> list[Any]:
    r = X @ w["W"] + w["b"]
    return [np.sum(r**2) / 2, {"W": X.T @ r, "b": r.sum(axis=0)}]


@check("q2", points=1, title="Twelve digits")
def passes_to_twelve_digits(student, inputs):
    X, T = inputs.normal(4, 3), inputs.uniform(1.0, 2.0, 4, 2)
    w0, w = layer(inputs, 3, 2), layer(inputs, 3, 2)
    why = "float64 gives 1e-15, differences 1e-10 and float32 1e-7"
    expect(student.tangent_model(inputs.source(LAYER, X=X), w0, w), "The tangent model").close_to(
        lambda: tangent(X, w0, w), rtol=1e-12, why=why
    )
    pair = student.half_squares(inputs.source(RESIDUALS, X=X, T=T), w0)
    expect(pair, "(C, gradient)").close_to(lambda: squares(X, T, w0), rtol=1e-12, why=why)


@check("q2", points=1, title="One pass each")
def passes_cost_one_each(student, inputs):
    X, T = inputs.normal(32, 24), inputs.uniform(1.0, 2.0, 32, 16)
    w0, w = layer(inputs, 24, 16), layer(inputs, 24, 16)
    f, residuals = inputs.source(LAYER, X=X), inputs.source(RESIDUALS, X=X, T=T)
    model = student.program("tangent_model", f, w0, w)
    expect(model(w0, w), "The exported tangent model").close_to(
        lambda: tangent(X, w0, w), rtol=1e-4, why=SINGLE
    )
    evaluation = inputs.program(lambda w: f(w), w0)
    expect(model, "The tangent model").costs_at_most(4, evaluation, unit="evaluations")
    pair = student.program("half_squares", residuals, w0)
    expect(pair(w0), "The exported (C, gradient)").close_to(
        lambda: squares(X, T, w0), rtol=1e-4, why=SINGLE
    )
    expect(pair, "half_squares").costs_at_most(6, evaluation, unit="evaluations")
