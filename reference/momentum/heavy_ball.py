"""Lecture 9: the heavy ball, gradient descent with a memory of its last step.

    v_{k+1} = beta v_k - alpha grad f(w_k),      w_{k+1} = w_k + v_{k+1},      v_0 = 0

which, as v_k = w_k - w_{k-1}, is w_{k+1} = w_k - alpha grad f(w_k) + beta (w_k - w_{k-1}).
The velocity is updated first and the gradient taken at w_k itself. Libraries often keep
t = g + beta t and step by -alpha t; with v = -alpha t that is the same for a constant alpha, and
not for one that changes: there the whole velocity is rescaled, here only what is yet to come.

On a quadratic with eigenvalues a_j of the Hessian in [mu, L], each mode is a recursion
(`companion`) with p = 1 + beta - alpha a_j and q = beta. It converges for 0 <= beta < 1 and
0 < alpha a_j < 2 (1 + beta). Balancing the modes at mu and at L, both at a double root, gives
the rate (sqrt(kappa) - 1) / (sqrt(kappa) + 1), against (kappa - 1) / (kappa + 1) without
momentum. That is for quadratics: the same constants can cycle on other convex functions.

    >>> loss = lambda w: 2 * w[0] ** 2 + 8 * w[1] ** 2
    >>> step_size, momentum = optimal_heavy_ball(4.0, 16.0)
    >>> print(round(float(step_size), 4), round(float(momentum), 4))
    0.1111 0.1111
    >>> w = heavy_ball_iterates(loss, jnp.ones(2), step_size, momentum, num_steps=20)
    >>> print(bool(jnp.abs(w[-1]).max() < 1e-7))
    True

Source: CSC2541 lecture 9; Polyak (1964); Lessard, Recht and Packard (2016) for the cycle.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Complex, Float

from reference.momentum.companion import companion_eigenvalues
from reference.pytrees import Scalar, Tree


def heavy_ball_optimizer(
    step_size: Scalar | float, momentum: Scalar | float
) -> optax.GradientTransformation:
    """v <- beta v - alpha g, and the update is v; the state is v, shaped as the parameters.

    Cost: one gradient a step, and the memory of one.
    """

    def init(params: Any) -> Any:
        return jax.tree.map(jnp.zeros_like, params)

    def update(updates: Any, state: Any, params: Any = None) -> tuple[Any, Any]:
        del params
        v = jax.tree.map(lambda v, g: momentum * v - step_size * g, state, updates)
        return v, v

    return optax.GradientTransformation(init, update)


def heavy_ball_iterates(
    loss: Callable[[Tree], Scalar],
    w_0: Tree,
    step_size: Scalar | float,
    momentum: Scalar | float,
    num_steps: int,
) -> Tree:
    """w_{k+1} = w_k - alpha grad f(w_k) + beta (w_k - w_{k-1}), with w_{-1} = w_0.

    The iterates lie along a new first axis of every leaf, the start included.
    Cost: T gradients.
    """

    def advance(state: tuple[Tree, Tree], _: None) -> tuple[tuple[Tree, Tree], Tree]:
        w, w_before = state
        moved = jax.tree.map(
            lambda w, w_before, g: w - step_size * g + momentum * (w - w_before),
            w,
            w_before,
            jax.grad(loss)(w),
        )
        return (moved, w), w

    return jax.lax.scan(advance, (w_0, w_0), length=num_steps + 1)[1]


# --- On a quadratic ------------------------------------------------------------------------------


def optimal_heavy_ball(mu: Scalar | float, L: Scalar | float) -> tuple[Scalar, Scalar]:
    """alpha = 4 / (sqrt(L) + sqrt(mu))^2, beta = ((sqrt(L) - sqrt(mu)) / (sqrt(L) + sqrt(mu)))^2.

    They minimise the worst rate over all modes with mu <= a_j <= L, and all of them then have
    the modulus sqrt(beta). Assumes 0 < mu <= L; at mu = L it is one exact gradient step.
    Source: Polyak (1964).
    """
    high, low = jnp.sqrt(L), jnp.sqrt(mu)
    return 4 / (high + low) ** 2, ((high - low) / (high + low)) ** 2


def optimal_heavy_ball_rate(condition_number: Scalar | float) -> Scalar:
    """rho = (sqrt(kappa) - 1) / (sqrt(kappa) + 1) = sqrt(beta) at the best alpha and beta.

    The roots at mu and L are double, so the error there is of the order of k rho^k.

    >>> print(round(float(optimal_heavy_ball_rate(9.0)), 4))
    0.5
    """
    root = jnp.sqrt(condition_number)
    return (root - 1) / (root + 1)


def heavy_ball_companion_eigenvalues(
    a: Float[Array, " D"], step_size: Scalar | float, momentum: Scalar | float
) -> Complex[Array, "D 2"]:
    """Roots of z^2 - (1 + beta - alpha a_j) z + beta for every eigenvalue a_j of the Hessian.

    They are complex, of modulus sqrt(beta), for (1 - sqrt(beta))^2 < alpha a_j
    < (1 + sqrt(beta))^2: there the mode oscillates.
    """
    return companion_eigenvalues(1 + momentum - step_size * a, momentum * jnp.ones_like(a))


def heavy_ball_rate(
    a: Float[Array, " D"], step_size: Scalar | float, momentum: Scalar | float
) -> Scalar:
    """rho = max_j max |z_j|: the error shrinks as rho^k in the long run; diverges if rho > 1."""
    return jnp.max(jnp.abs(heavy_ball_companion_eigenvalues(a, step_size, momentum)))


def heavy_ball_stability_limit(a: Float[Array, " D"], momentum: Scalar | float) -> Scalar:
    """2 (1 + beta) / a_max: on a convex quadratic it converges for step sizes below, 0 <= beta < 1.

    Momentum raises the limit of gradient descent, at most to twice. Source: Polyak (1964).
    """
    return 2 * (1 + momentum) / jnp.max(a)
