"""Lecture 10: follow the ridge, descent-ascent that ends at local minimax points and nowhere else.

    x' = x - eta_x f_x,      y' = y + eta_y f_y + eta_x f_yy^-1 f_yx f_x

While y answers x, f_y = 0: y is on the ridge r(x), where r'(x) = -f_yy^-1 f_yx. When x moves by
dx = -eta_x f_x, the ridge moves by r'(x) dx = +eta_x f_yy^-1 f_yx f_x, and the last term takes
y along. With P = [[I, 0], [-f_yy^-1 f_yx, I]] and c = eta_y / eta_x, the Jacobian of this field
at a stationary point is similar to the triangular

    [[f_xx - f_xy f_yy^-1 f_yx, f_xy], [0, -c f_yy]]

Its eigenvalues are real, so nothing turns, and all positive exactly at strict local minimax
points: f_yy < 0, and the Schur complement positive.

    >>> f = lambda x, y: -3 * x**2 - y**2 + 4 * x * y
    >>> z = (jnp.array(1.0), jnp.array(1.0))
    >>> x, y = follow_the_ridge_iterates(f, z, 0.1, num_steps=200)
    >>> print(f"{x[-1]:.4f} {y[-1]:.4f}")
    0.0000 0.0000

Source: CSC2541 lecture 10; Wang, Zhang and Ba (2020).
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp

from reference.differential_games.game import (
    Players,
    descent_iterates,
    simultaneous_gradient,
    zero_sum,
)
from reference.pytrees import Scalar, Tree, as_tree, as_vector, plus_multiple
from reference.taylor import hessian, jacobian_vector_product


def ridge_correction(f: Callable[[Tree, Tree], Scalar], z: Players) -> Tree:
    """-f_yy^-1 f_yx f_x, shaped as y: how the ridge moves when x moves along +f_x.

    Assumes f_yy regular. f_yx f_x is one product, f_yy dense; for many parameters solve by
    conjugate gradients with -f_yy, positive definite near a local minimax.
    Cost: 1 product, and E products and O(E^3) for the E parameters of y.
    """
    x, y = z
    f_x = jax.grad(f)(x, y)
    f_yx_f_x = jacobian_vector_product(lambda x: jax.grad(f, argnums=1)(x, y), x, f_x)
    f_yy = hessian(lambda y: f(x, y), y)
    return as_tree(-jnp.linalg.solve(f_yy, as_vector(f_yx_f_x)), like=y)


def follow_the_ridge_gradient(
    f: Callable[[Tree, Tree], Scalar], z: Players, *, ratio: Scalar | float = 1.0
) -> Players:
    """(f_x, -c f_y - f_yy^-1 f_yx f_x), c = eta_y / eta_x, to be followed as z' = z - eta_x d(z).

    Its zeros are those of xi, for c > 0. Cost: 2 gradients and the correction.
    Source: Wang, Zhang and Ba (2020), algorithm 1.
    """
    f_x, minus_f_y = simultaneous_gradient(zero_sum(f), z)
    scaled = jax.tree.map(lambda g: ratio * g, minus_f_y)
    return f_x, plus_multiple(scaled, 1.0, ridge_correction(f, z))


def follow_the_ridge_iterates(
    f: Callable[[Tree, Tree], Scalar],
    z_0: Players,
    step_size: Scalar | float,
    num_steps: int,
    *,
    ratio: Scalar | float = 1.0,
) -> Tree:
    """z_{k+1} = z_k - eta_x d(z_k) with the field above, along a new first axis of every leaf.

    The start is included. Converges locally to z if and only if z is a local minimax point, for
    small eta_x (strict conditions). Cost: T evaluations of the field.
    """
    return descent_iterates(
        lambda z: follow_the_ridge_gradient(f, z, ratio=ratio), z_0, step_size, num_steps
    )
