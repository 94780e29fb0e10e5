"""Right answers to question 1 for Cohen et al. by other routes."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from grader.checks import alternate

CHOICE = {"PAPER": "edge_of_stability"}


@alternate("q1", of="sharpness", route="reverse over reverse, columns, vectors of T", where=CHOICE)
def sharpness_in_columns(loss, w, v, num_products):
    flat, unravel = ravel_pytree(w)
    slope = jax.grad(lambda flat: loss(unravel(flat)))
    push = jax.grad(lambda flat, q: slope(flat) @ q)
    q = ravel_pytree(v)[0]
    size = min(num_products, flat.size)
    rounding = 1e3 * jnp.finfo(flat.dtype).eps

    def extend(k, state):
        # Columns of Q from k on are 0 until they are found, or for ever.
        Q, images, count = state
        image = push(flat, Q[:, k])
        images = images.at[:, k].set(image)
        rest = image - Q @ (Q.T @ image)
        rest = rest - Q @ (Q.T @ rest)
        length = jnp.linalg.norm(rest)
        more = (length > rounding * jnp.linalg.norm(image)) & (count == k + 1)
        unit = jnp.where(more, rest / jnp.where(more, length, 1), 0)
        return Q.at[:, k + 1].set(unit, mode="drop"), images, count + more

    Q = jnp.zeros((flat.size, size), flat.dtype).at[:, 0].set(q / jnp.linalg.norm(q))
    Q, images, _ = jax.lax.fori_loop(0, size, extend, (Q, jnp.zeros_like(Q), 1))
    T = Q.T @ images
    values, vectors = jnp.linalg.eigh((T + T.T) / 2)
    # A vector within the columns that are in use has its length there.
    inside = jnp.any(Q != 0, axis=0) @ vectors**2 > 0.5
    return jnp.max(jnp.where(inside, values, -jnp.inf))


@alternate("q1", of="recorded_descent", route="one step at a time, in Python", where=CHOICE)
def descent_in_python(loss, w_0, step_size, num_steps, every, num_products):
    start, unravel = ravel_pytree(w_0)
    value_and_slope = jax.jit(jax.value_and_grad(lambda flat: loss(unravel(flat))))

    @jax.jit
    def sharp(flat, g):
        basis, T = [g / jnp.linalg.norm(g)], jnp.zeros((num_products, num_products))
        for k in range(num_products):
            rest = jax.jvp(lambda x: value_and_slope(x)[1], (flat,), (basis[k],))[1]
            Q = jnp.stack(basis)
            row = Q @ rest
            T = T.at[k, : k + 1].set(row).at[: k + 1, k].set(row)
            for _ in range(2):
                rest = rest - (Q @ rest) @ Q
            basis.append(rest / jnp.linalg.norm(rest))
        return jnp.linalg.eigvalsh(T)[-1]

    flat, losses, found = start, [], []
    for k in range(num_steps + 1):
        value, g = value_and_slope(flat)
        losses.append(float(value))
        if k % every == 0:
            found.append(float(sharp(flat, g)))
        if k < num_steps:
            flat = flat - step_size * g
    return unravel(flat), np.array(losses), np.array(found)


@alternate("q1", of="scalar_model_sharpness", route="eigenvalues of matrices", where=CHOICE)
def scalar_sharpness_by_eigenvalues(u, v):
    off_diagonal = 2 * u * v - 1
    H = jnp.stack([jnp.stack([v**2, off_diagonal]), jnp.stack([off_diagonal, u**2])])
    return jnp.linalg.eigvalsh(jnp.moveaxis(H, -1, 0))[:, -1]
