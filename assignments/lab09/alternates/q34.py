"""Right answers to questions 3 and 4 by other routes: each must get full marks."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from grader.checks import alternate

# --- q3: Chebyshev's schedule ---------------------------------------------------------------------


@alternate("q3", of="chebyshev_schedule", route="a scan")
def schedule_by_scan(mu, L, num_steps):
    gamma = jnp.asarray((L - mu) / (L + mu))

    def advance(state, k):
        omega = jnp.where(k == 0, 1.0, 1 / (1 - gamma**2 * state / jnp.where(k == 1, 2.0, 4.0)))
        return omega, omega

    _, omegas = jax.lax.scan(advance, jnp.ones_like(gamma), jnp.arange(num_steps))
    return omegas / ((L + mu) / 2), omegas - 1


@alternate("q3", of="chebyshev_schedule", route="powers of rho, in NumPy")
def schedule_by_powers(mu, L, num_steps):
    # T_k(1/gamma) = (rho^k + rho^-k) / 2, and 1/gamma = (rho + 1/rho) / 2.
    rho = (np.sqrt(L) - np.sqrt(mu)) / (np.sqrt(L) + np.sqrt(mu))
    k = np.arange(num_steps)
    omegas = (1 + rho**2) * (1 + rho ** (2.0 * k)) / (1 + rho ** (2.0 * k + 2))
    omegas = np.where(k == 0, 1.0, omegas)
    return omegas * 2 / (L + mu), omegas - 1


@alternate("q3", of="residual_polynomials", route="the three-term recurrence, in NumPy")
def polynomials_by_recurrence(a, step_sizes, momenta):
    a, step_sizes, momenta = (np.asarray(x) for x in (a, step_sizes, momenta))
    rows = [np.ones_like(a)]
    for k in range(len(step_sizes)):
        before = rows[max(k - 1, 0)]
        rows.append((1 + momenta[k] - step_sizes[k] * a) * rows[k] - momenta[k] * before)
    return np.stack(rows)


@alternate("q3", of="residual_polynomials", route="products of 2 x 2 matrices, float32")
def polynomials_by_matrices(a, step_sizes, momenta):
    def of_one(a_j):
        state, values = jnp.ones(2, jnp.float32), [jnp.float32(1)]
        for alpha, beta in zip(step_sizes, momenta, strict=True):
            C = jnp.array([[1 + beta - alpha * a_j, -beta], [1, 0]], jnp.float32)
            state = C @ state
            values.append(state[0])
        return jnp.stack(values)

    return jax.vmap(of_one, out_axes=1)(a)


@alternate("q3", of="chebyshev_bound", route="hyperbolic functions")
def bound_by_hyperbolic_cosine(mu, L, num_steps):
    k = jnp.arange(num_steps + 1)
    if mu == L:
        return jnp.where(k == 0, 1.0, 0.0)
    return 1 / jnp.cosh(k * jnp.arccosh((L + mu) / (L - mu)))


@alternate("q3", of="chebyshev_bound", route="quotients of neighbours, in Python")
def bound_by_quotients(mu, L, num_steps):
    gamma = (L - mu) / (L + mu)
    bounds, omega = [1.0], 2.0
    for _ in range(num_steps):
        # T_k / T_{k+1} at 1/gamma is gamma omega_{k+1} / 2, with 2 for the first omega.
        bounds.append(bounds[-1] * gamma * omega / 2)
        omega = 1 / (1 - gamma**2 * omega / 4)
    return np.array(bounds)


# --- q4: Hamiltonian descent ----------------------------------------------------------------------


@alternate("q4", of="power_velocity", route="a unit vector times the energy's slope")
def velocity_by_unit_vector(p, a, A):
    flat, unravel = ravel_pytree(p)
    size = jnp.linalg.norm(flat)
    unit = flat / jnp.where(size > 0, size, 1)
    return unravel(unit * size ** (a - 1) * (1 + size**a) ** ((A - a) / a))


@alternate("q4", of="power_velocity", route="NumPy, with an if")
def velocity_with_an_if(p, a, A):
    p = jax.tree.map(np.asarray, p)
    t = float(np.sqrt(sum(np.vdot(leaf, leaf) for leaf in jax.tree.leaves(p))))
    if t == 0:
        return p
    slope = jax.grad(lambda t: ((t**a + 1) ** (A / a) - 1) / A)(t)
    return jax.tree.map(lambda leaf: np.asarray(slope) * leaf / t, p)


@alternate("q4", of="hamiltonian_descent", route="Python's for")
def positions_step_by_step(gradient, velocity, x0, step_size, friction, num_steps):
    x, p, path = x0, jax.tree.map(jnp.zeros_like, x0), [x0]
    for _ in range(num_steps):
        g = gradient(x)
        p = jax.tree.map(lambda p, g: (p - step_size * g) / (1 + friction * step_size), p, g)
        x = jax.tree.map(lambda x, v: x + step_size * v, x, velocity(p))
        path.append(x)
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *path)


@alternate("q4", of="hamiltonian_descent", route="fori_loop on flat vectors")
def positions_on_flat_vectors(gradient, velocity, x0, step_size, friction, num_steps):
    flat, unravel = ravel_pytree(x0)

    def body(i, state):
        path, p = state
        g = ravel_pytree(gradient(unravel(path[i])))[0]
        p = (p - step_size * g) / (1 + friction * step_size)
        v = ravel_pytree(velocity(unravel(p)))[0]
        return path.at[i + 1].set(path[i] + step_size * v), p

    path = jnp.zeros((num_steps + 1, flat.size), flat.dtype).at[0].set(flat)
    path, _ = jax.lax.fori_loop(0, num_steps, body, (path, jnp.zeros_like(flat)))
    return jax.vmap(unravel)(path)
