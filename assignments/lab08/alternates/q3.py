"""Right answers to question 3 by other routes: each must get full marks."""

import jax
import jax.numpy as jnp

from grader.checks import alternate


@alternate("q3", of="flipout_outputs", route="signs broadcast with where, float32 inside")
def outputs_in_single_precision(X, M, E, signs_in, signs_out):
    X, M, E = (a.astype(jnp.float32) for a in (X, M, E))
    noise = jnp.where(signs_in > 0, X, -X) @ E
    return X @ M + jnp.where(signs_out > 0, noise, -noise)


@alternate("q3", of="flipout_outputs", route="vmap over examples, signs on vectors")
def outputs_by_vmap(X, M, E, signs_in, signs_out):
    def one(x, s, r):
        return x @ M + r * ((s * x) @ E)

    return jax.vmap(one)(X, signs_in, signs_out)


@alternate("q3", of="flipout_gradients", route="vjp of the outputs")
def gradients_by_vjp(X, Z, signs_in, signs_out, G):
    def outputs(M, std):
        return X @ M + ((X * signs_in) @ (std * Z)) * signs_out

    zero = jnp.zeros_like(Z)
    return jax.vjp(outputs, zero, zero)[1](G)


@alternate("q3", of="flipout_gradients", route="einsum over examples")
def gradients_by_einsum(X, Z, signs_in, signs_out, G):
    flipped = jnp.einsum("nd,nk->dk", X * signs_in, G * signs_out)
    return jnp.einsum("nd,nk->dk", X, G), flipped * Z


@alternate("q3", of="mean_output_variances", route="covariances of all pairs of examples")
def variances_by_pairs(X, std):
    covariances = jnp.einsum("nd,md,dk->nmk", X, X, std * std)
    alone = jnp.einsum("nnk->nk", covariances)
    return covariances.mean(axis=(0, 1)), alone.sum(axis=0) / len(X) ** 2


@alternate("q3", of="mean_output_variances", route="an array of all terms, float32 inside")
def variances_in_single_precision(X, std):
    terms = (X[:, :, None] * std).astype(jnp.float32)
    N = len(X)
    return jnp.sum(jnp.mean(terms, axis=0) ** 2, axis=0), jnp.sum(terms**2, axis=(0, 1)) / N**2
