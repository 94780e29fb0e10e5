"""Lecture 3: mirror descent, gradient descent seen in a potential's dual coordinates.

    grad phi(u) = grad phi(w) - alpha g

The minimum of <g, u> + (1/alpha) B_phi(u, w), with B_phi the Bregman divergence of the strictly
convex potential phi. The way back from dual coordinates is the gradient of phi's conjugate,
phi*(theta) = max_u <theta, u> - phi(u). Pairs of potentials:

    phi(w)                               phi*(theta)        the step
    1/2 |w|^2                            1/2 |theta|^2      gradient descent
    sum w log w on the simplex           log sum e^theta    u ~ w e^{-alpha g}, normalised

The last one is exponentiated gradient, or multiplicative weights; its divergence is KL.

    >>> w, g = jnp.array([0.5, 0.25, 0.25]), jnp.array([1.0, 0.0, 0.0])
    >>> u = mirror_step(negative_entropy, log_partition, w, g, step_size=jnp.log(2.0))
    >>> print((3 * u).round(4))    # 1/4, 1/4, 1/4, of which the first was halved
    [1. 1. 1.]

Source: CSC2541 lecture 3; Nemirovski and Yudin (1983); Beck and Teboulle (2003); Kivinen and
Warmuth (1997) for exponentiated gradient.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float

from reference.pytrees import Scalar, Tree, plus_multiple

Potential = Callable[[Tree], Scalar]


def negative_entropy(w: Float[Array, " D"]) -> Scalar:
    """sum w log w, for w > 0. On the simplex its conjugate is `log_partition`.

    >>> print(negative_entropy(jnp.array([0.5, 0.5])).round(4))
    -0.6931
    """
    return jnp.sum(w * jnp.log(w))


def log_partition(theta: Float[Array, " D"]) -> Scalar:
    """log Z = log sum e^theta = max over the simplex of <theta, w> + entropy(w), at softmax."""
    return jax.nn.logsumexp(theta)


def mirror_step(
    potential: Potential,
    conjugate: Potential,
    w: Tree,
    gradient: Tree,
    step_size: Scalar | float,
) -> Tree:
    """u = grad phi*(grad phi(w) - alpha g), which solves grad phi(u) = grad phi(w) - alpha g.

    `conjugate` is phi*, over the set on which weights live: its gradient maps into that set, so
    that no projection is needed. Cost: one gradient of each.
    """
    dual = plus_multiple(jax.grad(potential)(w), -step_size, gradient)
    return jax.grad(conjugate)(dual)


def mirror_descent_iterates(
    loss: Callable[[Tree], Scalar],
    potential: Potential,
    conjugate: Potential,
    w_0: Tree,
    step_size: Scalar | float,
    num_steps: int,
) -> Tree:
    """grad phi(w_{k+1}) = grad phi(w_k) - alpha grad J(w_k), k = 0 .. num_steps.

    The iterates lie along a new first axis of every leaf. In dual coordinates they are w_0 less
    a sum of gradients: where J depends on Phi w alone, grad phi stays in grad phi(w_0) plus the
    row space of Phi, and the minimiser found is the one nearest to w_0 in B_phi(., w_0).
    Cost: one gradient of J a step. Source: Gunasekar et al. (2018) for the minimiser.
    """

    def advance(w: Tree, _: None) -> tuple[Tree, Tree]:
        w = mirror_step(potential, conjugate, w, jax.grad(loss)(w), step_size)
        return w, w

    _, iterates = jax.lax.scan(advance, w_0, length=num_steps)
    return jax.tree.map(lambda w, ws: jnp.concatenate([w[None], ws]), w_0, iterates)


def exponentiated_gradient_iterates(
    loss: Callable[[Array], Scalar],
    w_0: Float[Array, " D"],
    step_size: Scalar | float,
    num_steps: int,
) -> Float[Array, "T D"]:
    """w_{k+1} = w_k e^{-alpha grad J(w_k)} / Z_k on the simplex, k = 0 .. num_steps.

    Carried as log w, so that weights may become as small as e^-700 without the rounding, or the
    0 log 0, of a product. Over linear losses g_k the regret sum <g_k, w_k - u> is at most
    KL(u || w_0) / alpha + alpha/2 sum max_j g_kj^2, for any u in the simplex.
    Cost: one gradient of J a step. Source: Kivinen and Warmuth (1997).
    """

    def advance(log_w: Array, _: None) -> tuple[Array, Array]:
        gradient = jax.grad(loss)(jnp.exp(log_w))
        log_w = jax.nn.log_softmax(log_w - step_size * gradient)
        return log_w, jnp.exp(log_w)

    _, iterates = jax.lax.scan(advance, jnp.log(w_0), length=num_steps)
    return jnp.concatenate([w_0[None], iterates])


def mirror_descent_optimizer(
    potential: Potential, conjugate: Potential, step_size: Scalar | float
) -> optax.GradientTransformation:
    """`mirror_step` as an optimizer: the updates are u - w. Keeps no state; needs `params`."""

    def init(params: Tree) -> optax.EmptyState:
        del params
        return optax.EmptyState()

    def update(updates: Tree, state: Tree, params: Tree | None = None) -> tuple[Tree, Tree]:
        u = mirror_step(potential, conjugate, params, updates, step_size)
        return plus_multiple(u, -1, params), state

    return optax.GradientTransformation(init, update)


def exponentiated_gradient_optimizer(step_size: Scalar | float) -> optax.GradientTransformation:
    """Exponentiated gradient on the simplex, for parameters that are one vector of weights."""
    return mirror_descent_optimizer(negative_entropy, log_partition, step_size)
