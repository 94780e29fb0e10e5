"""Lecture 9: the Chebyshev semi-iterative method, the best momentum a spectrum's ends allow.

After k steps any method that adds up gradients of a quadratic has the error p_k(A) (w_0 - w*),
with p_k of degree k and p_k(0) = 1. The one with the least worst case over mu <= a <= L is

    p_k(a) = T_k((theta - a) / delta) / T_k(theta / delta),  theta = (L + mu)/2, delta = (L - mu)/2

with T_k the Chebyshev polynomials, whose recurrence makes it a heavy ball with a schedule:

    w_{k+1} = w_k - (omega_{k+1} / theta) grad f(w_k) + (omega_{k+1} - 1) (w_k - w_{k-1})
    omega_1 = 1,   omega_2 = 1 / (1 - gamma^2 / 2),   omega_{k+1} = 1 / (1 - gamma^2 omega_k / 4)

and gamma = delta / theta. The schedule converges to the best constants of the heavy ball.
Conjugate gradients do as well or better without knowing mu and L, but need inner products.

    >>> step_sizes, momenta = chebyshev_schedule(1.0, 9.0, num_steps=4)
    >>> [round(float(alpha), 4) for alpha in step_sizes]
    [0.2, 0.2941, 0.2615, 0.2529]
    >>> [round(float(beta), 4) for beta in momenta]
    [0.0, 0.4706, 0.3077, 0.2646]

Source: CSC2541 lecture 9; Golub and Varga (1961); Saad (2003), section 12.3.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float

from reference.pytrees import Scalar, Tree


def chebyshev_schedule(
    mu: Scalar | float, L: Scalar | float, num_steps: int
) -> tuple[Float[Array, " num_steps"], Float[Array, " num_steps"]]:
    """The step sizes omega_k / theta and the momenta omega_k - 1, for k = 1 .. num_steps.

    Assumes 0 < mu <= L. At mu = L all momenta are 0. Limits: `heavy_ball.optimal_heavy_ball`.
    """

    def advance(state: tuple[Array, Array], _: None) -> tuple[tuple[Array, Array], Array]:
        omega, is_first = state
        return (_next_omega(omega, is_first, mu, L), jnp.zeros_like(is_first)), omega

    dtype = jnp.result_type(mu, L, 1.0)
    start = jnp.ones((), dtype), jnp.ones((), bool)
    _, omegas = jax.lax.scan(advance, start, length=num_steps)
    return omegas * 2 / (L + mu), omegas - 1


def chebyshev_optimizer(mu: Scalar | float, L: Scalar | float) -> optax.GradientTransformation:
    """v <- (omega_k - 1) v - (omega_k / theta) g, and the update is v.

    The state is v, omega_k and whether k = 1. Assumes 0 < mu <= L. Cost: one gradient a step.
    """

    def init(params: Any) -> Any:
        dtype = jnp.result_type(*jax.tree.leaves(params))
        return jax.tree.map(jnp.zeros_like, params), jnp.ones((), dtype), jnp.ones((), bool)

    def update(updates: Any, state: Any, params: Any = None) -> tuple[Any, Any]:
        del params
        v, omega, is_first = state
        v = jax.tree.map(lambda v, g: (omega - 1) * v - 2 * omega / (L + mu) * g, v, updates)
        omega = _next_omega(omega, is_first, mu, L).astype(omega.dtype)
        return v, (v, omega, jnp.zeros_like(is_first))

    return optax.GradientTransformation(init, update)


def chebyshev_iterates(
    loss: Callable[[Tree], Scalar],
    w_0: Tree,
    mu: Scalar | float,
    L: Scalar | float,
    num_steps: int,
) -> Tree:
    """w_{k+1} = w_k - (omega_{k+1} / theta) grad f(w_k) + (omega_{k+1} - 1) (w_k - w_{k-1}).

    Along a new first axis of every leaf, the start included. Assumes a quadratic loss whose
    Hessian's eigenvalues lie in [mu, L]; elsewhere it carries no guarantee.
    Cost: `num_steps` gradients.
    """

    def advance(
        state: tuple[Tree, Tree], coefficients: tuple[Scalar, Scalar]
    ) -> tuple[tuple[Tree, Tree], Tree]:
        (w, w_before), (alpha, beta) = state, coefficients
        moved = jax.tree.map(
            lambda w, w_before, g: w - alpha * g + beta * (w - w_before),
            w,
            w_before,
            jax.grad(loss)(w),
        )
        return (moved, w), moved

    dtype = jnp.result_type(*jax.tree.leaves(w_0))
    alphas, betas = chebyshev_schedule(mu, L, num_steps)
    schedule = alphas.astype(dtype), betas.astype(dtype)
    _, iterates = jax.lax.scan(advance, (w_0, w_0), schedule)
    return jax.tree.map(lambda w, ws: jnp.concatenate([w[None], ws]), w_0, iterates)


# --- Why it is the best --------------------------------------------------------------------------


def chebyshev_residual_polynomials(
    a: Float[Array, " D"], mu: Scalar | float, L: Scalar | float, num_steps: int
) -> Float[Array, "T D"]:
    """p_k(a_j) for k = 0 .. num_steps: the factor left of the error of mode a_j after k steps.

    On [mu, L] it swings between the bound and its negative, touching them k + 1 times: the sign
    that no other p with p(0) = 1 stays lower. Cost: O(T D), by the recurrence in k.
    """

    def loss(e: Array) -> Array:
        return jnp.sum(a * e**2) / 2

    return chebyshev_iterates(loss, jnp.ones_like(a), mu, L, num_steps)


def chebyshev_bound(condition_number: Scalar | float, num_steps: int) -> Float[Array, " T"]:
    """max |p_k| over [mu, L] = 1 / T_k(theta/delta) = 2 rho^k / (1 + rho^{2k}), k = 0 .. num_steps.

    With rho = (sqrt(kappa) - 1) / (sqrt(kappa) + 1). No method made of k gradients of a quadratic
    does better in the worst case over spectra in [mu, L]. Source: Saad (2003), section 6.11.

    >>> [round(float(bound), 4) for bound in chebyshev_bound(9.0, 2)]
    [1.0, 0.8, 0.4706]
    """
    root = jnp.sqrt(condition_number)
    powers = ((root - 1) / (root + 1)) ** jnp.arange(num_steps + 1)
    return 2 * powers / (1 + powers**2)


def _next_omega(omega: Array, is_first: Array, mu: Scalar | float, L: Scalar | float) -> Array:
    """omega_{k+1}. The recurrence starts from 2, though the first step takes omega_1 = 1."""
    gamma = (L - mu) / (L + mu)
    return 1 / (1 - gamma**2 * jnp.where(is_first, 2, omega) / 4)
