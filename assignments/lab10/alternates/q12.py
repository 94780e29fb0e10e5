"""Right answers to questions 1 and 2 by other routes: each must get full marks."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from grader.checks import alternate


def _single(tree):
    return jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float32), tree)


def _stacked(path):
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *path)


# --- q1: the field, the Jacobian, descent --------------------------------------------------------


@alternate("q1", of="game_field", route="argnums")
def field_by_argnums(losses, z):
    return tuple(jax.grad(lambda *z, i=i: losses(*z)[i], argnums=i)(*z) for i in (0, 1))


@alternate("q1", of="game_field", route="the transposed Jacobian of both losses at once")
def field_by_pull_back(losses, z):
    (l_1, l_2), pull = jax.vjp(losses, *z)
    one, zero = jnp.ones_like(l_1), jnp.zeros_like(l_2)
    return pull((one, zero))[0], pull((zero, one))[1]


@alternate("q1", of="game_jacobian", route="rows of the Hessians of the two losses")
def jacobian_from_hessians(losses, z):
    flat, unravel = ravel_pytree(z)
    D = len(ravel_pytree(z[0])[0])
    first, second = (jax.hessian(lambda v, i=i: losses(*unravel(v))[i])(flat) for i in (0, 1))
    return jnp.concatenate([first[:D], second[D:]])


@alternate("q1", of="game_jacobian", route="reverse mode")
def jacobian_in_reverse(losses, z):
    flat, unravel = ravel_pytree(z)

    def xi(flat):
        x, y = unravel(flat)
        own = jax.grad(lambda x: losses(x, y)[0])(x), jax.grad(lambda y: losses(x, y)[1])(y)
        return ravel_pytree(own)[0]

    return jax.jacrev(xi)(flat)


@alternate("q1", of="simultaneous_descent", route="a Python loop over tuples")
def simultaneous_in_a_loop(losses, z0, step_size, num_steps):
    path = [z0]
    for _ in range(num_steps):
        x, y = path[-1]
        g_x = jax.grad(lambda x, y=y: losses(x, y)[0])(x)
        g_y = jax.grad(lambda y, x=x: losses(x, y)[1])(y)
        path.append(
            (
                jax.tree.map(lambda p, g: p - step_size * g, x, g_x),
                jax.tree.map(lambda p, g: p - step_size * g, y, g_y),
            )
        )
    return _stacked(path)


@alternate("q1", of="simultaneous_descent", route="a scan over the flat vector")
def simultaneous_on_vectors(losses, z0, step_size, num_steps):
    flat, unravel = ravel_pytree(z0)

    def advance(v, _):
        return v - step_size * ravel_pytree(field_by_argnums.function(losses, unravel(v)))[0], v

    _, path = jax.lax.scan(advance, flat, length=num_steps + 1)
    return jax.vmap(unravel)(path)


@alternate("q1", of="alternating_descent", route="a Python loop, one player after the other")
def alternating_in_a_loop(losses, z0, step_size, num_steps):
    x, y = z0
    xs, ys = [x], [y]
    for _ in range(num_steps):
        slope = jax.grad(lambda x, y=y: losses(x, y)[0])(x)
        x = jax.tree.map(lambda p, g: p - step_size * g, x, slope)
        slope = jax.grad(lambda y, x=x: losses(x, y)[1])(y)
        y = jax.tree.map(lambda p, g: p - step_size * g, y, slope)
        xs.append(x)
        ys.append(y)
    return _stacked(xs), _stacked(ys)


@alternate("q1", of="alternating_descent", route="a scan that moves the players in turn")
def alternating_in_turn(losses, z0, step_size, num_steps):
    def advance(z, _):
        now = z
        for i in (0, 1):
            g = field_by_argnums.function(losses, now)[i]
            moved = jax.tree.map(lambda p, g: p - step_size * g, now[i], g)
            now = (moved, now[1]) if i == 0 else (now[0], moved)
        return now, z

    return jax.lax.scan(advance, z0, length=num_steps + 1)[1]


# --- q2: looking ahead ---------------------------------------------------------------------------


@alternate("q2", of="extragradient", route="a Python loop over flat vectors")
def extragradient_in_a_loop(field, z0, step_size, num_steps):
    flat, unravel = ravel_pytree(z0)
    path = [flat]
    for _ in range(num_steps):
        ahead = path[-1] - step_size * ravel_pytree(field(unravel(path[-1])))[0]
        path.append(path[-1] - step_size * ravel_pytree(field(unravel(ahead)))[0])
    return jax.vmap(unravel)(jnp.stack(path))


@alternate("q2", of="extragradient", route="by the change that the trial step makes in the field")
def extragradient_by_correction(field, z0, step_size, num_steps):
    def advance(z, _):
        here = field(z)
        trial = jax.tree.map(lambda p, g: p - step_size * g, z, here)
        there = field(trial)
        moved = jax.tree.map(lambda p, a, b: p - step_size * (b - a), trial, here, there)
        return moved, z

    return jax.lax.scan(advance, z0, length=num_steps + 1)[1]


@alternate("q2", of="optimistic", route="the first step apart, then a loop")
def optimistic_with_a_first_step(field, z0, step_size, num_steps):
    path, before = [z0], None
    for _ in range(num_steps):
        now = field(path[-1])
        moved = jax.tree.map(lambda p, g: p - step_size * g, path[-1], now)
        if before is not None:
            moved = jax.tree.map(lambda p, g, b: p - step_size * (g - b), moved, now, before)
        path.append(moved)
        before = now
    return _stacked(path)


@alternate("q2", of="optimistic", route="base points w_k = z_k - eta xi_{k-1}")
def optimistic_by_base_points(field, z0, step_size, num_steps):
    # w_k = z_k - eta xi_{k-1} obeys w_{k+1} = w_k - eta xi_k, up to where it starts.
    def advance(state, _):
        base, saved = state
        z = jax.tree.map(lambda w, g: w - step_size * g, base, saved)
        now = field(z)
        return (jax.tree.map(lambda w, g: w - step_size * g, base, now), now), z

    first = field(z0)
    base = jax.tree.map(lambda p, g: p + step_size * g, z0, first)
    return jax.lax.scan(advance, (base, first), length=num_steps + 1)[1]


@alternate("q2", of="bilinear_rates", route="real formulas, in float32")
def rates_in_real_formulas(singular_values, step_size):
    e = _single(singular_values * step_size)
    below = (1 + jnp.sqrt(jnp.maximum(1 - 4 * e**2, 0))) / 2
    above = 1 / 4 + (e + jnp.sqrt(jnp.maximum(e**2 - 1 / 4, 0))) ** 2
    optimistic = jnp.sqrt(jnp.where(e <= 0.5, below, above))
    return jnp.hypot(1.0, e), jnp.sqrt(1 - e**2 + e**4), optimistic


@alternate("q2", of="bilinear_rates", route="eigenvalues of small matrices, in NumPy")
def rates_by_matrices(singular_values, step_size):
    rates = []
    for e in np.asarray(singular_values) * step_size:
        J = e * np.array([[0.0, 1.0], [-1.0, 0.0]])
        eye = np.eye(2)
        saved = np.block([[eye - 2 * J, J], [eye, 0 * eye]])
        three = (eye - J, eye - J + J @ J, saved)
        rates.append([np.abs(np.linalg.eigvals(M)).max() for M in three])
    return tuple(np.array(rates).T)
