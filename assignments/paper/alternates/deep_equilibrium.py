"""Right answers to question 1 for Bai et al. by other routes."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from jax.scipy.sparse.linalg import gmres

from grader.checks import alternate

CHOICE = {"PAPER": "deep_equilibrium"}


@alternate("q1", of="anderson", route="differences to the newest, in NumPy", where=CHOICE)
def anderson_by_weights(f, z_0, memory, num_steps):
    """sum_i a_i f(z_i) with sum a = 1: the weights of the older ones are free."""
    f, shape = jax.jit(f), np.shape(z_0)
    zs, fs = [np.ravel(z_0)], [np.ravel(f(z_0))]
    for _ in range(num_steps):
        zs, fs = zs[-memory - 1 :], fs[-memory - 1 :]
        rs = [b - a for a, b in zip(zs, fs, strict=True)]
        to_newest = np.array([rs[-1] - r for r in rs[:-1]]).reshape(len(rs) - 1, zs[0].size).T
        weights = np.linalg.lstsq(to_newest, rs[-1], rcond=None)[0] if len(rs) > 1 else []
        last = fs[-1] - sum(a * (fs[-1] - old) for a, old in zip(weights, fs[:-1], strict=True))
        zs.append(np.asarray(last, zs[-1].dtype))
        fs.append(np.ravel(f(jnp.asarray(zs[-1]).reshape(shape))))
    return jnp.asarray(zs[-1]).reshape(shape)


def _iterated(f, z_0, memory, num_steps):
    """With QR of the residuals' changes, oldest first, and the pseudoinverse of R."""
    size, shape = jnp.size(z_0), jnp.shape(z_0)

    def step(state, k):
        z, image, Z, F = state
        r = image - z
        dR = F - Z
        # Rows without a change yet are 0, and get the weight 0.
        Q, R = jnp.linalg.qr(dR.T)
        image = image - jnp.linalg.pinv(R) @ (Q.T @ r) @ F
        after = f(image.reshape(shape)).ravel()
        Z, F = jnp.roll(Z, -1, 0), jnp.roll(F, -1, 0)
        return (image, after, Z.at[-1].set(image - z), F.at[-1].set(after - state[1])), None

    z = jnp.ravel(z_0)
    none = jnp.zeros((memory, size), z.dtype)
    state = z, f(z_0).ravel(), none, none
    return jax.lax.scan(step, state, jnp.arange(num_steps))[0][0].reshape(shape)


@alternate("q1", of="anderson", route="QR, changes of f(z) in place of r", where=CHOICE)
def anderson_by_qr(f, z_0, memory, num_steps):
    return jax.jit(lambda z: _iterated(f, z, memory, num_steps))(z_0)


@alternate("q1", of="equilibrium_adjoint", route="GMRES", where=CHOICE)
def adjoint_by_gmres(f, z, theta, g, memory, num_steps):
    back = jax.vjp(lambda z: f(z, theta), z)[1]
    return gmres(lambda u: u - back(u)[0], g, tol=1e-7, restart=memory, maxiter=num_steps)[0]


@alternate("q1", of="equilibrium_adjoint", route="a dense Jacobian", where=CHOICE)
def adjoint_by_a_dense_solve(f, z, theta, g, memory, num_steps):
    J = jax.jit(jax.jacrev(lambda v: f(v.reshape(z.shape), theta).ravel()))(z.ravel())
    return jnp.linalg.solve(jnp.eye(z.size, dtype=z.dtype) - J.T, g.ravel()).reshape(g.shape)


@alternate("q1", of="predicted_equilibrium", route="a dense Jacobian, row by row", where=CHOICE)
def predicted_by_a_dense_solve(f, z, theta, change, memory, num_steps):
    flat, unravel = ravel_pytree(theta)

    def layer(v, flat):
        return f(v.reshape(z.shape), unravel(flat)).ravel()

    J, F = jax.jit(jax.jacrev(layer, argnums=(0, 1)))(z.ravel(), flat)
    moved = jnp.linalg.solve(jnp.eye(z.size) - J, F @ ravel_pytree(change)[0])
    return z + moved.reshape(z.shape)


@alternate("q1", of="equilibrium_update", route="one pull-back for both", where=CHOICE)
def update_by_one_pull_back(f, loss, z, theta, step_size, memory, num_steps):
    z = _iterated(lambda z: f(z, theta), z, memory, num_steps)
    back = jax.vjp(f, z, theta)[1]
    g, direct = jax.grad(loss, argnums=(0, 1))(z, theta)
    u = _iterated(lambda u: g + back(u)[0], g, memory, num_steps)
    down = jax.tree.map(lambda a, b: -step_size * (a + b), back(u)[1], direct)
    return z, jax.tree.map(jnp.add, theta, down)
