"""Lecture 4: Levenberg and Marquardt: a damped Gauss-Newton step, and how to choose the damping.

    v = -(G + lambda I)^-1 g,      M(v) = g^T v + 1/2 v^T G v,      rho = (J(w+v) - J(w)) / M(v)

rho, the reduction ratio, compares what a step did with what the quadratic model M foretold:

    rho < 1/4:  lambda <- c lambda;        rho > 3/4:  lambda <- lambda / c

and a step that does not lower the loss is not taken. G = J^T H_z J is that of the loss
`loss_of_output(network(w))`; for 1/2 |r|^2 it is the J^T J of nonlinear least squares. M has no
damping in it: the step is damped because M is not to be trusted far out, not because the loss
has a term lambda/2 |v|^2.

    >>> from reference.second_order.newton import Ending, stationary_point
    >>> network, half_square = lambda w: jnp.exp(w) - 2, lambda z: jnp.sum(z**2) / 2
    >>> loss = lambda w: half_square(network(w))
    >>> optimizer = levenberg_marquardt_optimizer(damping=1.0)
    >>> found = stationary_point(optimizer, jnp.zeros(1), loss=loss, tolerance=1e-4, max_steps=50,
    ...     network=network, loss_of_output=half_square)
    >>> print(jnp.exp(found.w).round(3), found.ending == Ending.MINIMUM)
    [2.] True

Source: CSC2541 lecture 4; Levenberg (1944); Marquardt (1963); Martens (2010), on the damping, with
c = 3/2.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax.scipy.linalg import cho_factor, cho_solve
from jaxtyping import Array

from reference.pytrees import Scalar, Tree, as_tree, as_vector, inner_product
from reference.taylor import gauss_newton_matrix

Network = Callable[[Tree], Tree]
LossOfOutput = Callable[[Tree], Scalar]


# --- The damping ---------------------------------------------------------------------------------


def predicted_change(gradient: Tree, curvature_times_step: Tree, step: Tree) -> Scalar:
    """M(v) = <g, v> + 1/2 <v, B v>: the change of loss in the quadratic model; negative if good.

    `curvature_times_step` is B v, whatever B the model has. Without the damping.
    """
    return inner_product(gradient, step) + inner_product(step, curvature_times_step) / 2


def reduction_ratio(loss_before: Scalar, loss_after: Scalar, predicted: Scalar) -> Scalar:
    """rho = (J(w+v) - J(w)) / M(v), with M(v) = `predicted` < 0: 1 where the model is right.

    Negative if the loss went up. Once |M(v)| nears the rounding of J, rho is noise.

    >>> print(reduction_ratio(jnp.array(3.0), jnp.array(2.5), jnp.array(-1.0)))
    0.5
    """
    return (loss_after - loss_before) / predicted


def updated_damping(damping: Scalar, ratio: Scalar, *, factor: float = 1.5) -> Scalar:
    """c lambda if rho < 1/4, lambda / c if rho > 3/4, else lambda; c = `factor` > 1.

    A ratio that is NaN (the step left the domain of the loss) counts as small.
    Source: Martens (2010), section 4.1; there c = 3/2.

    >>> ratios = jnp.array([-1.0, 0.5, 0.9])
    >>> print(updated_damping(jnp.ones(3), ratios, factor=2.0))
    [2.  1.  0.5]
    """
    return damping * jnp.where(ratio > 3 / 4, 1 / factor, jnp.where(ratio >= 1 / 4, 1, factor))


# --- The method ----------------------------------------------------------------------------------


def levenberg_marquardt_step(
    network: Network, loss_of_output: LossOfOutput, w: Tree, *, damping: Scalar | float
) -> Tree:
    """v = -(G + lambda I)^-1 g, shaped as w; lambda > 0.

    As lambda -> 0 the Gauss-Newton step, as lambda -> infinity -g / lambda. Always downhill if
    loss_of_output is convex. Cost: K gradients and a dense solve, O(P^3).
    """
    gradient = jax.grad(lambda w: loss_of_output(network(w)))(w)
    return _damped_solution(gauss_newton_matrix(network, loss_of_output, w), gradient, damping)


class LevenbergMarquardtState(NamedTuple):
    """The damping of the next step, and the reduction ratio of the last (0 before the first)."""

    damping: Scalar
    ratio: Scalar


def levenberg_marquardt_optimizer(
    *, damping: float, factor: float = 1.5
) -> optax.GradientTransformationExtraArgs:
    """g -> -(G + lambda I)^-1 g, or 0 if that raises the loss, with lambda adapted by rho.

    An optax optimizer whose `update` takes `network` and `loss_of_output`, of which the gradient
    is that of the composition. `damping` > 0 is where lambda starts. A rejected step is tried
    again, with more damping, at the next call.
    Cost: that of `levenberg_marquardt_step` and two evaluations of the loss.
    """

    def init(params: Tree) -> LevenbergMarquardtState:
        dtype = as_vector(params).dtype
        return LevenbergMarquardtState(jnp.asarray(damping, dtype), jnp.zeros((), dtype))

    def update(
        gradient: Tree,
        state: LevenbergMarquardtState,
        params: Tree,
        *,
        network: Network,
        loss_of_output: LossOfOutput,
        **extra: Any,
    ) -> tuple[Tree, LevenbergMarquardtState]:
        G = gauss_newton_matrix(network, loss_of_output, params)
        step = _damped_solution(G, gradient, state.damping)

        predicted = predicted_change(gradient, as_tree(G @ as_vector(step), like=params), step)
        before, after = (
            loss_of_output(network(x)) for x in (params, optax.apply_updates(params, step))
        )
        ratio = reduction_ratio(before, after, predicted)

        step = jax.tree.map(lambda v: jnp.where(ratio > 0, v, 0), step)
        return step, LevenbergMarquardtState(
            updated_damping(state.damping, ratio, factor=factor), ratio
        )

    # optax declares the extra arguments as optional, whatever they are.
    return optax.GradientTransformationExtraArgs(init, update)  # pyright: ignore[reportArgumentType]


def _damped_solution(G: Array, gradient: Tree, damping: Scalar | float) -> Tree:
    damped = G + damping * jnp.eye(len(G), dtype=G.dtype)
    return as_tree(-cho_solve(cho_factor(damped), as_vector(gradient)), like=gradient)
