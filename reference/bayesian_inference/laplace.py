"""Lecture 8: Laplace's approximation, a Gaussian with the curvature of the posterior at its mode.

With U(w) = -log p(data, w), w* its minimum and H its Hessian there,

    p(w | data) ~ N(w*, H^-1),       log p(data) ~ -U(w*) + (P/2) log 2 pi - 1/2 log det H

Exact where U is quadratic. U is a *sum* over examples plus the prior's part, so for a loss that
is a mean, U = N L + prior. H may be replaced by the Gauss-Newton matrix, which is positive
definite with the prior's precision even where w* is no minimum; it is the exact posterior of
the network linearised at w*. Neither the density nor the mode is invariant to a change of
coordinates, so the approximation depends on them.

    >>> energy = lambda w: jnp.sum(w - 10 * jnp.log(w))     # the integral of w^10 e^-w is 10!
    >>> print(f"{laplace_log_evidence(energy, jnp.array([10.0])):.3f}")    # log 10! = 15.104
    15.096

Source: CSC2541 lecture 8; MacKay (1992); Daxberger et al. (2021).
"""

import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from reference.bayesian_inference.linear_gaussian import Gaussian
from reference.pytrees import Scalar, Tree, as_vector, on_vectors


def laplace_posterior(energy: Callable[[Tree], Scalar], w: Tree) -> Gaussian:
    """N(w, H^-1) over the flattened parameters, H the Hessian of `energy` at its minimum w.

    Assumes that w is a minimum; at any other point it isn't the best quadratic's Gaussian.
    Cost: P Hessian-vector products and P^2 memory.
    """
    vector = as_vector(w)
    return Gaussian(vector, jax.hessian(on_vectors(energy, like=w))(vector))


def laplace_log_evidence(energy: Callable[[Tree], Scalar], w: Tree) -> Scalar:
    """-U(w) + (P/2) log 2 pi - 1/2 log det H: the log of the integral of exp(-U), approximately.

    `energy` must hold its constants, and w be its minimum; NaN if H is not positive definite.
    Cost: that of `laplace_posterior`, and O(P^3).
    """
    mean, precision = laplace_posterior(energy, w)
    L = jnp.linalg.cholesky(precision)
    return -energy(w) + len(mean) / 2 * math.log(2 * math.pi) - jnp.sum(jnp.log(jnp.diag(L)))


def gauss_newton_posterior(
    network: Callable[[Tree], Float[Array, "N K"]],
    loss_of_output: Callable[[Float[Array, "N K"]], Scalar],
    w: Tree,
    prior_precision: Scalar | float,
) -> Gaussian:
    """N(w, (J^T H_z J + I / tau^2)^-1): Laplace's approximation with the Gauss-Newton matrix.

    `loss_of_output` is the summed negative log-likelihood, H_z its Hessian in the outputs.
    Cost: N K gradients, and (N K)^2 + P^2 memory.
    """
    J, z = _jacobian(network, w), network(w)
    H_z = jax.hessian(on_vectors(loss_of_output, like=z))(as_vector(z))
    eye = jnp.eye(J.shape[1], dtype=J.dtype)
    return Gaussian(as_vector(w), J.T @ H_z @ J + prior_precision * eye)


def predictive_covariance(
    network: Callable[[Tree], Float[Array, "N K"]], w: Tree, posterior: Gaussian
) -> Float[Array, "NK NK"]:
    """J Lambda^-1 J^T: the covariance of the outputs of the network linearised at w.

    Outputs are flattened row-major. Without the noise of the targets. Cost: N K gradients.
    """
    J = _jacobian(network, w)
    return J @ jnp.linalg.solve(posterior.precision, J.T)


def _jacobian(network: Callable[[Tree], Array], w: Tree) -> Float[Array, "NK P"]:
    return jax.jacrev(on_vectors(lambda w: as_vector(network(w)), like=w))(as_vector(w))
