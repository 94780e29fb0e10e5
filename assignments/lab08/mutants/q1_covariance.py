"""Mistakes that the checks of question 1 refuse: the stationary covariance."""

import jax
import jax.numpy as jnp

from grader.checks import mutant

BOTH = ("covariance_without_gradient_noise", "covariance_with_gradient_noise")


def _solved(A, driven, eps):
    """S of A S + S A - eps A S A = driven."""
    a, Q = jnp.linalg.eigh(A)
    rates = a[:, None] + a - eps * jnp.outer(a, a)
    return Q @ ((Q.T @ driven @ Q) / rates) @ Q.T


@mutant(
    "q1",
    of="stationary_covariance",
    refused_by=BOTH,
    says=(
        "This is A^-1, the covariance of the posterior. A chain with a finite step size ends with "
        "another one."
    ),
)
def posterior_covariance(A, step_size, gradient_noise):
    return jnp.linalg.inv(A)


@mutant(
    "q1",
    of="stationary_covariance",
    refused_by=("covariance_with_gradient_noise", "covariance_at_the_edges"),
    says="The noise of the gradient is missing: it adds eps^2 C at every step.",
)
def gradient_noise_left_out(A, step_size, gradient_noise):
    return jnp.linalg.inv(A - step_size * A @ A / 2)


@mutant(
    "q1",
    of="stationary_covariance",
    refused_by=("covariance_with_gradient_noise", "covariance_at_the_edges"),
    says="C enters with eps: the gradient is multiplied by eps, and so its covariance by eps^2.",
)
def gradient_noise_with_eps(A, step_size, gradient_noise):
    return _solved(A, 2 * jnp.eye(len(A)) + gradient_noise, step_size)


@mutant(
    "q1",
    of="stationary_covariance",
    refused_by=("covariance_with_gradient_noise", "covariance_at_the_edges"),
    says=(
        "The injected noise is missing, only that of the gradient is there: this is SGD, not Langevin "
        "dynamics."
    ),
)
def sgd_covariance(A, step_size, gradient_noise):
    return _solved(A, step_size * gradient_noise, step_size)


@mutant(
    "q1",
    of="stationary_covariance",
    refused_by=BOTH,
    says=(
        "Only the first order in eps A is kept, A S + S A = 2 I + eps C, as for the diffusion: multiply "
        "out both factors of (I - eps A) S (I - eps A)."
    ),
)
def continuous_time(A, step_size, gradient_noise):
    return _solved(A, 2 * jnp.eye(len(A)) + step_size * gradient_noise, 0.0)


@mutant(
    "q1",
    of="stationary_covariance",
    refused_by=BOTH,
    says=(
        "This is the covariance for Welling and Teh's step, with eps / 2: here eps multiplies the whole "
        "gradient, and the noise has variance 2 eps."
    ),
)
def covariance_of_half_steps(A, step_size, gradient_noise):
    half = step_size / 2
    return _solved(A, 2 * jnp.eye(len(A)) + half * gradient_noise, half)


@mutant(
    "q1",
    of="stationary_covariance",
    refused_by=BOTH,
    says=(
        "The injected noise has the covariance eps I in your equation: its standard deviation is the "
        "square root of 2 eps."
    ),
)
def injected_noise_halved(A, step_size, gradient_noise):
    return _solved(A, jnp.eye(len(A)) + step_size * gradient_noise, step_size)


@mutant(
    "q1",
    of="stationary_covariance",
    refused_by="covariance_with_gradient_noise",
    says=(
        "A and C are treated as if they commuted. They have other eigenvectors: in the basis of A every "
        "entry of C has a rate of its own, that of the pair of modes."
    ),
)
def as_if_they_commuted(A, step_size, gradient_noise):
    eye = jnp.eye(len(A))
    return jnp.linalg.solve(2 * A - step_size * A @ A, 2 * eye + step_size * gradient_noise)


@mutant(
    "q1",
    of="stationary_covariance",
    refused_by="covariance_with_gradient_noise",
    says=(
        "In the eigenbasis of A only the diagonal of C is kept: its other entries correlate the modes."
    ),
)
def diagonal_of_the_noise(A, step_size, gradient_noise):
    _, Q = jnp.linalg.eigh(A)
    diagonal = jnp.diag(jnp.diag(Q.T @ gradient_noise @ Q))
    return _solved(A, 2 * jnp.eye(len(A)) + step_size * Q @ diagonal @ Q.T, step_size)


@mutant(
    "q1",
    of="stationary_covariance",
    refused_by="covariance_with_gradient_noise",
    says=(
        "C isn't turned into the eigenbasis of A before its entries are divided by the rates: that is "
        "Q^T C Q."
    ),
)
def noise_not_rotated(A, step_size, gradient_noise):
    a, Q = jnp.linalg.eigh(A)
    driven = 2 * jnp.eye(len(A)) + step_size * gradient_noise
    return Q @ (driven / (a[:, None] + a - step_size * jnp.outer(a, a))) @ Q.T


@mutant(
    "q1",
    of="stationary_covariance",
    refused_by="covariance_at_the_edges",
    says="A squeeze removed the axes of length one: one weight has a covariance of shape (1, 1).",
)
def squeezed_covariance(A, step_size, gradient_noise):
    return jnp.squeeze(_solved(A, 2 * jnp.eye(len(A)) + step_size * gradient_noise, step_size))


@mutant(
    "q1",
    of="stationary_covariance",
    refused_by="covariance_for_tiny_steps",
    says=(
        "The formula subtracts two nearly equal numbers, 1 - (1 - eps a)^2, and loses half of the "
        "digits for small steps: divide by eps on paper first."
    ),
)
def cancelling(A, step_size, gradient_noise):
    a, Q = jnp.linalg.eigh(A)
    driven = 2 * step_size * jnp.eye(len(A)) + step_size**2 * Q.T @ gradient_noise @ Q
    factors = 1 - step_size * a
    return Q @ (driven / (1 - jnp.outer(factors, factors))) @ Q.T


@mutant(
    "q1",
    of="stationary_covariance",
    refused_by="covariance_for_tiny_steps",
    says=(
        "The recursion is iterated a fixed number of times, and small steps are far from their end by "
        "then: solve the equation instead."
    ),
)
def iterated_recursion(A, step_size, gradient_noise):
    shrink = jnp.eye(len(A)) - step_size * A
    added = 2 * step_size * jnp.eye(len(A)) + step_size**2 * gradient_noise

    def advance(_, S):
        return shrink @ S @ shrink + added

    return jax.lax.fori_loop(0, 1000, advance, jnp.zeros_like(A))
