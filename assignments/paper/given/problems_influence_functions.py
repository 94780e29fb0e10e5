"""Problems of the paper on influence functions: losses of single examples, and of test points.

The training objective is the mean of `losses(w)` over the N examples plus penalty/2 |w|^2, with all
entries of w in the norm. Inputs are rows. `w` is its minimum, except for the network.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

Array = jax.Array
Tree = Any


@dataclass(frozen=True)
class InfluenceProblem:
    """`losses(w)`: one loss for each training example; `test_losses(w)`: for each test point.

    `test_loss(w)` is the mean of the latter. `inputs` and `targets` are the training examples.
    """

    w: Tree
    penalty: float
    inputs: Array
    targets: Array
    losses: Callable[[Tree], Array]
    test_losses: Callable[[Tree], Array]
    test_loss: Callable[[Tree], Array]


@jax.jit
def _squared_losses(w: Array, X: Array, t: Array) -> Array:
    return (X @ w - t) ** 2 / 2


@jax.jit
def _softmax_losses(w: dict[str, Array], X: Array, y: Array) -> Array:
    scores = jax.nn.log_softmax(X @ w["W"] + w["b"])
    return -jnp.take_along_axis(scores, y[:, None], axis=1)[:, 0]


@jax.jit
def _network_losses(w: list[dict[str, Array]], X: Array, T: Array) -> Array:
    states = X
    for layer in w[:-1]:
        states = jnp.tanh(states @ layer["W"] + layer["b"])
    return jnp.sum((states @ w[-1]["W"] + w[-1]["b"] - T) ** 2, axis=1) / 2


def _problem(
    losses: Callable[..., Array], w: Tree, penalty: float, train: Sequence[Any], test: Sequence[Any]
) -> InfluenceProblem:
    X, t, X_test, t_test = map(jnp.asarray, (*train, *test))
    return InfluenceProblem(
        jax.tree.map(jnp.asarray, w),
        penalty,
        X,
        t,
        lambda w: losses(w, X, t),
        lambda w: losses(w, X_test, t_test),
        lambda w: jnp.mean(losses(w, X_test, t_test)),
    )


def influence_regression(
    *,
    examples: int,
    features: int,
    seed: int,
    penalty: float = 0.0,
    tests: int = 3,
    mix: Any = None,
) -> InfluenceProblem:
    """L_n(w) = (x_n^T w - t_n)^2 / 2. With a matrix `mix`, every input x is replaced by mix^T x."""
    rng = np.random.default_rng(seed)
    teacher, X = rng.standard_normal(features), rng.standard_normal((examples + tests, features))
    t = X @ teacher + 0.7 * rng.standard_normal(len(X))
    X = X if mix is None else X @ np.asarray(mix)
    H = X[:examples].T @ X[:examples] / examples + penalty * np.eye(features)
    w = np.linalg.solve(H, X[:examples].T @ t[:examples] / examples)
    train, test = (X[:examples], t[:examples]), (X[examples:], t[examples:])
    return _problem(_squared_losses, w, penalty, train, test)


def influence_classifier(
    *,
    examples: int,
    features: int,
    classes: int,
    seed: int,
    penalty: float = 0.1,
    tests: int = 3,
    without: int | None = None,
) -> InfluenceProblem:
    """Linear softmax classification, w = {"W": (features, classes), "b": (classes,)}, loss in nats.

    `without=n` gives the minimum of the objective that lacks example n and keeps its 1/N; the losses
    are those of all examples.
    """
    rng = np.random.default_rng(seed)
    teacher = 2 * rng.standard_normal((features, classes))
    X = rng.standard_normal((examples + tests, features))
    y = np.argmax(X @ teacher + rng.gumbel(size=(len(X), classes)), axis=1)
    weights = np.full(examples, 1 / examples)
    if without is not None:
        weights[without] = 0.0
    V = _softmax_minimum(X[:examples], np.eye(classes)[y[:examples]], weights, penalty)
    train, test = (X[:examples], y[:examples]), (X[examples:], y[examples:])
    return _problem(_softmax_losses, {"W": V[:-1], "b": V[-1]}, penalty, train, test)


def _softmax_minimum(
    X: np.ndarray, Y: np.ndarray, weights: np.ndarray, penalty: float
) -> np.ndarray:
    """By Newton's method from 0, the bias as last row."""
    X, classes = np.column_stack([X, np.ones(len(X))]), Y.shape[1]
    V = np.zeros((X.shape[1], classes))
    for _ in range(30):
        P = np.exp(X @ V)
        P /= P.sum(axis=1, keepdims=True)
        slope = X.T @ (weights[:, None] * (P - Y)) + penalty * V
        inner = np.einsum("nk,kl->nkl", P, np.eye(classes)) - np.einsum("nk,nl->nkl", P, P)
        H = np.einsum("n,ni,nj,nkl->ikjl", weights, X, X, inner).reshape(V.size, V.size)
        V = V - np.linalg.solve(H + penalty * np.eye(V.size), slope.ravel()).reshape(V.shape)
    return V


def influence_network(
    *, widths: Sequence[int], examples: int, seed: int, penalty: float = 1.0, tests: int = 3
) -> InfluenceProblem:
    """A tanh network, L_n = |output - t_n|^2 / 2, at weights that are no minimum."""
    rng = np.random.default_rng(seed)
    w = [
        {
            "W": 0.5 * rng.standard_normal((fan_in, fan_out)) / np.sqrt(fan_in),
            "b": 0.1 * rng.standard_normal(fan_out),
        }
        for fan_in, fan_out in pairwise(widths)
    ]
    X = rng.standard_normal((examples + tests, widths[0]))
    T = rng.standard_normal((examples + tests, widths[-1]))
    train, test = (X[:examples], T[:examples]), (X[examples:], T[examples:])
    return _problem(_network_losses, w, penalty, train, test)
