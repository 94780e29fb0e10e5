"""The problems of lab 11: small, seeded, and the same on every machine.

Each function below draws its numbers with NumPy in float64 from `seed` and hands them to JAX, so
they are float64 arrays where `jax_enable_x64` is on and float32 arrays where it is off. The objects
are plain: every attribute is a number, an array, a pytree of arrays, or a function.

Conventions. A regression cost is (1/2N) |outputs - targets|^2, summed over outputs and averaged
over the N examples. A classification cost is the mean over examples of the negative
log-likelihood in nats. Penalties are 1/2 sum_j exp(theta_j) w_j^2: hyperparameters are logarithms.
Inner losses, outer losses are functions of (w, theta), in this order. Weights of a layer have shape
(in, out), and states and inputs are rows. The functions are jitted, and take their data as
arguments, so that derivatives compile as a whole and only once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

Array = jax.Array
Tree = Any
Data = tuple[Array, ...]


@dataclass(frozen=True)
class Bilevel:
    """A training loss and a validation loss, both of (w, theta).

    `w` is the minimum of `inner_loss` over w at `theta` (for `penalised_network`: no minimum, just
    weights at which the inner loss is strictly convex), `w_0` is a start for gradient descent, and
    `step_size` is small enough for it to be stable.
    """

    w: Tree
    w_0: Tree
    theta: Tree
    step_size: float
    inner_loss: Callable[[Tree, Tree], Array]
    outer_loss: Callable[[Tree, Tree], Array]
    test_loss: Callable[[Tree, Tree], Array]


@dataclass(frozen=True)
class Tasks:
    """Tasks for meta-learning: `loss(w, examples)` is that of one task.

    The leaves of `support` and `query` have the tasks along their first axis.
    """

    w: Tree
    support: dict[str, Array]
    query: dict[str, Array]
    loss: Callable[[Tree, dict[str, Array]], Array]


@dataclass(frozen=True)
class Equilibrium:
    """A layer z -> layer(z, theta) that contracts, a start, and a loss(z, theta) of the state."""

    theta: dict[str, Array]
    z_0: Array
    layer: Callable[[Array, Tree], Array]
    loss: Callable[[Array, Tree], Array]


# --- Linear systems --------------------------------------------------------------------------


def conjugate_gradient(matvec: Callable[[Tree], Tree], b: Tree, num_steps: int) -> Tree:
    """The iterate x_K of conjugate gradient for A x = b, from x_0 = 0, with K = num_steps.

    `matvec(x)` is A x, with A symmetric and positive definite; b and x are pytrees of one
    structure. Once it has converged to rounding it stays where it is, also for b = 0.
    """
    flat, unravel = ravel_pytree(b)
    small = jnp.finfo(flat.dtype).eps ** 2 * (flat @ flat)

    def step(_: Any, state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        x, r, p = state
        rr = r @ r
        going = rr > small
        Ap = ravel_pytree(matvec(unravel(p)))[0]
        alpha = jnp.where(going, rr / jnp.where(going, p @ Ap, 1), 0)
        x, r = x + alpha * p, r - alpha * Ap
        beta = jnp.where(going, (r @ r) / jnp.where(going, rr, 1), 0)
        return x, r, r + beta * p

    state = (jnp.zeros_like(flat), flat, flat)
    return unravel(jax.lax.fori_loop(0, num_steps, step, state)[0])


# --- Losses ----------------------------------------------------------------------------------


@jax.jit
def _half_mean_square(outputs: Array, targets: Array) -> Array:
    return jnp.sum((outputs - targets) ** 2) / (2 * len(targets))


@jax.jit
def _ridge_inner(w: Array, theta: Array, data: Data) -> Array:
    Phi, t = data
    return _half_mean_square(Phi @ w, t) + jnp.sum(jnp.exp(theta) * w**2) / 2


@jax.jit
def _linear_outer(w: Array, theta: Array, data: Data) -> Array:
    del theta
    return _half_mean_square(data[0] @ w, data[1])


@jax.jit
def _scaled_outer(w: Array, theta: Array, data: Data) -> Array:
    return _half_mean_square(data[0] @ (jnp.exp(theta) * w), data[1])


@jax.jit
def _scaled_inner(w: Array, theta: Array, data: Data, penalty: float) -> Array:
    return _scaled_outer(w, theta, data) + penalty * (w @ w) / 2


@jax.jit
def _softmax_outer(w: Tree, theta: Tree, data: Data) -> Array:
    X, y = data
    logits = (X @ w["W"] + w["b"]) * jnp.exp(-theta["log_temperature"])
    chosen = jnp.take_along_axis(jax.nn.log_softmax(logits), y[:, None], axis=1)
    return -jnp.mean(chosen)


@jax.jit
def _softmax_inner(w: Tree, theta: Tree, data: Data) -> Array:
    size = jnp.sum(jnp.exp(theta["log_penalty"])[:, None] * w["W"] ** 2) / 2
    return _softmax_outer(w, theta, data) + size + _BIAS_PENALTY * jnp.sum(w["b"] ** 2) / 2


_BIAS_PENALTY = 0.3


@jax.jit
def apply_network(w: Tree, inputs: Array) -> Array:
    """The outputs (N, out) of a tanh network, linear in its last layer, for inputs (N, in)."""
    hidden = inputs
    for layer in w[:-1]:
        hidden = jnp.tanh(hidden @ layer["W"] + layer["b"])
    return hidden @ w[-1]["W"] + w[-1]["b"]


@jax.jit
def _network_outer(w: Tree, theta: Tree, data: Data) -> Array:
    del theta
    return _half_mean_square(apply_network(w, data[0]), data[1])


@jax.jit
def _network_inner(w: Tree, theta: Tree, data: Data) -> Array:
    sizes = jax.tree.map(lambda s, p: jnp.sum(jnp.exp(s) * p**2) / 2, theta, w)
    return _network_outer(w, theta, data) + jax.tree.reduce(jnp.add, sizes)


@jax.jit
def _network_task(w: Tree, examples: dict[str, Array]) -> Array:
    return _half_mean_square(apply_network(w, examples["x"]), examples["y"])


@jax.jit
def _quadratic_task(w: Array, examples: dict[str, Array]) -> Array:
    away = w - examples["centre"]
    return away @ examples["A"] @ away / 2


@jax.jit
def _tanh_layer(z: Array, theta: dict[str, Array], x: Array) -> Array:
    return jnp.tanh(z @ theta["W"] + x @ theta["U"] + theta["b"])


@jax.jit
def _readout_loss(z: Array, R: Array, t: Array) -> Array:
    return _half_mean_square(z @ R, t)


def _bilevel(
    arrays: tuple[Tree, Tree, Tree],
    step_size: float,
    losses: tuple[Callable[..., Array], Callable[..., Array]],
    data: Sequence[tuple[np.ndarray, np.ndarray]],
) -> Bilevel:
    w, w_0, theta = jax.tree.map(jnp.asarray, arrays)
    train, validation, test = jax.tree.map(jnp.asarray, list(data))
    inner, outer = losses
    return Bilevel(
        w,
        w_0,
        theta,
        step_size,
        inner_loss=lambda w, theta: inner(w, theta, train),
        outer_loss=lambda w, theta: outer(w, theta, validation),
        test_loss=lambda w, theta: outer(w, theta, test),
    )


# --- Problems for bilevel optimization -------------------------------------------------------


def penalised_regression(
    examples: int, features: int, seed: int, relevant: int | None = None, noise: float = 0.5
) -> Bilevel:
    """Least squares with a penalty for each weight; validation does not see the penalties.

    inner: (1/2N) |Phi w - t|^2 + 1/2 sum_j exp(theta_j) w_j^2;   outer: (1/2N) |Phi_v w - t_v|^2.
    The teacher uses the first `relevant` features (None: all of them).
    """
    rng = np.random.default_rng(seed)
    used = features if relevant is None else relevant
    teacher = np.zeros(features)
    teacher[:used] = rng.choice([-1.0, 1.0], size=used) * rng.uniform(0.7, 2.0, size=used)
    sizes = (examples, examples, 500)
    inputs = [rng.normal(size=(size, features)) for size in sizes]
    data = [(X, X @ teacher + noise * rng.normal(size=len(X))) for X in inputs]
    theta = 0.5 * rng.normal(size=features) - 1.0
    Phi, t = data[0]
    H = Phi.T @ Phi / examples + np.diag(np.exp(theta))
    w, w_0 = np.linalg.solve(H, Phi.T @ t / examples), rng.normal(size=features)
    step_size = 1 / float(np.linalg.eigvalsh(H)[-1])
    return _bilevel((w, w_0, theta), step_size, (_ridge_inner, _linear_outer), data)


def scaled_regression(examples: int, features: int, seed: int, penalty: float = 0.3) -> Bilevel:
    """Least squares on features that are scaled by exp(theta), in training and in validation.

    inner: (1/2N) |Phi (exp(theta) w) - t|^2 + penalty/2 |w|^2;   outer: the same on validation
    data, without the penalty. So the outer loss depends on theta directly, too.
    """
    rng = np.random.default_rng(seed)
    teacher = rng.choice([-1.0, 1.0], size=features) * rng.uniform(0.7, 2.0, size=features)
    inputs = [rng.normal(size=(size, features)) for size in (examples, examples, 500)]
    data = [(X, X @ teacher + 0.5 * rng.normal(size=len(X))) for X in inputs]
    theta = 0.3 * rng.normal(size=features)
    Phi, t = data[0][0] * np.exp(theta), data[0][1]
    H = Phi.T @ Phi / examples + penalty * np.eye(features)
    w, w_0 = np.linalg.solve(H, Phi.T @ t / examples), rng.normal(size=features)
    step_size = 1 / float(np.linalg.eigvalsh(H)[-1])

    def inner(w: Array, theta: Array, data: Data) -> Array:
        return _scaled_inner(w, theta, data, penalty)

    return _bilevel((w, w_0, theta), step_size, (inner, _scaled_outer), data)


def softmax_regression(examples: int, features: int, classes: int, seed: int) -> Bilevel:
    """A linear softmax classifier: w = {"W", "b"}, theta = {"log_penalty", "log_temperature"}.

    The logits are (x W + b) / temperature in both losses. The inner loss adds a penalty of
    exp(log_penalty_j) for the row j of W, and a fixed one for b.
    """
    rng = np.random.default_rng(seed)
    teacher = 2 * rng.normal(size=(features, classes))
    inputs = [rng.normal(size=(size, features)) for size in (examples, examples, 500)]
    data = [(X, np.argmax(X @ teacher + rng.gumbel(size=(len(X), classes)), 1)) for X in inputs]
    theta = {
        "log_penalty": 0.3 * rng.normal(size=features) - 1.5,
        "log_temperature": np.asarray(0.2 * rng.normal()),
    }
    V, largest = _softmax_minimum(*data[0], classes, theta)
    w = {"W": V[:-1], "b": V[-1]}
    w_0 = {"W": 0.3 * rng.normal(size=(features, classes)), "b": 0.3 * rng.normal(size=classes)}
    return _bilevel((w, w_0, theta), 1 / largest, (_softmax_inner, _softmax_outer), data)


def _softmax_minimum(
    X: np.ndarray, y: np.ndarray, classes: int, theta: dict[str, np.ndarray]
) -> tuple[np.ndarray, float]:
    """The weights with the bias as last row, and a bound of the Hessian's eigenvalues."""
    N, slope = len(X), float(np.exp(-theta["log_temperature"]))
    extended = slope * np.column_stack([X, np.ones(N)])
    penalty = np.append(np.exp(theta["log_penalty"]), _BIAS_PENALTY)[:, None]
    V = np.zeros((X.shape[1] + 1, classes))
    for _ in range(30):  # Newton's method; the cost is strongly convex and the start is 0
        Z = extended @ V
        P = np.exp(Z - Z.max(axis=1, keepdims=True))
        P /= P.sum(axis=1, keepdims=True)
        gradient = extended.T @ (P - np.eye(classes)[y]) / N + penalty * V
        curvature = np.einsum("nk,kl->nkl", P, np.eye(classes)) - np.einsum("nk,nl->nkl", P, P)
        H = np.einsum("ni,nj,nkl->ikjl", extended, extended, curvature) / N
        H = H.reshape(V.size, V.size) + np.diag(np.repeat(penalty[:, 0], classes))
        V = V - np.linalg.solve(H, gradient.ravel()).reshape(V.shape)
    # The softmax's own curvature is at most 1/2.
    bound = np.linalg.eigvalsh(extended.T @ extended / N)[-1] / 2 + penalty.max()
    return V, float(bound)


def penalised_network(widths: Sequence[int], examples: int, seed: int) -> Bilevel:
    """A tanh network with a penalty for each parameter: theta is a pytree like w.

    The penalties are large enough for the inner loss to be strictly convex near w.
    """
    rng = np.random.default_rng(seed)
    w, w_0 = (_layers(rng, widths, 0.5) for _ in range(2))
    theta = jax.tree.map(lambda leaf: 1.0 + 0.1 * rng.normal(size=leaf.shape), w)
    shapes = [
        (size, width) for size in (examples, examples, 500) for width in widths[:: len(widths) - 1]
    ]
    arrays = [rng.normal(size=shape) for shape in shapes]
    data = [(arrays[i], arrays[i + 1]) for i in (0, 2, 4)]
    return _bilevel((w, w_0, theta), 0.1, (_network_inner, _network_outer), data)


def _layers(rng: np.random.Generator, widths: Sequence[int], gain: float = 1.0) -> Tree:
    return [
        {
            "W": gain * rng.normal(size=(fan_in, fan_out)) / np.sqrt(fan_in),
            "b": gain * 0.3 * rng.normal(size=fan_out),
        }
        for fan_in, fan_out in pairwise(widths)
    ]


# --- Problems for meta-learning --------------------------------------------------------------


def sinusoid_tasks(
    tasks: int, support: int, query: int, seed: int, widths: Sequence[int] = (1, 16, 1)
) -> Tasks:
    """Regression on a sin(x + phase), another amplitude a and phase in each task.

    examples = {"x": (n, 1), "y": (n, 1)}, w: a tanh network of these widths.
    """
    rng = np.random.default_rng(seed)
    amplitude, phase = rng.uniform(0.5, 2.0, (tasks, 1, 1)), rng.uniform(0, np.pi, (tasks, 1, 1))
    x = rng.uniform(-3.0, 3.0, (tasks, support + query, 1))
    y = amplitude * np.sin(x + phase)
    examples = {"x": jnp.asarray(x), "y": jnp.asarray(y)}
    return Tasks(
        jax.tree.map(jnp.asarray, _layers(np.random.default_rng(seed + 1), widths)),
        {name: leaf[:, :support] for name, leaf in examples.items()},
        {name: leaf[:, support:] for name, leaf in examples.items()},
        _network_task,
    )


def quadratic_tasks(tasks: int, size: int, seed: int) -> Tasks:
    """Tasks with loss 1/2 (w - centre)^T A (w - centre); the query's A and centre are others.

    examples = {"A": (size, size), "centre": (size,)}. The eigenvalues of A lie in [1/2, 2].
    """
    rng = np.random.default_rng(seed)

    def draw() -> dict[str, Array]:
        q, _ = np.linalg.qr(rng.normal(size=(tasks, size, size)))
        A = np.einsum("tij,j,tkj->tik", q, np.linspace(0.5, 2.0, size), q)
        return {"A": jnp.asarray(A), "centre": jnp.asarray(rng.normal(size=(tasks, size)))}

    return Tasks(jnp.asarray(rng.normal(size=size)), draw(), draw(), _quadratic_task)


# --- Problems with an equilibrium ------------------------------------------------------------


def tanh_equilibrium(
    examples: int,
    inputs: int,
    units: int,
    seed: int,
    contraction: float = 0.6,
    train_readout: bool = True,
) -> Equilibrium:
    """layer(z, theta) = tanh(z W + x U + b) for all examples at once: states have shape (N, units).

    W has the spectral norm `contraction`. The loss is (1/2N) |z R - t|^2 with a readout R to one
    output, which is one of the parameters theta (and absent from the layer), or else is fixed.
    """
    rng = np.random.default_rng(seed)
    W = rng.normal(size=(units, units))
    drawn = {
        "W": contraction * W / np.linalg.norm(W, 2),
        "U": rng.normal(size=(inputs, units)) / np.sqrt(inputs),
        "b": 0.5 * rng.normal(size=units),
        "R": rng.normal(size=(units, 1)) / np.sqrt(units),
    }
    theta = {name: jnp.asarray(leaf) for name, leaf in drawn.items()}
    x, z_0 = jnp.asarray(rng.normal(size=(examples, inputs))), jnp.zeros((examples, units))
    t, fixed = jnp.asarray(rng.normal(size=(examples, 1))), theta["R"]
    if not train_readout:
        del theta["R"]
    return Equilibrium(
        theta,
        z_0,
        layer=lambda z, theta: _tanh_layer(z, theta, x),
        loss=lambda z, theta: _readout_loss(z, theta["R"] if train_readout else fixed, t),
    )
