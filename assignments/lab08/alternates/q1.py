"""Right answers to question 1 by other routes: each must get full marks."""

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from grader.checks import alternate


@alternate("q1", of="sgld_iterates", route="a Python loop and the potential differentiated")
def by_the_potential(log_likelihood, w_0, batches, noise, num_examples, prior_std, step_sizes):
    path = [w_0]
    for k in range(len(step_sizes)):
        batch, xi = jax.tree.map(lambda leaf, k=k: leaf[k], (batches, noise))
        eps, size = step_sizes[k], len(jax.tree.leaves(batch)[0])

        def potential(w, batch=batch, size=size):
            square = sum(jnp.sum(p**2) for p in jax.tree.leaves(w))
            likelihood = log_likelihood(w, batch)
            return square / (2 * prior_std**2) - num_examples * likelihood / size

        g = jax.grad(potential)(path[-1])
        path.append(
            jax.tree.map(
                lambda p, g, x, eps=eps: p - eps * g + (2 * eps) ** 0.5 * x, path[-1], g, xi
            )
        )
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *path)


@alternate("q1", of="sgld_iterates", route="flat vectors in a scan, forward mode")
def on_flat_vectors(log_likelihood, w_0, batches, noise, num_examples, prior_std, step_sizes):
    flat, unravel = ravel_pytree(w_0)
    kicks = jax.vmap(lambda xi: ravel_pytree(xi)[0])(noise)
    scale = num_examples / jax.tree.leaves(batches)[0].shape[1]

    def step(v, now):
        batch, kick, eps = now
        rise = jax.jacfwd(lambda v: log_likelihood(unravel(v), batch))(v)
        new = v + eps * (scale * rise - v / prior_std**2) + jnp.sqrt(eps) * jnp.sqrt(2.0) * kick
        return new, new

    _, later = jax.lax.scan(step, flat, (batches, kicks, step_sizes))
    return jax.vmap(unravel)(jnp.vstack([flat, later]))


@alternate("q1", of="stationary_covariance", route="a dense linear system of P^2 unknowns")
def by_a_dense_system(A, step_size, gradient_noise):
    eye = jnp.eye(len(A), dtype=A.dtype)
    system = jnp.kron(A, eye) + jnp.kron(eye, A) - step_size * jnp.kron(A, A)
    return jnp.linalg.solve(system, (2 * eye + step_size * gradient_noise).ravel()).reshape(A.shape)


@alternate("q1", of="stationary_covariance", route="Sylvester's equation for A S (I - eps A / 2)")
def by_sylvester(A, step_size, gradient_noise):
    # With B = A (I - eps A / 2): the part of 2 I is B^-1; that of C by entries.
    a, Q = jnp.linalg.eigh(A)
    rates = a[:, None] * (1 - step_size * a / 2) + a * (1 - step_size * a[:, None] / 2)
    noise = step_size * (Q.T @ gradient_noise @ Q) / rates
    return (Q / (a * (1 - step_size * a / 2))) @ Q.T + Q @ noise @ Q.T
