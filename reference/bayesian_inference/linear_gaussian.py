"""Lecture 8: Bayesian linear regression, the posterior that is known in closed form.

    t = Phi w + noise,     noise ~ N(0, sigma^2 I),     w ~ N(0, tau^2 I)
    p(w | t) = N(m, Lambda^-1)
    Lambda = Phi^T Phi / sigma^2 + I / tau^2,      Lambda m = Phi^T t / sigma^2

What the approximations of this package are tried on: Laplace's must be exact here, the mean-field
one has a known optimum, and Langevin dynamics is a linear recursion. m is ridge regression with
N lambda = sigma^2 / tau^2. Standard deviations are arguments, precisions are results.

    >>> Phi, t = jnp.array([[1.0], [1.0]]), jnp.array([1.0, 5.0])
    >>> posterior = linear_posterior(Phi, t, noise_std=1.0, prior_std=1.0)
    >>> print(posterior.mean.round(3), posterior.precision)
    [2.] [[3.]]

Source: CSC2541 lecture 8; Bishop (2006), section 3.3.
"""

import math
from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from reference.pytrees import Scalar


class Gaussian(NamedTuple):
    """N(mean, precision^-1)."""

    mean: Float[Array, " P"]
    precision: Float[Array, "P P"]


def linear_energy(
    Phi: Float[Array, "N P"],
    t: Float[Array, " N"],
    w: Float[Array, " P"],
    noise_std: Scalar | float,
    prior_std: Scalar | float,
) -> Scalar:
    """U(w) = -log p(t, w) = |t - Phi w|^2 / 2 sigma^2 + |w|^2 / 2 tau^2 + constants.

    A sum over examples, not a mean. With its constants (those of the Gaussian densities), so
    that the integral of exp(-U) is p(t). Cost: O(N P).
    """
    N, P = Phi.shape
    residual, tau = (t - Phi @ w) / noise_std, jnp.asarray(prior_std, w.dtype)
    constants = (N + P) / 2 * math.log(2 * math.pi) + N * jnp.log(noise_std) + P * jnp.log(tau)
    return (residual @ residual + w @ w / tau**2) / 2 + constants


def linear_posterior(
    Phi: Float[Array, "N P"],
    t: Float[Array, " N"],
    noise_std: Scalar | float,
    prior_std: Scalar | float,
) -> Gaussian:
    """Lambda = Phi^T Phi / sigma^2 + I / tau^2, and m = Lambda^-1 Phi^T t / sigma^2.

    Cost: O(N P^2 + P^3). Source: Bishop (2006), equations 3.53 and 3.54.
    """
    eye = jnp.eye(Phi.shape[1], dtype=Phi.dtype)
    precision = Phi.T @ Phi / noise_std**2 + eye / prior_std**2
    return Gaussian(jnp.linalg.solve(precision, Phi.T @ t / noise_std**2), precision)


def linear_log_evidence(
    Phi: Float[Array, "N P"],
    t: Float[Array, " N"],
    noise_std: Scalar | float,
    prior_std: Scalar | float,
) -> Scalar:
    """log p(t) = log N(t; 0, sigma^2 I + tau^2 Phi Phi^T), the parameters integrated out.

    Cost: O(N^2 P + N^3).
    """
    N = len(t)
    K = noise_std**2 * jnp.eye(N, dtype=Phi.dtype) + prior_std**2 * Phi @ Phi.T
    _, log_determinant = jnp.linalg.slogdet(K)
    return -(t @ jnp.linalg.solve(K, t) + log_determinant + N * math.log(2 * math.pi)) / 2
