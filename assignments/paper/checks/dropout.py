"""Hidden checks of question 1 for Wei et al.: explicit penalty, and the noise that is left."""

from itertools import product
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from grader.checks import check, expect
from reference.papers import dropout as paper

CHOICE = {"PAPER": "dropout"}
EXACT = "no step is approximate: float64 gives about 1e-15, finite differences some 1e-9"
SMALL = "few operations: float32 inside gives some 1e-6, the least known mistake more than 1e-2"


@check("q1", points=6, title="Dropout: where it leads least squares", where=CHOICE, x64=False)
def dropout_least_squares_minimum(student, inputs):
    wide = inputs.normal(3, 5) * np.geomspace(0.3, 3.0, 5)
    one = inputs.uniform(0.5, 2.0, 4, 1)
    for what, X, points in (
        ("more features than examples", wide, 4),
        ("one feature", one, 2),
    ):
        t, p = 2 * inputs.normal(len(X)) + 1, inputs.rng.uniform(0.25, 0.45)
        expect(student.dropout_solution(X, t, p), f"The minimum, {what},").close_to(
            lambda X=X, t=t, p=p: _minimum(X, t, p),
            rtol=2e-3,
            why="float32, a condition of some 300 before scaling: about 1e-5",
            points=points,
        )


def _minimum(X: np.ndarray, t: np.ndarray, p: float) -> np.ndarray:
    """By the penalty's own quadratic form: its gradient at unit vectors."""
    penalty = jax.grad(lambda w: paper.least_squares_penalty(w, jnp.asarray(X), p))
    D = np.stack([np.asarray(penalty(e)) for e in jnp.eye(X.shape[1])])
    return np.linalg.solve(X.T @ X / len(X) + D, X.T @ t / len(X))


def _masks(features: int, p: float) -> tuple[np.ndarray, np.ndarray]:
    """Every mask b of one example, (2^F, F), and its probability."""
    kept = np.array(list(product((0.0, 1.0), repeat=features)))
    return kept / (1 - p), np.prod(np.where(kept == 1, 1 - p, p), axis=1)


@check("q1", points=9, title="Dropout: the explicit penalty of a layer", where=CHOICE)
def dropout_explicit_penalty(student, inputs):
    p = inputs.rng.uniform(0.25, 0.45)
    for what, oracle, points, layer in (
        ("of a classifier", _penalty, 4, _layer(inputs, 5, 3, 4, classifies=True, curved=True)),
        ("of a regression", _penalty, 2, _layer(inputs, 3, 2, 1, classifies=False, curved=True)),
        ("of linear regression", _all_masks, 3, _layer(inputs, 4, 2, 3, classifies=False)),
    ):
        found = student.dropout_penalty(
            layer.head, layer.output_loss, layer.hidden, layer.targets, p
        )
        expect(found, f"The penalty {what}").close_to(
            lambda oracle=oracle, layer=layer: oracle(layer, p),
            rtol=1e-4,
            why=SMALL,
            points=points,
        )


def _layer(
    inputs: Any,
    features: int,
    outputs: int,
    examples: int,
    *,
    classifies: bool,
    curved: bool = False,
) -> Any:
    return inputs.given(
        "dropped_layer",
        features=features,
        outputs=outputs,
        examples=examples,
        classifies=classifies,
        curved=curved,
        seed=inputs.seed(f"{features} units"),
    )


def _penalty(layer: Any, p: float) -> np.ndarray:
    def of_example(h, target):
        return paper.penalty(
            layer.head.local(), lambda z: layer.output_loss.local()(z, target), h, p
        )

    return np.asarray(jnp.mean(jax.jit(jax.vmap(of_example))(layer.hidden, layer.targets)))


def _all_masks(layer: Any, p: float) -> np.ndarray:
    """The mean loss over all masks, less the loss: what the penalty is, to all orders."""
    masks, chances = _masks(layer.hidden.shape[1], p)
    head, loss = layer.head.local(), layer.output_loss.local()
    added = []
    for h, target in zip(layer.hidden, layer.targets, strict=True):
        losses = [loss(head(jnp.asarray(h * b)), target) for b in masks]
        added.append(chances @ np.array(losses) - loss(head(jnp.asarray(h)), target))
    return np.asarray(np.mean(added))


@check("q1", points=8, title="Dropout: covariance of the gradient", where=CHOICE)
def dropout_gradient_covariance(student, inputs):
    for what, examples, features, points in (
        ("several examples", 3, 4, 5),
        ("one example", 1, 3, 2),
        ("one feature", 2, 1, 1),
    ):
        X, w = inputs.normal(examples, features), inputs.normal(features)
        X += np.sign(X) / 2
        t, p = X @ w + 2 * inputs.normal(examples) + 1, inputs.rng.uniform(0.25, 0.45)
        expect(student.dropout_covariance(w, X, t, p), f"The covariance, {what},").close_to(
            lambda a=(w, X, t, p): _covariance(*a),
            rtol=1e-9,
            why="sums of products: float64 gives about 1e-14",
            points=points,
        )


def _covariance(w: np.ndarray, X: np.ndarray, t: np.ndarray, p: float) -> np.ndarray:
    """By all masks of each example; those of different examples are independent."""
    masks, chances = _masks(len(w), p)
    total = np.zeros((len(w), len(w)))
    for x, y in zip(X, t, strict=True):
        g = masks * x * ((masks * x) @ w - y)[:, None]
        away = g - chances @ g
        total += (away.T * chances) @ away
    return total / len(X) ** 2


@check("q1", points=7, title="Dropout: the gradient's noise to first order", where=CHOICE)
def dropout_first_order_noise(student, inputs):
    small = _network(inputs, features=3, units=5, classes=3, examples=4)
    eta = inputs.normal(4, 5)
    found = student.dropout_noise(small.hidden_of, small.rest_loss, small.w, eta)
    expect(found, "The noise").close_to(
        lambda: jax.jit(paper.first_order_gradient_noise, static_argnums=(0, 1))(
            small.hidden_of.local(), small.rest_loss.local(), small.w, eta
        ),
        rtol=1e-11,
        why=EXACT,
        points=4,
    )
    network = _network(inputs, features=6, units=24, classes=4, examples=16)
    parts = network.hidden_of, network.rest_loss
    program = student.program("dropout_noise", *parts, network.w, inputs.normal(16, 24))
    gradient = inputs.program(
        jax.grad(lambda w: network.rest_loss(w, network.hidden_of(w))), network.w
    )
    expect(program, "The noise").costs_at_most(
        5, gradient, says="Differentiate the inner product once more, as a whole.", points=3
    )


def _network(inputs: Any, **sizes: int) -> Any:
    return inputs.given("dropped_network", **sizes, seed=inputs.seed("network"))
