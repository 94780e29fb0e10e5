"""The problems of lab 12: small, seeded, and the same on every machine.

Each function below draws its numbers with NumPy in float64 from `seed` and hands them to JAX, so
they are float64 arrays where `jax_enable_x64` is on and float32 arrays where it is off. The objects
are plain: every attribute is a number, an array, a pytree of arrays, or a function.

Conventions. A regression cost is (1/2N) |Phi w - t|^2, averaged over the N examples; penalties are
1/2 sum_j exp(theta_j) w_j^2, so hyperparameters are logarithms. Weights of a layer have shape
(out, in), as in the paper on self-tuning networks; examples are rows. Losses are functions of
(w, theta), in this order; a response is a function of (phi, theta) to w. A step of an unroll maps
(state, theta, t) to (next state, loss), with t = 0, 1, ... counted from the start of the episode.
The functions are jitted, and take their data as arguments, so that derivatives compile only once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.tree_util import Partial

Array = jax.Array
Tree = Any
Data = tuple[Array, ...]


@dataclass(frozen=True)
class Regression:
    """Training data, validation data, and a log-penalty for each weight."""

    Phi: Array
    t: Array
    Phi_v: Array
    t_v: Array
    theta: Array


@dataclass(frozen=True)
class Tuning:
    """A training loss and a validation loss of (w, theta), and a response w = response(phi, theta).

    `state` holds phi, theta and log_std. `exact` is the phi whose response is the best response,
    where there is one (for `tuned_quadratic`), and else phi itself.
    """

    state: dict[str, Tree]
    exact: Tree
    training_loss: Callable[[Tree, Array], Array]
    validation_loss: Callable[[Tree, Array], Array]
    response: Callable[[Tree, Array], Tree]


@dataclass(frozen=True)
class Unroll:
    """A step (state, theta, t) -> (next state, loss), with a start and hyperparameters."""

    theta: Array
    state_0: Tree
    step: Callable[[Tree, Array, Array], tuple[Tree, Array]]


@dataclass(frozen=True)
class Underdetermined:
    """Equations Phi(u) w = t(u), fewer than weights: `equations(u)` is (Phi, t), of full rank.

    `outer_loss(w)` scores the weights; `u` and `w_0` are starts.
    """

    u: Array
    w_0: Array
    equations: Callable[[Array], tuple[Array, Array]]
    outer_loss: Callable[[Array], Array]


def regression(examples: int, features: int, seed: int, noise: float = 0.5) -> Regression:
    """Linear data with noise; features of scales from 2 down to 1/2, and a teacher of signs."""
    rng = np.random.default_rng(seed)
    scales = np.geomspace(2.0, 0.5, features) if features > 1 else np.ones(1)
    teacher = rng.choice([-1.0, 1.0], size=features)
    X, X_v = (rng.normal(size=(size, features)) * scales for size in (examples, 200))
    t, t_v = (X @ teacher + noise * rng.normal(size=len(X)) for X in (X, X_v))
    theta = 0.7 * rng.normal(size=features) - 0.5
    return Regression(*map(jnp.asarray, (X, t, X_v, t_v, theta)))


def self_tuning_layer(inputs: int, outputs: int, hypers: int, seed: int) -> dict[str, Array]:
    """The six arrays of a layer: W_e, W_h (out, in), Q, C (out, hypers), b_e, b_h (out,)."""
    drawn = _layer(np.random.default_rng(seed), inputs, outputs, hypers, 1.0)
    return {name: jnp.asarray(leaf) for name, leaf in drawn.items()}


def _layer(
    rng: np.random.Generator, inputs: int, outputs: int, hypers: int, gating: float
) -> dict[str, np.ndarray]:
    return {
        "W_e": rng.normal(size=(outputs, inputs)) / np.sqrt(inputs),
        "W_h": rng.normal(size=(outputs, inputs)) / np.sqrt(inputs),
        "Q": gating * rng.normal(size=(outputs, hypers)),
        "b_e": 0.5 * rng.normal(size=outputs),
        "b_h": 0.5 * rng.normal(size=outputs),
        "C": gating * rng.normal(size=(outputs, hypers)),
    }


@jax.jit
def linear_response(phi: tuple[Array, Array], theta: Array) -> Array:
    """w = w_0 + R theta for phi = (w_0, R), with R of shape (weights, hyperparameters)."""
    w_0, R = phi
    return w_0 + R @ theta


@jax.jit
def _quadratic_training(w: Array, theta: Array, data: Data) -> Array:
    A, c, B = data
    away = w - c - B @ theta
    return away @ A @ away / 2


@jax.jit
def _quadratic_validation(w: Array, theta: Array, data: Data) -> Array:
    A, d, size = data
    return (w - d) @ A @ (w - d) / 2 + size * (theta @ theta) / 2


@jax.jit
def _ridge_training(w: Array, theta: Array, data: Data) -> Array:
    Phi, t = data
    penalty = jnp.sum(jnp.exp(theta) * w**2) / 2
    return jnp.sum((Phi @ w - t) ** 2) / (2 * len(t)) + penalty


@jax.jit
def _ridge_validation(w: Array, theta: Array, data: Data) -> Array:
    del theta
    return jnp.sum((data[0] @ w - data[1]) ** 2) / (2 * len(data[1]))


@jax.jit
def _network_response(phi: Sequence[dict[str, Array]], theta: Array) -> list[dict[str, Array]]:
    return [
        {
            "W": layer["W_e"] + (layer["Q"] @ theta)[:, None] * layer["W_h"],
            "b": layer["b_e"] + (layer["C"] @ theta) * layer["b_h"],
        }
        for layer in phi
    ]


@jax.jit
def _network_error(w: Sequence[dict[str, Array]], data: Data) -> Array:
    hidden, targets = data
    for layer in w[:-1]:
        hidden = jnp.tanh(hidden @ layer["W"].T + layer["b"])
    outputs = hidden @ w[-1]["W"].T + w[-1]["b"]
    return jnp.sum((outputs - targets) ** 2) / (2 * len(targets))


@jax.jit
def _network_training(w: Sequence[dict[str, Array]], theta: Array, data: Data) -> Array:
    sizes = jnp.stack([jnp.sum(layer["W"] ** 2) for layer in w])
    return _network_error(w, data) + jnp.exp(theta) @ sizes / 2


@jax.jit
def _network_validation(w: Sequence[dict[str, Array]], theta: Array, data: Data) -> Array:
    del theta
    return _network_error(w, data)


def _tuning(
    arrays: tuple[Tree, np.ndarray, np.ndarray, Tree],
    losses: tuple[Callable[..., Array], Callable[..., Array]],
    data: tuple[Sequence[Any], Sequence[Any]],
    response: Callable[[Tree, Array], Tree],
) -> Tuning:
    phi, theta, log_std, exact = jax.tree.map(jnp.asarray, arrays)
    train, validation = (tuple(map(jnp.asarray, part)) for part in data)
    training, validating = losses
    return Tuning(
        {"phi": phi, "theta": theta, "log_std": log_std},
        exact,
        training_loss=lambda w, theta: training(w, theta, train),
        validation_loss=lambda w, theta: validating(w, theta, validation),
        response=response,
    )


def tuned_quadratic(weights: int, hypers: int, seed: int) -> Tuning:
    """A best response that is linear: training loss 1/2 (w - w*)^T A (w - w*), w* = c + B theta.

    validation: 1/2 (w - d)^T A' (w - d) + |theta|^2 / 4, so it sees theta directly as well. The
    eigenvalues of A and A' lie in [1/2, 2]. phi = (w_0, R), and `exact` is (c, B).
    """
    rng = np.random.default_rng(seed)
    A, A_v = (_spd(rng, weights) for _ in range(2))
    c, d, w_0 = rng.normal(size=(3, weights))
    B, R = rng.normal(size=(2, weights, hypers)) / np.sqrt(hypers)
    theta, log_std = rng.normal(size=hypers), 0.3 * rng.normal(size=hypers) - 0.5
    return _tuning(
        ((w_0, R), theta, log_std, (c, B)),
        (_quadratic_training, _quadratic_validation),
        ((A, c, B), (A_v, d, 0.5)),
        linear_response,
    )


def tuned_ridge(problem: Regression, theta: float, log_std: float) -> Tuning:
    """Ridge regression with one log-penalty for all weights, and a linear response, 0 at first."""
    data = jax.tree.map(np.asarray, ((problem.Phi, problem.t), (problem.Phi_v, problem.t_v)))
    phi = (np.zeros(problem.Phi.shape[1]), np.zeros((problem.Phi.shape[1], 1)))
    arrays = (phi, np.full(1, theta), np.full(1, log_std), phi)
    return _tuning(arrays, (_ridge_training, _ridge_validation), data, linear_response)


def tuned_network(widths: Sequence[int], examples: int, seed: int) -> Tuning:
    """A tanh network of self-tuning layers, with a log-penalty for the weights of each layer.

    phi is a list of layers as `self_tuning_layer` makes them, gated by theta itself; w is a list
    of {"W", "b"}. Biases are not penalised.
    """
    rng = np.random.default_rng(seed)
    hypers = len(widths) - 1
    phi = [_layer(rng, fan_in, fan_out, hypers, 0.3) for fan_in, fan_out in pairwise(widths)]
    theta, log_std = 0.3 * rng.normal(size=hypers) - 1, 0.3 * rng.normal(size=hypers) - 0.7
    ends = widths[0], widths[-1]
    train, validation = (
        tuple(rng.normal(size=(examples, width)) for width in ends) for _ in range(2)
    )
    losses = (_network_training, _network_validation)
    return _tuning((phi, theta, log_std, phi), losses, (train, validation), _network_response)


def _spd(rng: np.random.Generator, size: int) -> np.ndarray:
    q, _ = np.linalg.qr(rng.normal(size=(size, size)))
    return (q * np.linspace(0.5, 2.0, size)) @ q.T


def unroll(
    step: Callable[..., Any], theta: Array, state: Tree, first: Array | int, num_steps: int
) -> tuple[Tree, Array]:
    """The state after the steps first, ..., first + num_steps - 1, and the sum of their losses."""
    run = _jitted_unroll if isinstance(step, Partial) else _unroll
    return run(step, theta, state, first, num_steps)


def _unroll(
    step: Callable[..., Any], theta: Array, state: Tree, first: Array | int, num_steps: int
) -> tuple[Tree, Array]:
    times = first + jnp.arange(num_steps)
    state, losses = jax.lax.scan(lambda state, t: step(state, theta, t), state, times)
    return state, jnp.sum(losses)


_jitted_unroll = jax.jit(_unroll, static_argnames="num_steps")


@jax.jit
def _affine_step(state: Array, theta: Array, t: Array, data: Data) -> tuple[Array, Array]:
    A, B, d = data
    state = state - 0.4 * A @ (state - B @ theta)
    return state, (1 + t / 4) * jnp.sum((state - d) ** 2) / 2


@jax.jit
def _descent_step(
    state: dict[str, Array], theta: Array, t: Array, data: Data
) -> tuple[dict[str, Array], Array]:
    A, b = data
    step_size = jnp.exp(theta[0] - t * jnp.exp(theta[1]))
    velocity = jax.nn.sigmoid(theta[2]) * state["velocity"] - step_size * (A @ state["w"] - b)
    w = state["w"] + velocity
    return {"w": w, "velocity": velocity}, w @ A @ w / 2 - b @ w


@jax.jit
def _balancing_step(state: Array, theta: Array, t: Array, data: Data) -> tuple[Array, Array]:
    del t
    A, signs = data
    state = A @ state + jnp.sum(theta) * signs
    return state, (state[0] - 1) ** 2 / 2


def _made(
    arrays: tuple[np.ndarray, Tree], step: Callable[..., Any], data: Sequence[np.ndarray]
) -> Unroll:
    theta, state_0 = jax.tree.map(jnp.asarray, arrays)
    fixed = tuple(map(jnp.asarray, data))
    # The data are arguments of it still: what is compiled for one seed serves for all.
    return Unroll(theta, state_0, Partial(step, data=fixed))


def affine_training(states: int, hypers: int, seed: int) -> Unroll:
    """Gradient descent towards B theta: s' = s - 0.4 A (s - B theta), loss (1 + t/4) |s' - d|^2 / 2.

    Every state is affine in theta, so the loss of every step is quadratic in whatever perturbs it.
    """
    rng = np.random.default_rng(seed)
    B = rng.normal(size=(states, hypers)) / np.sqrt(hypers)
    data = (_spd(rng, states), B, rng.normal(size=states))
    return _made((rng.normal(size=hypers), rng.normal(size=states)), _affine_step, data)


def tuned_descent(weights: int, seed: int) -> Unroll:
    """Heavy-ball descent on 1/2 w^T A w - b^T w, whose settings are theta (three of them).

    The step size at step t is exp(theta_0 - t exp(theta_1)), the momentum is sigmoid(theta_2). The
    state is {"w", "velocity"}; the loss of a step is that of its new weights.
    """
    rng = np.random.default_rng(seed)
    data = (_spd(rng, weights), rng.normal(size=weights))
    w, velocity = rng.normal(size=(2, weights))
    theta = np.array([-1.5, -2.0, -0.5]) + 0.2 * rng.normal(size=3)
    return _made((theta, {"w": w, "velocity": 0.1 * velocity}), _descent_step, data)


def influence_balancing(units: int, positive: int) -> Unroll:
    """A chain s' = A s + theta (1, .., 1, -1, .., -1), with `positive` ones; loss (s'_0 - 1)^2 / 2.

    A has 1/2 on the diagonal and above it, so s_0 hears of unit i only i steps later: soon theta
    seems to raise s_0, in the end it lowers it, if most units are negative.
    """
    A = (np.eye(units) + np.eye(units, k=1)) / 2
    signs = np.where(np.arange(units) < positive, 1.0, -1.0)
    return _made((np.full(1, 0.5), np.zeros(units)), _balancing_step, (A, signs))


def orthonormal_noise(windows: int, pairs: int, size: int, seed: int) -> Array:
    """Noise n of shape (windows, pairs, size): (1/S) sum_i n_ui n_vi^T is I if u = v, 0 otherwise.

    So averages over the S pairs are what the mean over normal noise would be, to second order.
    Needs pairs >= windows * size.
    """
    rng = np.random.default_rng(seed)
    q, _ = np.linalg.qr(rng.normal(size=(pairs, windows * size)))
    return jnp.asarray(np.sqrt(pairs) * q.reshape(pairs, windows, size).transpose(1, 0, 2))


@jax.jit
def _affine_equations(u: Array, data: Data) -> tuple[Array, Array]:
    Phi, P, t, T = data
    return Phi + P @ u, t + T @ u


@jax.jit
def _distance(w: Array, data: Data) -> Array:
    Phi, t = data
    return jnp.sum((Phi @ w - t) ** 2) / (2 * len(t))


@jax.jit
def _turned_equation(u: Array) -> tuple[Array, Array]:
    return jnp.stack([jnp.cos(u), jnp.sin(u)], axis=1), jnp.ones(1, u.dtype)


def underdetermined(
    equations: int, weights: int, hypers: int, seed: int, moving: bool = True
) -> Underdetermined:
    """Phi(u) = Phi_0 + sum_q u_q P_q (Phi_0 alone unless `moving`) and t(u) = t_0 + T u.

    Phi_0 has orthogonal rows of norm 2, the sum of the norms of the P_q is 1 and |u_q| at most
    1/2: the singular values of Phi stay between 1 and 3 while |u_q| <= 1. The outer loss is least
    squares with 2 * weights examples.
    """
    rng = np.random.default_rng(seed)
    q, _ = np.linalg.qr(rng.normal(size=(weights, equations)))
    P = rng.normal(size=(equations, weights, hypers))
    P = P / np.linalg.norm(P, axis=(0, 1)) / hypers * float(moving)
    t, T = rng.normal(size=equations), rng.normal(size=(equations, hypers))
    rows = rng.normal(size=(2 * weights, weights))
    outer = (jnp.asarray(rows), jnp.asarray(rng.normal(size=2 * weights)))
    data = tuple(map(jnp.asarray, (2 * q.T, P, t, T)))
    u, w_0 = rng.uniform(-0.5, 0.5, size=hypers), rng.normal(size=weights)
    return Underdetermined(
        jnp.asarray(u),
        jnp.asarray(w_0),
        equations=lambda u: _affine_equations(u, data),
        outer_loss=lambda w: _distance(w, outer),
    )


def turned_line(angle: float, goal: Sequence[float], start: Sequence[float]) -> Underdetermined:
    """Two weights, one equation (cos u, sin u) w = 1: a line that touches the unit circle.

    The outer loss is |w - goal|^2 / 4, and w_0 is `start`.
    """
    outer = (jnp.eye(2), jnp.asarray(goal, dtype=float))
    return Underdetermined(
        jnp.full(1, angle),
        jnp.asarray(start, dtype=float),
        equations=_turned_equation,
        outer_loss=lambda w: _distance(w, outer),
    )
