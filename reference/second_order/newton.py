"""Lecture 4: Newton's method, damped or not, and where such a search ended.

    v = -(H + lambda I)^-1 g,      g = grad J(w),      H = hess J(w)

goes to the stationary point of the second-order Taylor polynomial of J, to which lambda/2 |v|^2
is added. On a quadratic one undamped step ends the search; near a regular stationary point the
error is squared every step; and the iterates do not depend on the coordinates, for H becomes
T^T H T under w = T u. But the point may be a saddle or a maximum: only with lambda > -h_min is
the step one of descent. Damping gives up the independence of coordinates.

The matrices are dense, for P up to some hundreds.

    >>> loss = lambda w: w[0] ** 2 - w[1] ** 2 + w[1] ** 4 / 2    # minima at (0, +-1)
    >>> saddle = newton_iterates(loss, jnp.array([1.0, 0.1]), num_steps=20)[-1]
    >>> minimum = newton_iterates(loss, jnp.array([1.0, 0.1]), num_steps=60, damping=3.0)[-1]
    >>> print(saddle.round(3), minimum.round(3))
    [0. 0.] [0. 1.]

Source: CSC2541 lecture 4; Nocedal and Wright (2006), chapter 3.
"""

from collections.abc import Callable
from enum import IntEnum
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int

from reference.pytrees import Scalar, Tree, as_tree, as_vector, norm
from reference.taylor import hessian

Loss = Callable[[Tree], Scalar]

# --- Steps ---------------------------------------------------------------------------------------


def newton_step(loss: Loss, w: Tree, *, damping: Scalar | float = 0.0) -> Tree:
    """v = -(H + lambda I)^-1 g, shaped as w; the next iterate is w + v.

    Assumes H + lambda I regular. A downhill direction if it is positive definite too.
    Cost: P Hessian-vector products and a dense solve, O(P^3).
    """
    return _damped_solution(hessian(loss, w), jax.grad(loss)(w), damping)


def newton_iterates(
    loss: Loss, w_0: Tree, num_steps: int, *, damping: Scalar | float = 0.0
) -> Tree:
    """w_{k+1} = w_k - (H(w_k) + lambda I)^-1 g(w_k), k = 0 .. num_steps, on a new first axis.

    Cost: `num_steps` Newton steps.
    """

    def advance(w: Tree, _: None) -> tuple[Tree, Tree]:
        w = optax.apply_updates(w, newton_step(loss, w, damping=damping))
        return w, w

    _, iterates = jax.lax.scan(advance, w_0, length=num_steps)
    return jax.tree.map(lambda w, ws: jnp.concatenate([w[None], ws]), w_0, iterates)


def newton_optimizer(*, damping: Scalar | float = 0.0) -> optax.GradientTransformationExtraArgs:
    """g -> -(H + lambda I)^-1 g as an optax optimizer; `update` takes the `loss` whose H it is.

    `loss` is a function of w alone (close over the batch). Cost: see `newton_step`.
    """

    def init(params: Tree) -> optax.EmptyState:
        return optax.EmptyState()

    def update(
        gradient: Tree, state: optax.EmptyState, params: Tree, *, loss: Loss, **extra: Any
    ) -> tuple[Tree, optax.EmptyState]:
        return _damped_solution(hessian(loss, params), gradient, damping), state

    # optax declares the extra arguments as optional, whatever they are.
    return optax.GradientTransformationExtraArgs(init, update)  # pyright: ignore[reportArgumentType]


def _damped_solution(H: Array, gradient: Tree, damping: Scalar | float) -> Tree:
    damped = H + damping * jnp.eye(len(H), dtype=H.dtype)
    return as_tree(-jnp.linalg.solve(damped, as_vector(gradient)), like=gradient)


# --- A search, and how it ended ------------------------------------------------------------------


class Ending(IntEnum):
    """How a search for a minimum ended; a plain integer inside `jit`."""

    MINIMUM = 0  # the gradient is small, and no curvature negative
    SADDLE = 1  # the gradient is small, but some direction curves down (or all: a maximum)
    STEP_LIMIT = 2
    NOT_FINITE = 3


class StationaryPoint(NamedTuple):
    """`steps` counts updates, rejected ones too; `least_curvature` is h_min at w."""

    w: Tree
    steps: Int[Array, ""]
    gradient_norm: Scalar
    least_curvature: Scalar
    ending: Int[Array, ""]


def stationary_point(
    optimizer: optax.GradientTransformationExtraArgs,
    w_0: Tree,
    *,
    loss: Loss,
    tolerance: float,
    max_steps: int,
    **given: Any,
) -> StationaryPoint:
    """w with |grad J(w)| <= tolerance, by any of this package's optimizers, and what it is.

    `optimizer.update` is called with `loss` and all that is `given`. A least curvature down to
    -P eps |H| counts as zero, and zero as a minimum, which of higher order it may not be.
    Cost: that of the steps, and one dense Hessian with its eigenvalues at the end.

    >>> loss = lambda w: (w - 3) ** 2
    >>> limits = {"tolerance": 1e-6, "max_steps": 9}
    >>> found = stationary_point(newton_optimizer(), jnp.array(0.0), loss=loss, **limits)
    >>> print(found.w, found.steps, Ending(int(found.ending)).name)
    3.0 1 MINIMUM
    """

    def unfinished(search: tuple) -> Array:
        _, _, gradient, steps = search
        return (norm(gradient) > tolerance) & (steps < max_steps)

    def advance(search: tuple) -> tuple:
        w, state, gradient, steps = search
        step, state = optimizer.update(gradient, state, w, loss=loss, **given)
        w = optax.apply_updates(w, step)
        return w, state, jax.grad(loss)(w), steps + 1

    start = (w_0, optimizer.init(w_0), jax.grad(loss)(w_0), jnp.zeros((), jnp.int32))
    w, _, gradient, steps = jax.lax.while_loop(unfinished, advance, start)
    h = jnp.linalg.eigvalsh(hessian(loss, w))
    return StationaryPoint(w, steps, norm(gradient), h[0], _ending(norm(gradient), h, tolerance))


def _ending(gradient_norm: Scalar, h: Float[Array, " P"], tolerance: float) -> Int[Array, ""]:
    rounding = len(h) * jnp.finfo(h.dtype).eps * jnp.max(jnp.abs(h))
    return jnp.select(
        [~jnp.isfinite(gradient_norm), gradient_norm > tolerance, h[0] < -rounding],
        [jnp.int32(Ending.NOT_FINITE), Ending.STEP_LIMIT, Ending.SADDLE],
        Ending.MINIMUM,
    )
