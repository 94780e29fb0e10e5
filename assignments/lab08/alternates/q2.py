"""Right answers to question 2 by other routes: each must get full marks."""

import math

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from grader.checks import alternate


@alternate("q2", of="kl_to_prior", route="flat vectors, float32 inside")
def divergence_in_single_precision(mean, rho, prior_std):
    m, r = (ravel_pytree(tree)[0].astype(jnp.float32) for tree in (mean, rho))
    s = jnp.logaddexp(r, 0) / prior_std
    return (s @ s + m @ m / prior_std**2 - len(m)) / 2 - jnp.sum(jnp.log(s))


@alternate("q2", of="kl_to_prior", route="entropy and cross-entropy")
def divergence_by_entropies(mean, rho, prior_std):
    total = 0.0
    for m, r in zip(jax.tree.leaves(mean), jax.tree.leaves(rho), strict=True):
        s = jnp.where(r > 0, r, 0) + jnp.log1p(jnp.exp(-jnp.abs(r)))
        constant = math.log(2 * math.pi) / 2
        entropy = jnp.log(s) + constant + 0.5
        crossed = math.log(prior_std) + constant + (s**2 + m**2) / (2 * prior_std**2)
        total = total + jnp.sum(crossed - entropy)
    return total


@alternate("q2", of="free_energy", route="a Python loop, float32 inside")
def energy_in_single_precision(log_likelihood, mean, rho, draws, batch, num_examples, prior_std):
    m, unravel = ravel_pytree(mean)
    s = jax.nn.softplus(ravel_pytree(rho)[0])
    m, s = m.astype(jnp.float32), s.astype(jnp.float32)
    count = len(jax.tree.leaves(draws)[0])
    total = 0.0
    for i in range(count):
        eps = ravel_pytree(jax.tree.map(lambda leaf, i=i: leaf[i], draws))[0]
        w = unravel((m + s * eps).astype(ravel_pytree(mean)[0].dtype))
        total = total + log_likelihood(w, batch).astype(jnp.float32)
    kl = jnp.sum((s**2 + m**2) / (2 * prior_std**2) - 0.5 - jnp.log(s / prior_std))
    return kl - num_examples * total / (count * len(jax.tree.leaves(batch)[0]))


@alternate("q2", of="free_energy", route="a scan over draws")
def energy_by_a_scan(log_likelihood, mean, rho, draws, batch, num_examples, prior_std):
    s = jax.tree.map(jax.nn.softplus, rho)
    size = len(jax.tree.leaves(batch)[0])

    def add(total, eps):
        w = jax.tree.map(lambda m, s, e: m + s * e, mean, s, eps)
        return total + log_likelihood(w, batch) / size, None

    start = jnp.zeros((), ravel_pytree(mean)[0].dtype)
    total, _ = jax.lax.scan(add, start, draws)
    m, s = ravel_pytree(mean)[0], ravel_pytree(s)[0]
    kl = ((m @ m + s @ s) / prior_std**2 - m.size) / 2 - jnp.sum(jnp.log(s / prior_std))
    return kl - num_examples * total / len(jax.tree.leaves(draws)[0])


@alternate("q2", of="free_energy_gradient", route="the chain rule by hand, draw by draw")
def gradient_by_the_chain_rule(log_likelihood, mean, rho, draws, batch, num_examples, prior_std):
    s = jax.tree.map(jax.nn.softplus, rho)
    scale = num_examples / len(jax.tree.leaves(batch)[0])

    def of_draw(eps):
        w = jax.tree.map(lambda m, s, e: m + s * e, mean, s, eps)
        g = jax.tree.map(lambda leaf: -scale * leaf, jax.grad(log_likelihood)(w, batch))
        return g, jax.tree.map(jnp.multiply, g, eps)

    in_mean, in_s = jax.tree.map(lambda leaf: leaf.mean(axis=0), jax.vmap(of_draw)(draws))
    return (
        jax.tree.map(lambda g, m: g + m / prior_std**2, in_mean, mean),
        jax.tree.map(
            lambda g, s, r: (g + s / prior_std**2 - 1 / s) / (1 + jnp.exp(-r)), in_s, s, rho
        ),
    )


@alternate("q2", of="free_energy_gradient", route="vjp of a scan, of a flat vector")
def gradient_of_a_scan(log_likelihood, mean, rho, draws, batch, num_examples, prior_std):
    flat, unravel = ravel_pytree((mean, rho))

    def energy(flat):
        m, r = unravel(flat)
        return energy_by_a_scan.function(
            log_likelihood, m, r, draws, batch, num_examples, prior_std
        )

    value, pull_back = jax.vjp(energy, flat)
    return unravel(pull_back(jnp.ones_like(value))[0])


@alternate("q2", of="mean_field_optimum", route="an augmented least-squares problem")
def optimum_by_least_squares(Phi, t, noise_std, prior_std):
    P = Phi.shape[1]
    rows = jnp.concatenate([Phi * prior_std, noise_std * jnp.eye(P, dtype=Phi.dtype)])
    w = jnp.linalg.lstsq(rows, jnp.concatenate([t, jnp.zeros(P, t.dtype)]))[0] * prior_std
    s = 1 / jnp.sqrt(jnp.sum((rows / (noise_std * prior_std)) ** 2, axis=0))
    return w, jnp.log(jnp.expm1(jnp.minimum(s, 50.0))) + jnp.maximum(s - 50.0, 0.0)


@alternate("q2", of="mean_field_optimum", route="the precision's Cholesky factor")
def optimum_by_cholesky(Phi, t, noise_std, prior_std):
    scaled = Phi / noise_std
    precision = scaled.T @ scaled + jnp.eye(Phi.shape[1], dtype=Phi.dtype) * prior_std**-2
    factor = jax.scipy.linalg.cho_factor(precision)
    s = jnp.sqrt(1 / jnp.diagonal(precision))
    return (
        jax.scipy.linalg.cho_solve(factor, scaled.T @ (t / noise_std)),
        jnp.log(-jnp.expm1(-s)) + s,
    )
