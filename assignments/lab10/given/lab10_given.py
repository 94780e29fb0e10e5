"""The games of lab 10: small, seeded, and the same on every machine.

Each function below draws its numbers with NumPy in float64 from `seed` and hands them to JAX, so
they are float64 arrays where `jax_enable_x64` is on and float32 arrays where it is off. The objects
are plain: every attribute is an array, a pytree of arrays, or a function.

Conventions. A game has two players. The first owns x and minimises l_1, the second owns y and
minimises l_2; `losses(x, y)` is the pair (l_1, l_2), and z = (x, y) is a tuple. In a zero-sum game
l_1 = f and l_2 = -f, so that x minimises f and y maximises it. The functions are jitted, and take
their data as arguments, so that derivatives compile as a whole and only once.
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
Pair = tuple[Tree, Tree]


@dataclass(frozen=True)
class Bilinear:
    """The zero-sum game f(x, y) = x^T B y, whose equilibrium is 0, and a place to start from."""

    B: Array
    z0: Pair
    f: Callable[[Array, Array], Array]
    losses: Callable[[Array, Array], Pair]


@dataclass(frozen=True)
class Quadratic:
    """A game of two quadratic losses, and a place to start from.

        l_1 = 1/2 x^T P x + x^T R y + p^T x + 1/2 y^T U y
        l_2 = 1/2 y^T Q y + y^T S x + q^T y + 1/2 x^T V x

    P, Q, U and V are symmetric.
    """

    P: Array
    R: Array
    p: Array
    U: Array
    Q: Array
    S: Array
    q: Array
    V: Array
    z0: Pair
    losses: Callable[[Array, Array], Pair]


@dataclass(frozen=True)
class Networks:
    """Two networks that play against each other, and their weights.

    z0 = (generator, discriminator), each a list of {"W", "b"}.
    """

    z0: Pair
    losses: Callable[[Tree, Tree], Pair]


@dataclass(frozen=True)
class Saddle:
    """A zero-sum game f(x, y) with a stationary point, and a place to start from.

    At `stationary` the second derivatives are f_xx = A, f_xy = B and f_yy = C.
    """

    A: Array
    B: Array
    C: Array
    stationary: Pair
    z0: Pair
    f: Callable[[Array, Array], Array]
    losses: Callable[[Array, Array], Pair]


def trajectory(step: Callable[[Any], Any], state: Any, num_steps: int) -> Any:
    """state, step(state), step(step(state)), ..., num_steps of them after the first.

    `state` is any pytree of arrays. The states come along a new first axis of every array. Few
    steps are made one by one; for many `lax.scan` pays, which compiles first.
    """
    if num_steps <= 50:
        states = [state]
        for _ in range(num_steps):
            states.append(step(states[-1]))
        return jax.tree.map(lambda *leaves: jnp.stack(leaves), *states)

    def advance(state: Any, _: None) -> tuple[Any, Any]:
        state = step(state)
        return state, state

    _, later = jax.lax.scan(advance, state, length=num_steps)
    return jax.tree.map(
        lambda first, rest: jnp.concatenate([jnp.asarray(first)[None], rest]), state, later
    )


def distances(path: Pair, point: Pair) -> Array:
    """The Euclidean distance of every iterate of a path from a point, shape (K + 1,)."""
    parts = jax.tree.leaves(
        jax.tree.map(lambda p, q: jnp.sum((p - q).reshape(len(p), -1) ** 2, axis=1), path, point)
    )
    return jnp.sqrt(sum(parts))


# --- Losses --------------------------------------------------------------------------------------


@jax.jit
def _bilinear(x: Array, y: Array, B: Array) -> Array:
    return x @ B @ y


@jax.jit
def _quadratic(x: Array, y: Array, H: Array, M: Array, b: Array, K: Array) -> Array:
    return x @ H @ x / 2 + x @ M @ y + b @ x + y @ K @ y / 2


@jax.jit
def _saddle(x: Array, y: Array, blocks: tuple[Array, ...], strength: float) -> Array:
    A, B, C, x_star, y_star, W = blocks
    u, v = x - x_star, y - y_star
    t = W @ jnp.concatenate([u, v])
    # t - sin(t) has no derivatives of first and second order at 0.
    return u @ A @ u / 2 + u @ B @ v + v @ C @ v / 2 + strength * jnp.sum(t - jnp.sin(t))


def _network(weights: Tree, inputs: Array) -> Array:
    hidden = inputs
    for layer in weights[:-1]:
        hidden = jnp.tanh(hidden @ layer["W"] + layer["b"])
    return hidden @ weights[-1]["W"] + weights[-1]["b"]


@jax.jit
def _generator_loss(x: Tree, y: Tree, noise: Array) -> Array:
    return jnp.mean(jax.nn.softplus(-_network(y, _network(x, noise))))


@jax.jit
def _discriminator_loss(x: Tree, y: Tree, noise: Array, data: Array) -> Array:
    on_fakes = jax.nn.softplus(_network(y, _network(x, noise)))
    return jnp.mean(on_fakes) + jnp.mean(jax.nn.softplus(-_network(y, data)))


# --- Games ---------------------------------------------------------------------------------------


def _orthogonal(rng: np.random.Generator, size: int) -> np.ndarray:
    q, r = np.linalg.qr(rng.normal(size=(size, size)))
    return q * np.sign(np.diag(r))


def _symmetric(rng: np.random.Generator, eigenvalues: Sequence[float]) -> Array:
    q = _orthogonal(rng, len(eigenvalues))
    matrix = (q * np.asarray(eigenvalues, dtype=np.float64)) @ q.T
    return jnp.asarray((matrix + matrix.T) / 2)


def _rectangular(rng: np.random.Generator, values: Sequence[float], rows: int, cols: int) -> Array:
    core = np.zeros((rows, cols))
    np.fill_diagonal(core, values)
    return jnp.asarray(_orthogonal(rng, rows) @ core @ _orthogonal(rng, cols))


def _weights(rng: np.random.Generator, widths: Sequence[int]) -> Tree:
    return [
        {
            "W": jnp.asarray(rng.normal(size=(fan_in, fan_out)) / np.sqrt(fan_in)),
            "b": jnp.asarray(0.3 * rng.normal(size=fan_out)),
        }
        for fan_in, fan_out in pairwise(widths)
    ]


def _start(rng: np.random.Generator, rows: int, columns: int) -> Pair:
    return jnp.asarray(rng.normal(size=rows)), jnp.asarray(rng.normal(size=columns))


def bilinear(singular_values: Sequence[float], rows: int, columns: int, seed: int) -> Bilinear:
    """x^T B y with a random B of shape (rows, columns) that has these singular values."""
    rng = np.random.default_rng(seed)
    B = _rectangular(rng, singular_values, rows, columns)

    def f(x: Array, y: Array) -> Array:
        return _bilinear(x, y, B)

    return Bilinear(B, _start(rng, rows, columns), f, lambda x, y: (f(x, y), -f(x, y)))


def quadratic(rows: int, columns: int, seed: int, turning: float = 1.0) -> Quadratic:
    """A random game of quadratics; x has `rows` entries, y has `columns`.

    The eigenvalues of P, Q, U and V lie in [0.3, 1], the singular values of R and S in
    [0.5, 1.2] times `turning`.
    """
    rng = np.random.default_rng(seed)

    def block(size: int) -> Array:
        return _symmetric(rng, np.linspace(0.3, 1.0, size).tolist())

    coupling = (turning * np.linspace(0.5, 1.2, min(rows, columns))).tolist()
    P, V, Q, U = block(rows), block(rows), block(columns), block(columns)
    R, S = _rectangular(rng, coupling, rows, columns), _rectangular(rng, coupling, columns, rows)
    p, q = _start(rng, rows, columns)

    def losses(x: Array, y: Array) -> Pair:
        return _quadratic(x, y, P, R, p, U), _quadratic(y, x, Q, S, q, V)

    return Quadratic(P, R, p, U, Q, S, q, V, _start(rng, rows, columns), losses)


def networks(
    generator: Sequence[int], discriminator: Sequence[int], examples: int, seed: int
) -> Networks:
    """A generator and a discriminator with tanh layers of these widths.

    The generator maps fixed noise to points, the discriminator a point to a logit s, high for data
    and low for fakes. l_1 is the mean of softplus(-s) over the fakes, l_2 the mean of softplus(s)
    over the fakes plus that of softplus(-s) over the data: the two are not opposites.
    """
    rng = np.random.default_rng(seed)
    z0 = _weights(rng, generator), _weights(rng, discriminator)
    noise = jnp.asarray(rng.normal(size=(examples, generator[0])))
    data = jnp.asarray(1.0 + rng.normal(size=(examples, discriminator[0])))

    def losses(x: Tree, y: Tree) -> Pair:
        return _generator_loss(x, y, noise), _discriminator_loss(x, y, noise, data)

    return Networks(z0, losses)


def saddle(
    leader: Sequence[float],
    follower: Sequence[float],
    coupling: float,
    seed: int,
    strength: float = 0.2,
) -> Saddle:
    """A random zero-sum game with one known stationary point.

    There f_xx has the eigenvalues `leader`, f_yy has `follower`, and the singular values of f_xy
    lie between `coupling` and half of it. Elsewhere the second derivatives differ from these by a
    matrix of spectral norm at most `strength`.
    """
    rng = np.random.default_rng(seed)
    rows, columns = len(leader), len(follower)
    A, C = _symmetric(rng, leader), _symmetric(rng, follower)
    values = np.linspace(coupling, coupling / 2, min(rows, columns)).tolist()
    B = _rectangular(rng, values, rows, columns)
    x_star, y_star = _start(rng, rows, columns)
    W = jnp.asarray(_orthogonal(rng, rows + columns)[:3])
    blocks = A, B, C, x_star, y_star, W

    def f(x: Array, y: Array) -> Array:
        return _saddle(x, y, blocks, strength)

    start = _start(rng, rows, columns)
    return Saddle(A, B, C, (x_star, y_star), start, f, lambda x, y: (f(x, y), -f(x, y)))
