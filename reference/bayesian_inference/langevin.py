"""Lecture 8: Langevin dynamics, gradient descent with as much noise as makes it a sampler.

    w_{k+1} = w_k - eps grad U(w_k) + sqrt(2 eps) xi_k,       xi_k ~ N(0, I)

samples from exp(-U) as eps -> 0. With an unbiased estimate of grad U from a batch it is SGLD.
U is -log of the posterior: a *sum* over examples plus the prior's part, so a batch's mean
gradient is multiplied by N. Our eps is that of the diffusion's time; Welling and Teh step by
eps/2 with noise sqrt(eps), so that their eps is twice ours.

At a fixed eps the chain samples from something else. For U = 1/2 w^T A w and a gradient with
noise of covariance C, the stationary covariance solves

    S = (I - eps A) S (I - eps A) + 2 eps I + eps^2 C

and is A^-1 (I - eps A / 2)^-1, not A^-1, without gradient noise: too wide, mostly where it is
stiff. The noise of a batch adds about eps C A^-1 / 2, so eps must be small beside 1 / C.

    >>> print(langevin_covariance(jnp.diag(jnp.array([1.0, 4.0])), 0.25).round(3))
    [[1.143 0.   ]
     [0.    0.5  ]]

Source: CSC2541 lecture 8; Welling and Teh (2011); Mandt, Hoffman and Blei (2017).
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int, Key

from reference.pytrees import Scalar, Tree, as_tree, as_vector

# --- Samplers ------------------------------------------------------------------------------------


def langevin_step(
    key: Key[Array, ""],
    w: Tree,
    gradient: Tree,
    step_size: Scalar | float,
    *,
    temperature: Scalar | float = 1.0,
) -> Tree:
    """w - eps g + sqrt(2 eps T) xi; a temperature T samples from exp(-U / T), T = 0 descends."""
    scale = jnp.sqrt(2 * jnp.asarray(step_size * temperature))
    return jax.tree.map(
        lambda w, g, xi: w - step_size * g + scale.astype(w.dtype) * xi,
        w,
        gradient,
        _white_noise(key, like=w),
    )


def langevin_iterates(
    key: Key[Array, ""],
    gradient: Callable[[Key[Array, ""], Tree], Tree],
    w_0: Tree,
    step_size: Scalar | float,
    num_steps: int,
    *,
    temperature: Scalar | float = 1.0,
) -> Tree:
    """w_0 .. w_{num_steps} along a new first axis, with g = `gradient(key, w)` at each step.

    A gradient that ignores its key gives the unadjusted Langevin algorithm, one that draws a
    batch with it (see `batch_gradient`) SGLD. Cost: one gradient a step.
    """

    def advance(w: Tree, key: Array) -> tuple[Tree, Tree]:
        key_of_gradient, key_of_noise = jax.random.split(key)
        g = gradient(key_of_gradient, w)
        w = langevin_step(key_of_noise, w, g, step_size, temperature=temperature)
        return w, w

    _, iterates = jax.lax.scan(advance, w_0, jax.random.split(key, num_steps))
    return jax.tree.map(lambda w, ws: jnp.concatenate([w[None], ws]), w_0, iterates)


def batch_gradient(
    key: Key[Array, ""],
    loss: Callable[[Tree, Tree], Scalar],
    w: Tree,
    data: Tree,
    batch_size: int,
    prior_std: Scalar | float,
) -> Tree:
    """N grad L_batch(w) + w / tau^2: an unbiased gradient of U for the prior N(0, tau^2 I).

    `loss(w, batch)` is the mean negative log-likelihood of a batch; the leaves of `data` have
    the N examples along their first axis. Batches are drawn with replacement.
    Cost: a gradient of `batch_size` examples.
    """
    N = len(jax.tree.leaves(data)[0])
    chosen = jax.random.randint(key, (batch_size,), 0, N)
    g = jax.grad(loss)(w, jax.tree.map(lambda leaf: leaf[chosen], data))
    return jax.tree.map(lambda g, w: N * g + w / prior_std**2, g, w)


class SgldState(NamedTuple):
    """The key for the noise to come, and how many updates have been made."""

    key: Key[Array, ""]
    num_updates: Int[Array, ""]


def sgld(
    key: Key[Array, ""],
    step_size: float | Callable[[Int[Array, ""]], Array | float],
    *,
    temperature: float = 1.0,
) -> optax.GradientTransformation:
    """-eps g + sqrt(2 eps T) xi as an update, with eps a number or a schedule of the count.

    Takes the gradient of U, N times that of a mean loss. To sample in the limit a schedule
    needs sum eps = infinity and sum eps^2 < infinity, such as eps_0 (1 + k)^-0.6.
    """

    def init(params: Tree) -> SgldState:
        del params
        return SgldState(key, jnp.zeros((), jnp.int32))

    def update(
        updates: Tree, state: SgldState, params: Tree | None = None
    ) -> tuple[Tree, SgldState]:
        del params
        next_key, key_of_noise = jax.random.split(state.key)
        eps = step_size(state.num_updates) if callable(step_size) else step_size
        zero = jax.tree.map(jnp.zeros_like, updates)
        updates = langevin_step(key_of_noise, zero, updates, eps, temperature=temperature)
        return updates, SgldState(next_key, state.num_updates + 1)

    return optax.GradientTransformation(init, update)  # pyright: ignore[reportArgumentType]


# --- What they sample from -----------------------------------------------------------------------


def langevin_covariance(
    A: Float[Array, "P P"],
    step_size: Scalar | float,
    gradient_noise: Float[Array, "P P"] | None = None,
) -> Float[Array, "P P"]:
    """S = (I - eps A) S (I - eps A) + 2 eps I + eps^2 C, solved: what the chain samples from.

    In the eigenbasis of A, S_ij = (2 eps delta_ij + eps^2 C_ij) / (1 - (1 - eps a_i)(1 - eps a_j)).
    Assumes A positive definite, eps < 2 / a_max, and noise whose covariance C does not depend
    on w. Cost: one `eigh`.
    """
    a, Q = jnp.linalg.eigh(A)
    noise = 2 * step_size * jnp.eye(len(a), dtype=a.dtype)
    if gradient_noise is not None:
        noise += step_size**2 * Q.T @ gradient_noise @ Q
    rates = 1 - step_size * a
    return Q @ (noise / (1 - jnp.outer(rates, rates))) @ Q.T


def _white_noise(key: Array, *, like: Tree) -> Tree:
    vector = as_vector(like)
    return as_tree(jax.random.normal(key, vector.shape, vector.dtype), like=like)
