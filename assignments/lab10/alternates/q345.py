"""Right answers to questions 3, 4 and 5 by other routes: each must get full marks."""

import jax
import jax.numpy as jnp
import numpy as np

from grader.checks import alternate


def _field(losses, z):
    return tuple(jax.grad(lambda *z, i=i: losses(*z)[i], argnums=i)(*z) for i in (0, 1))


def _dot(u, v):
    return sum(jnp.vdot(a, b) for a, b in zip(jax.tree.leaves(u), jax.tree.leaves(v), strict=True))


def _stacked(path):
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *path)


# --- q3: consensus and symplectic adjustment -----------------------------------------------------


@alternate("q3", of="consensus_direction", route="the gradient of half the squared length")
def consensus_by_gradient(losses, z, weight):
    def h(z):
        xi = _field(losses, z)
        return _dot(xi, xi) / 2

    return jax.tree.map(lambda g, c: g + weight * c, _field(losses, z), jax.grad(h)(z))


@alternate("q3", of="consensus_direction", route="each player by itself")
def consensus_player_by_player(losses, z, weight):
    xi = _field(losses, z)
    fixed = jax.lax.stop_gradient(xi)
    of_x = jax.grad(lambda x: _dot(_field(losses, (x, z[1])), fixed))(z[0])
    of_y = jax.grad(lambda y: _dot(_field(losses, (z[0], y)), fixed))(z[1])
    return jax.tree.map(lambda g, c: g + weight * c, xi, (of_x, of_y))


@alternate("q3", of="symplectic_direction", route="jvp and vjp")
def symplectic_by_two_products(losses, z, weight):
    def xi_of(z):
        return _field(losses, z)

    xi, pull = jax.vjp(xi_of, z)
    _, pushed = jax.jvp(xi_of, (z,), (xi,))
    return jax.tree.map(lambda g, t, p: g + weight / 2 * (t - p), xi, pull(xi)[0], pushed)


@alternate("q3", of="symplectic_direction", route="reverse mode only: J xi by a double pull-back")
def symplectic_in_reverse(losses, z, weight):
    xi, pull = jax.vjp(lambda z: _field(losses, z), z)
    _, pull_twice = jax.vjp(lambda u: pull(u)[0], xi)
    pulled, pushed = pull(xi)[0], pull_twice(xi)[0]
    return jax.tree.map(lambda g, t, p: g + 0.5 * weight * t - 0.5 * weight * p, xi, pulled, pushed)


# --- q4: complex momentum ------------------------------------------------------------------------


@alternate("q4", of="complex_momentum", route="the real and the imaginary part by themselves")
def complex_momentum_in_real_parts(field, z0, alpha, beta, num_steps):
    alpha, beta = complex(alpha), complex(beta)

    def advance(state, _):
        z, u, v = state
        xi = field(z)
        u, v = (
            jax.tree.map(lambda u, v, g: beta.real * u - beta.imag * v - g, u, v, xi),
            jax.tree.map(lambda u, v: beta.imag * u + beta.real * v, u, v),
        )
        moved = jax.tree.map(lambda p, u, v: p + alpha.real * u - alpha.imag * v, z, u, v)
        return (moved, u, v), z

    zero = jax.tree.map(jnp.zeros_like, z0)
    return jax.lax.scan(advance, (z0, zero, zero), length=num_steps + 1)[1]


@alternate("q4", of="complex_momentum", route="the step size inside the velocity, in a loop")
def complex_momentum_with_scaled_velocity(field, z0, alpha, beta, num_steps):
    path = [z0]
    mu = jax.tree.map(lambda p: 0j * p, z0)
    for _ in range(num_steps):
        mu = jax.tree.map(lambda m, g: beta * m - alpha * g, mu, field(path[-1]))
        path.append(jax.tree.map(lambda p, m: p + m.real, path[-1], mu))
    return _stacked(path)


@alternate("q4", of="complex_momentum_radius", route="a cubic for each eigenvalue of J, in NumPy")
def radius_by_cubics(J, alpha, beta):
    beta, largest = complex(beta), 0.0
    b, square = beta.real, abs(beta) ** 2
    for lam in np.linalg.eigvals(np.asarray(J)):
        # (z - 1)(z^2 - 2 b z + |beta|^2) + alpha lambda z (z - b)
        a = alpha * lam
        roots = np.roots([1, a - 1 - 2 * b, square + 2 * b - a * b, -square])
        largest = max(largest, np.abs(roots).max())
    return np.float64(largest)


@alternate("q4", of="complex_momentum_radius", route="mu and its conjugate in place of its parts")
def radius_with_conjugates(J, alpha, beta):
    J = np.asarray(J)
    eye, zero = np.eye(len(J)), np.zeros_like(J)
    rows = [[beta * eye, zero, -J], [zero, np.conj(beta) * eye, -J]]
    half = alpha / 2
    rows.append([half * beta * eye, half * np.conj(beta) * eye, eye - alpha * J])
    return np.abs(np.linalg.eigvals(np.block(rows))).max()


# --- q5: margins and the ridge -------------------------------------------------------------------


@alternate("q5", of="stationary_margins", route="blocks by jacfwd of gradients, NumPy, an if")
def margins_in_numpy(f, z):
    g_x, g_y = jax.grad(f, argnums=0), jax.grad(f, argnums=1)
    f_xx, f_xy = (np.asarray(jax.jacfwd(g_x, argnums=i)(*z)) for i in (0, 1))
    f_yx, f_yy = (np.asarray(jax.jacfwd(g_y, argnums=i)(*z)) for i in (0, 1))
    J = np.concatenate(
        [np.concatenate([f_xx, f_xy], axis=1), -np.concatenate([f_yx, f_yy], axis=1)]
    )
    follower = -np.linalg.eigvalsh(f_yy).max()
    minimax = follower
    if follower > 0:
        leader = np.linalg.eigvalsh(f_xx - f_xy @ np.linalg.inv(f_yy) @ f_yx).min()
        minimax = min(follower, leader)
    nash = min(np.linalg.eigvalsh(f_xx).min(), follower)
    return nash, minimax, np.linalg.eigvals(J).real.min()


@alternate("q5", of="stationary_margins", route="the Hessian of the flat function, pseudo-inverse")
def margins_of_the_flat_function(f, z):
    D = len(z[0])
    H = jax.hessian(lambda v: f(v[:D], v[D:]))(jnp.concatenate(z))
    sign = jnp.where(jnp.arange(len(H)) < D, 1.0, -1.0)
    stable = jnp.linalg.eigvals(sign[:, None] * H).real.min()
    follower = jnp.linalg.eigvalsh(-H[D:, D:]).min()
    schur = H[:D, :D] - H[:D, D:] @ jnp.linalg.pinv(H[D:, D:]) @ H[D:, :D]
    both = jnp.minimum(follower, jnp.linalg.eigvalsh(schur).min())
    nash = jnp.minimum(jnp.linalg.eigvalsh(H[:D, :D]).min(), follower)
    return nash, jnp.where(follower > 0, both, follower), stable


@alternate("q5", of="ridge_direction", route="dense blocks")
def ridge_by_dense_blocks(f, z):
    f_x, f_y = jax.grad(f, argnums=(0, 1))(*z)
    (_, _), (f_yx, f_yy) = jax.hessian(f, argnums=(0, 1))(*z)
    return f_x, -(f_y + jnp.linalg.inv(f_yy) @ (f_yx @ f_x))


@alternate("q5", of="ridge_direction", route="the gradient of an inner product, least squares")
def ridge_by_inner_product(f, z):
    x, y = z
    g_x, g_y = jax.grad(f, argnums=0), jax.grad(f, argnums=1)
    f_x = g_x(x, y)
    carried = jax.grad(lambda y: g_x(x, y) @ f_x)(y)
    slope = jnp.linalg.lstsq(jax.jacrev(g_y, argnums=1)(x, y), carried)[0]
    return f_x, -g_y(x, y) - slope
