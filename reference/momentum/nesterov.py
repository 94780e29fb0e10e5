"""Lecture 9: Nesterov's accelerated gradient, which takes the gradient where momentum leads.

    y_k = w_k + beta_k (w_k - w_{k-1}),      w_{k+1} = y_k - alpha grad f(y_k),      w_{-1} = w_0

The sequence w_k is what theorems bound; the gradient is taken at the look-ahead points y_k. With
v_k = w_k - w_{k-1} the same reads v_{k+1} = beta_k v_k - alpha grad f(w_k + beta_k v_k).

A training loop takes gradients at the parameters that it holds, so there the parameters *are* the
look-ahead points, y_{k+1} = y_k - alpha g_k + beta v_{k+1}: those are what `nesterov_optimizer`
and optax with `nesterov=True` go through. They start as w does, and have the same limit.

With alpha = 1/L: for mu-strongly convex f the constant beta = (sqrt(kappa) - 1) / (sqrt(kappa) + 1)
gives f(w_k) - f* = O((1 - 1/sqrt(kappa))^k); for convex f a rising beta_k gives O(1/k^2).

    >>> loss = lambda w: 0.5 * w[0] ** 2 + 2 * w[1] ** 2
    >>> momentum = strongly_convex_momentum(4.0)
    >>> w = nesterov_iterates(loss, jnp.ones(2), 0.25, momentum, num_steps=2)
    >>> print(w.round(4))
    [[1.   1.  ]
     [0.75 0.  ]
     [0.5  0.  ]]

Source: CSC2541 lecture 9; Nesterov (1983); Nesterov (2004), section 2.2; Beck and Teboulle (2009).
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Complex, Float

from reference.momentum.companion import companion_eigenvalues
from reference.pytrees import Scalar, Tree


def nesterov_optimizer(
    step_size: Scalar | float, momentum: Scalar | float
) -> optax.GradientTransformation:
    """v <- beta v - alpha g, and the update is beta v - alpha g; parameters are look-ahead points.

    The state is v = w_{k+1} - w_k, so that w is the parameters less beta v.
    Cost: one gradient a step, and the memory of one.
    """

    def led(v: Any, g: Any) -> Any:
        return jax.tree.map(lambda v, g: momentum * v - step_size * g, v, g)

    def init(params: Any) -> Any:
        return jax.tree.map(jnp.zeros_like, params)

    def update(updates: Any, state: Any, params: Any = None) -> tuple[Any, Any]:
        del params
        v = led(state, updates)
        return led(v, updates), v

    return optax.GradientTransformation(init, update)


def nesterov_iterates(
    loss: Callable[[Tree], Scalar],
    w_0: Tree,
    step_size: Scalar | float,
    momentum: Float[Array, " num_steps"] | Scalar | float,
    num_steps: int,
) -> Tree:
    """w_{k+1} = y_k - alpha grad f(y_k), y_k = w_k + beta_k (w_k - w_{k-1}); beta_k may vary.

    Along a new first axis of every leaf, the start included; beta_0 has no effect.
    Cost: `num_steps` gradients.
    """

    def advance(state: tuple[Tree, Tree], beta: Scalar) -> tuple[tuple[Tree, Tree], Tree]:
        w, w_before = state
        y = _ahead(w, w_before, beta)
        moved = jax.tree.map(lambda y, g: y - step_size * g, y, jax.grad(loss)(y))
        return (moved, w), moved

    dtype = jnp.result_type(*jax.tree.leaves(w_0))
    betas = jnp.broadcast_to(jnp.asarray(momentum, dtype), (num_steps,))
    _, iterates = jax.lax.scan(advance, (w_0, w_0), betas)
    return jax.tree.map(lambda w, ws: jnp.concatenate([w[None], ws]), w_0, iterates)


def look_ahead_points(iterates: Tree, momentum: Scalar | float) -> Tree:
    """y_k = w_k + beta (w_k - w_{k-1}) along the first axis, with w_{-1} = w_0: so y_0 = w_0."""

    def before(w: Array) -> Array:
        return jnp.concatenate([w[:1], w[:-1]])

    return _ahead(iterates, jax.tree.map(before, iterates), momentum)


# --- The momentum and its rate -------------------------------------------------------------------


def strongly_convex_momentum(condition_number: Scalar | float) -> Scalar:
    """beta = (sqrt(kappa) - 1) / (sqrt(kappa) + 1), kappa = L / mu, for the step size 1 / L.

    The square root of the heavy ball's best momentum. Source: Nesterov (2004), section 2.2.
    """
    root = jnp.sqrt(condition_number)
    return (root - 1) / (root + 1)


def strongly_convex_rate(condition_number: Scalar | float) -> Scalar:
    """1 - 1/sqrt(kappa), at step size 1 / L and the momentum above.

    A bound on the shrinking of f(w_k) - f* a step, for every mu-strongly convex f; on a quadratic
    it is also the double root of the mode at mu, so that |w_k - w*| shrinks as fast, and
    f(w_k) - f* as its square. Source: Nesterov (2004), section 2.2.
    """
    return 1 - 1 / jnp.sqrt(condition_number)


def convex_momenta(num_steps: int, dtype: jnp.dtype | type = float) -> Float[Array, " num_steps"]:
    """beta_k = (t_k - 1) / t_{k+1}, t_{k+1} = (1 + sqrt(1 + 4 t_k^2)) / 2, t_1 = 1; beta_0 = 0.

    Rises as 1 - 3/k. Needs no knowledge of mu. Source: Nesterov (1983).

    >>> [round(float(beta), 4) for beta in convex_momenta(4)]
    [0.0, 0.0, 0.2818, 0.434]
    """

    def advance(t: Array, _: None) -> tuple[Array, Array]:
        t_next = (1 + jnp.sqrt(1 + 4 * t**2)) / 2
        return t_next, (t - 1) / t_next

    _, betas = jax.lax.scan(advance, jnp.zeros((), dtype), length=num_steps)
    return jnp.maximum(betas, 0)


def convex_bound(
    smoothness: Scalar | float, distance: Scalar | float, num_steps: int
) -> Float[Array, " T"]:
    """f(w_k) - f* <= 2 L |w_0 - w*|^2 / (k + 1)^2 for convex f, alpha = 1/L and `convex_momenta`.

    Gradient descent guarantees L |w_0 - w*|^2 / 2k.
    Source: Beck and Teboulle (2009), theorems 4.4 and 3.1.
    """
    return 2 * smoothness * distance**2 / (1 + jnp.arange(num_steps + 1)) ** 2


def nesterov_companion_eigenvalues(
    a: Float[Array, " D"], step_size: Scalar | float, momentum: Scalar | float
) -> Complex[Array, "D 2"]:
    """Roots of z^2 - (1 + beta)(1 - alpha a_j) z + beta (1 - alpha a_j), for eigenvalues a_j of H.

    The heavy ball's polynomial with its momentum damped to beta (1 - alpha a_j): steep modes
    get less. Complex roots have modulus sqrt(beta (1 - alpha a_j)).
    """
    shrunk = 1 - step_size * a
    return companion_eigenvalues((1 + momentum) * shrunk, momentum * shrunk)


def _ahead(w: Tree, w_before: Tree, beta: Scalar | float) -> Tree:
    return jax.tree.map(lambda w, w_before: w + beta * (w - w_before), w, w_before)
