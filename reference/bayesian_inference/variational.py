"""Lecture 8: variational inference with weight noise.

Of a family of Gaussians q, the one of least free energy is taken for the posterior:

    F(q) = E_q[N L(w)] + KL(q || p) = KL(q || posterior) - log evidence

with L the *mean* negative log-likelihood of N examples and p = N(0, tau^2 I). N stands in front:
without it the prior counts N times too much. Two ways to descend on F:

    w = m + s * eps, eps ~ N(0, I), and gradients of F in (m, log s)       Bayes by backprop
    Lambda' = (1 - rho) Lambda + rho E_q[H],  m' = m - rho Lambda'^-1 E_q[g]    natural gradient

where g and H are the derivatives of U = N L - log p. The second is natural-gradient descent in
the natural parameters (Lambda m, -Lambda / 2), which makes it Newton's method with noisy weights.
For a Gaussian posterior N(m, Lambda^-1) the best diagonal q has the right mean and the variances
1 / Lambda_ii, which are smaller than the true (Lambda^-1)_ii unless Lambda is diagonal.

The standard deviations are kept as log s (the paper of Bayes by backprop has s = log(1 + e^rho)).

    >>> q = mean_field_optimum(Gaussian(jnp.ones(2), jnp.array([[4.0, 1.0], [1.0, 1.0]])))
    >>> print(q.mean, jnp.exp(q.log_std))
    [1. 1.] [0.5 1. ]

Source: CSC2541 lecture 8; Blundell et al. (2015); Zhang et al. (2018), noisy natural gradient;
Khan et al. (2018), variational online Newton.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from reference.bayesian_inference.linear_gaussian import Gaussian
from reference.pytrees import Scalar, Tree, as_tree, as_vector

# --- Bayes by backprop ---------------------------------------------------------------------------


class MeanField(NamedTuple):
    """N(mean, diag(exp(log_std))^2): two trees shaped as the parameters."""

    mean: Tree
    log_std: Tree


def weight_samples(key: Key[Array, ""], q: MeanField, num_pairs: int) -> Tree:
    """m + s * eps and m - s * eps, along a new first axis of length 2 num_pairs.

    Differentiable in q: the noise does not depend on it (reparameterisation). The pairs cancel
    what is odd in eps, so that means of linear functions are exact.
    """
    like = jax.tree.map(lambda m: jnp.broadcast_to(m, (num_pairs, *m.shape)), q.mean)
    flat = as_vector(like)
    eps = as_tree(jax.random.normal(key, flat.shape, flat.dtype), like=like)
    pairs = jax.tree.map(lambda e: jnp.concatenate([e, -e]), eps)
    return jax.tree.map(lambda m, r, e: m + jnp.exp(r) * e, q.mean, q.log_std, pairs)


def kl_from_prior(q: MeanField, prior_std: Scalar | float) -> Scalar:
    """KL(q || N(0, tau^2 I)) = sum_i (s_i^2 + m_i^2) / 2 tau^2 - 1/2 - log(s_i / tau).

    >>> print(kl_from_prior(MeanField(jnp.array([3.0]), jnp.zeros(1)), 1.0))
    4.5
    """
    m, log_ratio = as_vector(q.mean), as_vector(q.log_std) - jnp.log(prior_std)
    return jnp.sum((jnp.exp(2 * log_ratio) + (m / prior_std) ** 2 - 1) / 2 - log_ratio)


def free_energy(
    key: Key[Array, ""],
    loss: Callable[[Tree], Scalar],
    q: MeanField,
    num_examples: int,
    prior_std: Scalar | float,
    *,
    num_pairs: int = 1,
) -> Scalar:
    """F = N mean_samples L(w) + KL(q || p), in nats: minus the evidence lower bound.

    Unbiased, and so is its gradient in q, for loss = L or an unbiased estimate of it (a
    mini-batch's mean). The KL is in closed form, so only L is sampled.
    Cost: 2 num_pairs losses. Source: Blundell et al. (2015), where the KL is sampled too.
    """
    losses = jax.vmap(loss)(weight_samples(key, q, num_pairs))
    return num_examples * jnp.mean(losses) + kl_from_prior(q, prior_std)


def mean_field_optimum(posterior: Gaussian) -> MeanField:
    """The diagonal Gaussian q of least KL(q || posterior): mean m, variances 1 / Lambda_ii.

    Not the marginals, whose variances (Lambda^-1)_ii minimise KL(posterior || q).
    """
    return MeanField(posterior.mean, -jnp.log(jnp.diag(posterior.precision)) / 2)


# --- Natural gradient ----------------------------------------------------------------------------


def noisy_newton_step(
    key: Key[Array, ""],
    energy: Callable[[Float[Array, " P"]], Scalar],
    q: Gaussian,
    step_size: Scalar | float,
    *,
    num_pairs: int = 1,
    mean_field: bool = False,
) -> Gaussian:
    """Lambda' = (1 - rho) Lambda + rho E_q[H], m' = m - rho Lambda'^-1 E_q[g], g and H of `energy`.

    `energy` is U = -log p(data, w) with any constant, N times a mean loss and the prior's part.
    A step rho = 1 ends at the posterior if that is Gaussian: the pairs of samples m +- eps make
    E_q[g] exact there. With `mean_field` only the diagonal of H is kept (q's must be diagonal
    too): the same rule for the family of diagonal Gaussians. Lambda' stays positive definite
    if E_q[H] is, as for a convex U, or if rho is small.
    Cost: 2 num_pairs gradients and Hessians (P gradients each), and O(P^3).
    Source: Khan et al. (2018), variational online Newton.
    """
    noise = jax.random.normal(key, (num_pairs, len(q.mean)), q.mean.dtype)
    # Lambda = L L^T: L^-T times white noise has the covariance Lambda^-1.
    L = jnp.linalg.cholesky(q.precision)
    eps = jax.scipy.linalg.solve_triangular(L, noise.T, trans=1, lower=True).T
    w = q.mean + jnp.concatenate([eps, -eps])

    g = jnp.mean(jax.vmap(jax.grad(energy))(w), axis=0)
    H = jnp.mean(jax.vmap(jax.hessian(energy))(w), axis=0)
    curvature = jnp.diag(jnp.diag(H)) if mean_field else H
    precision = (1 - step_size) * q.precision + step_size * curvature
    return Gaussian(q.mean - step_size * jnp.linalg.solve(precision, g), precision)
