"""Right answers to question 4 by other routes."""

import jax
import jax.numpy as jnp
import numpy as np

from grader.checks import alternate


@alternate("q4", of="log_sum_exp", route="the library's")
def lse_of_the_library(z):
    return jax.nn.logsumexp(z, axis=-1)


@alternate("q4", of="log_sum_exp", route="pairs, one class after the other")
def lse_by_pairs(z):
    total = z[..., 0]
    for c in range(1, z.shape[-1]):
        total = jnp.logaddexp(total, z[..., c])
    return total


@alternate("q4", of="log_sum_exp", route="a shift held fixed")
def lse_with_a_fixed_shift(z):
    m = jax.lax.stop_gradient(z.max(axis=-1))
    return m + jnp.log(jnp.exp(z - m[..., None]).sum(axis=-1))


@alternate("q4", of="cross_entropy", route="log_softmax, the gradient written out")
def cross_entropy_written_out(z, labels):
    n = jnp.arange(len(labels))
    log_p = jax.nn.log_softmax(z, axis=-1)
    return -log_p[n, labels].mean(), jnp.exp(log_p).at[n, labels].add(-1) / len(labels)


@alternate("q4", of="cross_entropy", route="one-hot labels of the logits' dtype")
def cross_entropy_of_one_hot(z, labels):
    hot = jax.nn.one_hot(labels, z.shape[1], dtype=z.dtype)
    return jax.value_and_grad(lambda z: -jnp.mean(jnp.sum(hot * jax.nn.log_softmax(z), axis=1)))(z)


@alternate("q4", of="cross_entropy", route="NumPy")
def cross_entropy_in_numpy(z, labels):
    z, labels = np.asarray(z), np.asarray(labels)
    shifted = z - z.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    hot = (labels[:, None] == np.arange(z.shape[1])).astype(z.dtype)
    return -(hot * log_p).sum(axis=1).mean(), (np.exp(log_p) - hot) / np.asarray(len(z), z.dtype)
