"""Right answers to question 1 for McCandlish et al. by other routes."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from grader.checks import alternate

CHOICE = {"PAPER": "large_batch"}


@alternate("q1", of="noise_scales", route="dense matrices, in float32", where=CHOICE)
def scales_by_dense_matrices(example_loss, w, X, y):
    flat, unravel = ravel_pytree(jax.tree.map(lambda leaf: leaf.astype(jnp.float32), w))

    def losses(v):
        return jax.vmap(example_loss, (None, 0, 0))(unravel(v), X.astype(jnp.float32), y)

    g = jax.jacrev(losses)(flat)
    H, G = jax.hessian(lambda v: jnp.mean(losses(v)))(flat), jnp.mean(g, axis=0)
    Sigma = g.T @ g / len(g) - jnp.outer(G, G)
    return jnp.trace(Sigma) / (G @ G), jnp.sum(H * Sigma) / (G @ H @ G)


@alternate("q1", of="best_steps", route="the noise scale, in float32", where=CHOICE)
def best_steps_by_the_noise_scale(G, H, Sigma, batch_sizes):
    G, H, Sigma, B = (np.asarray(a, np.float32) for a in (G, H, Sigma, batch_sizes))
    noise_scale = np.sum(H * Sigma) / (G @ H @ G)
    steps = G @ G / (G @ H @ G) / (1 + noise_scale / B)
    return steps, G @ G * steps / 2


@alternate("q1", of="worker_estimates", route="inner products of two workers", where=CHOICE)
def estimates_by_pairs_of_workers(gradients, worker_batch):
    leaves = jax.tree.leaves(gradients)
    M, W = leaves[0].shape[:2]
    flat = np.concatenate([np.asarray(leaf).reshape(M, W, -1) for leaf in leaves], axis=2)
    gram = np.einsum("mvp,mwp->vw", flat, flat) / M
    square = (gram.sum() - np.trace(gram)) / (W * (W - 1))
    return square, worker_batch * (np.trace(gram) / W - square)


@alternate("q1", of="fit_trade_off", route="normal equations, scaled", where=CHOICE)
def trade_off_by_normal_equations(steps, examples):
    a, b = jnp.min(steps) / steps, jnp.min(examples) / examples
    determinant = (a @ a) * (b @ b) - (a @ b) ** 2
    u = ((b @ b) * jnp.sum(a) - (a @ b) * jnp.sum(b)) / determinant
    v = ((a @ a) * jnp.sum(b) - (a @ b) * jnp.sum(a)) / determinant
    return jnp.min(steps) * u, jnp.min(examples) * v
