"""Right answers to questions 1 and 2 by other routes: each must get full marks."""

import cmath
import math

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from grader.checks import alternate

# --- q1: heavy ball -------------------------------------------------------------------------------


@alternate("q1", of="heavy_ball", route="two positions instead of a velocity, Python's for")
def heavy_ball_by_positions(gradient, w0, step_sizes, momenta):
    w, before, iterates = w0, w0, [w0]
    for alpha, beta in zip(step_sizes, momenta, strict=True):
        w, before = w - alpha * gradient(w) + beta * (w - before), w
        iterates.append(w)
    return jnp.stack(iterates)


@alternate("q1", of="heavy_ball", route="fori_loop into an array")
def heavy_ball_into_an_array(gradient, w0, step_sizes, momenta):
    steps = step_sizes.shape[0]

    def body(k, state):
        iterates, v = state
        w = iterates[k]
        v = momenta[k] * v - step_sizes[k] * gradient(w)
        return iterates.at[k + 1].set(w + v), v

    iterates = jnp.zeros((steps + 1, *w0.shape), w0.dtype).at[0].set(w0)
    if steps == 0:
        return iterates
    return jax.lax.fori_loop(0, steps, body, (iterates, jnp.zeros_like(w0)))[0]


@alternate("q1", of="mode_rates", route="the library's eigenvalues, in NumPy")
def rates_by_eigenvalues(a, step_size, momentum):
    a = np.asarray(a)
    C = np.zeros((len(a), 2, 2))
    C[:, 0, 0], C[:, 0, 1], C[:, 1, 0] = 1 + momentum - step_size * a, -momentum, 1
    return np.abs(np.linalg.eigvals(C)).max(axis=1)


@alternate("q1", of="mode_rates", route="complex roots, in Python")
def rates_by_complex_roots(a, step_size, momentum):
    rates = []
    for a_j in np.asarray(a):
        p = 1 + momentum - step_size * a_j
        root = cmath.sqrt(p * p - 4 * momentum)
        rates.append(max(abs(p + root), abs(p - root)) / 2)
    return np.array(rates)


@alternate("q1", of="optimal_heavy_ball", route="in terms of kappa, in Python")
def constants_by_kappa(mu, L):
    root = math.sqrt(L / mu)
    rate = (root - 1) / (root + 1)
    return (1 + rate) ** 2 / L, rate * rate, rate


@alternate("q1", of="optimal_heavy_ball", route="float32")
def constants_in_single_precision(mu, L):
    high, low = jnp.sqrt(jnp.float32(L)), jnp.sqrt(jnp.float32(mu))
    step_size = (2 / (high + low)) ** 2
    return step_size, (1 - jnp.sqrt(step_size) * low) ** 2, 1 - jnp.sqrt(step_size) * low


# --- q2: Nesterov's accelerated gradient ----------------------------------------------------------


@alternate("q2", of="nesterov", route="with a velocity, Python's for")
def nesterov_by_velocity(gradient, w0, step_size, momenta):
    w, v = w0, jax.tree.map(jnp.zeros_like, w0)
    iterates, points = [w], []
    for beta in momenta:
        y = jax.tree.map(lambda w, v, beta=beta: w + beta * v, w, v)
        v = jax.tree.map(lambda v, g, beta=beta: beta * v - step_size * g, v, gradient(y))
        w = jax.tree.map(jnp.add, w, v)
        points.append(y)
        iterates.append(w)
    return tuple(jax.tree.map(lambda *x: jnp.stack(x), *trees) for trees in (iterates, points))


@alternate("q2", of="nesterov", route="flat vectors, a scan over the look-ahead points")
def nesterov_on_flat_vectors(gradient, w0, step_size, momenta):
    flat, unravel = ravel_pytree(w0)

    def advance(state, betas):
        y, v = state
        beta, beta_next = betas
        v = beta * v - step_size * ravel_pytree(gradient(unravel(y)))[0]
        # w_{k+1} is y_k less the old velocity's part, plus the new velocity.
        w = y - beta * state[1] + v
        return (w + beta_next * v, v), (w, y)

    betas = momenta, jnp.append(momenta[1:], 0)
    _, (ws, ys) = jax.lax.scan(advance, (flat, jnp.zeros_like(flat)), betas)
    return jax.vmap(unravel)(jnp.concatenate([flat[None], ws])), jax.vmap(unravel)(ys)


@alternate("q2", of="nesterov_rates", route="the library's eigenvalues, in NumPy")
def nesterov_rates_by_eigenvalues(a, step_size, momentum):
    s = 1 - step_size * np.asarray(a)
    C = np.zeros((len(s), 2, 2))
    C[:, 0, 0], C[:, 0, 1], C[:, 1, 0] = (1 + momentum) * s, -momentum * s, 1
    return np.abs(np.linalg.eigvals(C)).max(axis=1)


@alternate("q2", of="nesterov_rates", route="roots of a polynomial")
def nesterov_rates_by_polynomials(a, step_size, momentum):
    shrunk = 1 - step_size * np.asarray(a)
    roots = [np.roots([1, -(1 + momentum) * s, momentum * s]) for s in shrunk]
    return jnp.array([np.abs(pair).max() for pair in roots])


@alternate("q2", of="nesterov_constants", route="in terms of square roots, in Python")
def nesterov_constants_by_roots(mu, L):
    high, low = math.sqrt(L), math.sqrt(mu)
    return 1 / L, (high - low) / (high + low), (high - low) / high


@alternate("q2", of="nesterov_constants", route="float32")
def nesterov_constants_in_single_precision(mu, L):
    q = jnp.sqrt(jnp.float32(mu) / jnp.float32(L))
    return 1 / jnp.float32(L), (1 - q) / (1 + q), 1 - q
