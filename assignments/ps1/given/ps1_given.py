"""The problems of problem set 1: small, seeded, and the same on every machine.

Each function below draws its numbers with NumPy in float64 from `seed` and hands them to JAX, so
they are float64 arrays where `jax_enable_x64` is on and float32 arrays where it is off. The objects
are plain: every attribute is an array, a pytree of arrays, or a function.

Conventions. Weights of a layer have shape (in, out), and a layer computes `x @ W + b`. A regression
cost is (1/2N) |outputs - targets|^2, summed over outputs and averaged over the N examples. A
classification cost is the mean over examples of the negative log-likelihood in nats. The functions
are jitted, and take their data as arguments, so that derivatives compile as a whole and only once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

Array = jax.Array
Params = list[dict[str, Array]]


@dataclass(frozen=True)
class Quadratic:
    """The cost J(w) = 1/2 w^T A w - b^T w, and a place to start from."""

    A: Array
    b: Array
    w0: Array
    cost: Callable[[Array], Array]


@dataclass(frozen=True)
class Network:
    """A network on a fixed data set: `loss(params) = output_loss(network(params))`."""

    params: Params
    network: Callable[[Params], Any]
    output_loss: Callable[[Any], Array]
    loss: Callable[[Params], Array]


@dataclass(frozen=True)
class LinearSystem:
    """A x = b with A symmetric and positive definite; `matvec(x)` is A x."""

    A: Array
    b: Array
    matvec: Callable[[Array], Array]


@dataclass(frozen=True)
class Penalised:
    """A cost `loss(w, theta)` whose minimum over w, at this `theta`, lies at `w`.

    `weights_of` and `settings_of` are the matrices S and T of the coordinates: the weights of the
    model are S w, its hyperparameters are T theta.
    """

    w: Array
    theta: Array
    weights_of: Array
    settings_of: Array
    loss: Callable[[Array, Array], Array]


@dataclass(frozen=True)
class Classifier:
    """A softmax classifier: `logits(w, X)` has shape (N, K); `w` is flat, `X` has shape (N, D).

    `transform` is the matrix T of the coordinates: the weights of the layers are T w.
    """

    w: Array
    X: Array
    y: Array
    transform: Array
    logits: Callable[[Array, Array], Array]


@dataclass(frozen=True)
class FeatureData:
    """Features and targets of a regression problem, for training and for testing."""

    Phi: Array
    t: Array
    Phi_test: Array
    t_test: Array


def _orthogonal(rng: np.random.Generator, size: int) -> np.ndarray:
    q, r = np.linalg.qr(rng.normal(size=(size, size)))
    return q * np.sign(np.diag(r))


def _symmetric(rng: np.random.Generator, eigenvalues: Sequence[float]) -> np.ndarray:
    q = _orthogonal(rng, len(eigenvalues))
    matrix = (q * np.asarray(eigenvalues, dtype=np.float64)) @ q.T
    return (matrix + matrix.T) / 2


def _mixing(rng: np.random.Generator, size: int) -> np.ndarray:
    """A matrix with singular values between 1/2 and 2."""
    return (_orthogonal(rng, size) * np.linspace(0.5, 2.0, size)) @ _orthogonal(rng, size)


def _layers(rng: np.random.Generator, widths: Sequence[int]) -> Params:
    pairs = pairwise(widths)
    return [
        {
            "W": jnp.asarray(rng.normal(size=(fan_in, fan_out)) / np.sqrt(fan_in)),
            "b": jnp.asarray(0.3 * rng.normal(size=fan_out)),
        }
        for fan_in, fan_out in pairs
    ]


@jax.jit
def _apply(params: Params, inputs: Array) -> Array:
    hidden = inputs
    for layer in params[:-1]:
        hidden = jnp.tanh(hidden @ layer["W"] + layer["b"])
    return hidden @ params[-1]["W"] + params[-1]["b"]


@jax.jit
def _squared_error(outputs: Array, targets: Array) -> Array:
    return jnp.sum((outputs - targets) ** 2) / (2 * len(targets))


@jax.jit
def _cross_entropy(logits: Array, labels: Array) -> Array:
    chosen = jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], axis=1)
    return -jnp.mean(chosen)


@jax.jit
def _gaussian_cost(outputs: dict[str, Array], targets: Array) -> Array:
    standardised = (targets - outputs["mean"]) * jnp.exp(-outputs["log_scale"])
    return jnp.sum(standardised**2 / 2 + outputs["log_scale"]) / len(targets)


@jax.jit
def _ridge_cost(w: Array, theta: Array, coordinates: tuple[Array, Array], data: Any) -> Array:
    (S, T), (Phi, t) = coordinates, data
    residual = Phi @ (S @ w) - t
    penalty = jnp.sum(jnp.exp(T @ theta) * (S @ w) ** 2) / 2
    return residual @ residual / (2 * len(t)) + penalty


@jax.jit
def _logistic_cost(w: Array, theta: Array, signed: Array, penalty: float) -> Array:
    return jnp.mean(theta * jax.nn.softplus(-signed @ w)) + penalty * w @ w / 2


@partial(jax.jit, static_argnames="widths")
def _logits(w: Array, X: Array, transform: Array, shift: float, widths: tuple[int, ...]) -> Array:
    flat, params = transform @ w, []
    for fan_in, fan_out in pairwise(widths):
        W, b, flat = jnp.split(flat, (fan_in * fan_out, fan_in * fan_out + fan_out))
        params.append({"W": W.reshape(fan_in, fan_out), "b": b})
    return shift + jnp.pad(_apply(params, X), ((0, 0), (0, 1)))


def _network(
    params: Params, network: Callable[[Params], Any], output_loss: Callable[[Any], Array]
) -> Network:
    return Network(params, network, output_loss, loss=lambda w: output_loss(network(w)))


def quadratic(eigenvalues: Sequence[float], seed: int) -> Quadratic:
    """A quadratic whose A has these eigenvalues and random eigenvectors; b and w0 are normal.

    Where an eigenvalue is 0, b has a component along its eigenvector too: there is no minimum.
    """
    rng = np.random.default_rng(seed)
    A = jnp.asarray(_symmetric(rng, eigenvalues))
    b, w0 = (jnp.asarray(rng.normal(size=len(eigenvalues))) for _ in range(2))
    return Quadratic(A, b, w0, cost=lambda w: w @ A @ w / 2 - b @ w)


def mlp_regression(widths: Sequence[int], examples: int, seed: int) -> Network:
    """A tanh network of these widths (linear where there are two), random inputs and targets."""
    rng = np.random.default_rng(seed)
    params = _layers(rng, widths)
    inputs = jnp.asarray(rng.normal(size=(examples, widths[0])))
    targets = jnp.asarray(2.0 * rng.normal(size=(examples, widths[-1])))
    return _network(params, lambda w: _apply(w, inputs), lambda z: _squared_error(z, targets))


def mlp_classification(widths: Sequence[int], examples: int, seed: int) -> Network:
    """A tanh network with the logits of widths[-1] classes, random inputs and labels."""
    rng = np.random.default_rng(seed)
    params = _layers(rng, widths)
    inputs = jnp.asarray(rng.normal(size=(examples, widths[0])))
    labels = jnp.asarray(rng.integers(widths[-1], size=examples))
    return _network(params, lambda w: _apply(w, inputs), lambda z: _cross_entropy(z, labels))


def gaussian_regression(widths: Sequence[int], examples: int, seed: int) -> Network:
    """A tanh network with outputs {"mean", "log_scale"} and the Gaussian log-likelihood.

    The last width is even: one half are the means, the other the logarithms of the scales.
    """
    rng = np.random.default_rng(seed)
    params = _layers(rng, widths)
    half = widths[-1] // 2
    inputs = jnp.asarray(rng.normal(size=(examples, widths[0])))
    targets = jnp.asarray(rng.normal(size=(examples, half)))

    def network(params: Params) -> dict[str, Array]:
        outputs = _apply(params, inputs)
        return {"mean": outputs[:, :half], "log_scale": outputs[:, half:]}

    return _network(params, network, lambda z: _gaussian_cost(z, targets))


def linear_system(
    eigenvalues: Sequence[float], seed: int, modes: Sequence[int] | None = None
) -> LinearSystem:
    """A symmetric system with these eigenvalues; b is a sum of the eigenvectors in `modes`."""
    rng = np.random.default_rng(seed)
    q = _orthogonal(rng, len(eigenvalues))
    A = jnp.asarray((q * np.asarray(eigenvalues, dtype=np.float64)) @ q.T)
    chosen = list(range(len(eigenvalues)) if modes is None else modes)
    b = jnp.asarray(q[:, chosen] @ (1.0 + rng.uniform(size=len(chosen))))
    return LinearSystem(A, b, matvec=lambda x: A @ x)


def penalised_regression(examples: int, features: int, seed: int, mix: bool = False) -> Penalised:
    """Least squares, a penalty for each weight: (1/2N)|Phi w - t|^2 + 1/2 sum_j exp(theta_j) w_j^2.

    With `mix` the same problem in other coordinates: w and theta stand for S w and T theta above,
    with well-conditioned matrices S and T drawn from `seed`.
    """
    rng = np.random.default_rng(seed)
    Phi, t = rng.normal(size=(examples, features)), rng.normal(size=examples)
    theta = rng.normal(size=features) - 1.0
    w = np.linalg.solve(Phi.T @ Phi / examples + np.diag(np.exp(theta)), Phi.T @ t / examples)
    mixings = (_mixing(rng, features), _mixing(rng, features)) if mix else (np.eye(features),) * 2
    w, theta = (np.linalg.solve(M, x) for M, x in zip(mixings, (w, theta), strict=True))
    S, T = coordinates = jnp.asarray(mixings[0]), jnp.asarray(mixings[1])
    data = jnp.asarray(Phi), jnp.asarray(t)

    def loss(w: Array, theta: Array) -> Array:
        return _ridge_cost(w, theta, coordinates, data)

    return Penalised(jnp.asarray(w), jnp.asarray(theta), S, T, loss)


def weighted_logistic(examples: int, features: int, seed: int, penalty: float = 0.1) -> Penalised:
    """Logistic regression with weighted examples: mean_i theta_i l_i(w) + penalty/2 |w|^2."""
    rng = np.random.default_rng(seed)
    X, sign = rng.normal(size=(examples, features)), rng.choice([-1.0, 1.0], size=examples)
    theta = rng.uniform(0.5, 1.5, size=examples)
    signed = X * sign[:, None]
    w = np.zeros(features)
    for _ in range(30):  # Newton's method; the cost is strongly convex and the start is 0
        p = 1.0 / (1.0 + np.exp(signed @ w))
        slope = -signed.T @ (theta * p) / examples + penalty * w
        curvature = (signed.T * (theta * p * (1 - p))) @ signed / examples
        w = w - np.linalg.solve(curvature + penalty * np.eye(features), slope)
    fixed = jnp.asarray(signed)

    def loss(w: Array, theta: Array) -> Array:
        return _logistic_cost(w, theta, fixed, penalty)

    S, T = jnp.eye(features), jnp.eye(examples)
    return Penalised(jnp.asarray(w), jnp.asarray(theta), S, T, loss)


def softmax_classifier(
    widths: Sequence[int], examples: int, seed: int, shift: float = 0.0, mix: bool = False
) -> Classifier:
    """A tanh network with widths[-1] + 1 classes, as a function of a flat weight vector.

    The last class's logit is constant: a common shift of all logits changes no prediction, so one
    of them is not a parameter. `shift` is added to all logits. With `mix` the coordinates w are
    such that the layers' weights are T w, T a well-conditioned matrix drawn from `seed`, else I.
    The two describe the same network on the same data.
    """
    rng = np.random.default_rng(seed)
    leaves = [layer[name].ravel() for layer in _layers(rng, widths) for name in ("W", "b")]
    flat = np.concatenate([np.asarray(leaf, dtype=np.float64) for leaf in leaves])
    X = jnp.asarray(rng.normal(size=(examples, widths[0])))
    y = jnp.asarray(rng.integers(widths[-1] + 1, size=examples))
    T = _mixing(rng, flat.size) if mix else np.eye(flat.size)
    transform = jnp.asarray(T)
    w = jnp.asarray(np.linalg.solve(T, flat))

    def logits(w: Array, X: Array) -> Array:
        return _logits(w, X, transform, shift, tuple(widths))

    return Classifier(w, X, y, transform, logits)


def random_features(
    examples: int, features: int, seed: int, noise: float = 0.5, tests: int = 400
) -> FeatureData:
    """White features, a teacher with weights of norm 1 on all of them, and targets with noise."""
    rng = np.random.default_rng(seed)
    teacher = rng.normal(size=features)
    teacher /= np.linalg.norm(teacher)
    Phi, Phi_test = rng.normal(size=(examples, features)), rng.normal(size=(tests, features))
    t = Phi @ teacher + noise * rng.normal(size=examples)
    arrays = (Phi, t, Phi_test, Phi_test @ teacher)
    return FeatureData(*(jnp.asarray(array) for array in arrays))
