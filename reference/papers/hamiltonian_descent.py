"""Paper: Maddison et al. (2018), Hamiltonian descent methods.

    x' = grad k(p),      p' = -grad f(x) - gamma p

Momentum with another kinetic energy k than |p|^2 / 2. The energy f(x) - f* + k(p) falls, at the
rate -gamma <p, grad k(p)>. If k is matched to f, near the minimum like the convex conjugate of
f(x* + .) - f*, it falls exponentially for any power: with f = |x|^b / b the match is |p|^a / a,
1/a + 1/b = 1. For b = 4 that is a = 4/3, where the gradient itself is too flat for gradient descent
and for ordinary momentum, whose rates are sublinear. Discretised, with step eps:

    first explicit     p_{i+1} = (p_i - eps grad f(x_i)) / (1 + gamma eps)
                       x_{i+1} = x_i + eps grad k(p_{i+1})
    second explicit    x_{i+1} = x_i + eps grad k(p_i)
                       p_{i+1} = (1 - gamma eps) p_i - eps grad f(x_{i+1})

Both use a new variable in the second line, as symplectic Euler does. The family of kinetic
energies is k(p) = phi(|p|), phi(t) = ((t^a + 1)^{A/a} - 1) / A: the power a near 0, A far away.

    >>> loss = lambda x: jnp.sum(x**4) / 4
    >>> velocity = lambda p: power_velocity(p, 4 / 3, 4 / 3)
    >>> x = first_explicit_iterates(loss, velocity, jnp.ones(1), 0.1, 2.0, num_steps=200)
    >>> bool(loss(x[200]) < 1e-16)
    True

Source: Maddison, Paulin, Teh, O'Donoghue and Doucet (2018).
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import optax

from reference.pytrees import Scalar, Tree, inner_product, plus_multiple


def power_kinetic_energy(p: Tree, a: Scalar | float, A: Scalar | float) -> Scalar:
    """k(p) = ((|p|^a + 1)^{A/a} - 1) / A, with the Euclidean norm over all leaves.

    |p|^a / a near 0 and |p|^A / A far away. a = A is a power, (2, 2) the usual kinetic energy,
    (2, 1) the relativistic one. Assumes a, A >= 1.
    Source: Maddison et al. (2018), the power kinetic energies.
    """
    t = jnp.sqrt(inner_product(p, p))
    return ((t**a + 1) ** (A / a) - 1) / A


def power_velocity(p: Tree, a: Scalar | float, A: Scalar | float) -> Tree:
    """grad k(p) = (|p|^a + 1)^{A/a - 1} |p|^{a-2} p, and 0 at p = 0; shaped as p.

    In closed form: below a = 2 the derivative of the norm at 0 times |p|^{a-1} would be NaN.
    Its size is of order |p|^{a-1} near 0: for a < 2 small momenta still move. |p|^2 is formed, so
    that momenta below the square root of the smallest float count as 0.
    """
    square = inner_product(p, p)
    moving = square > 0
    t = jnp.sqrt(jnp.where(moving, square, 1))
    factor = jnp.where(moving, (t**a + 1) ** (A / a - 1) * t ** (a - 2), 0)
    return jax.tree.map(lambda p_i: factor * p_i, p)


def matched_power(power: Scalar | float) -> Scalar | float:
    """a = b / (b - 1): with it |p|^a / a is the convex conjugate of |x|^b / b, 1/a + 1/b = 1.

    >>> matched_power(4.0) * 3
    4.0
    """
    return power / (power - 1)


def hamiltonian_descent_optimizer(
    velocity: Callable[[Any], Any], step_size: Scalar | float, friction: Scalar | float
) -> optax.GradientTransformation:
    """p <- (p - eps g) / (1 + gamma eps), and the update is eps grad k(p).

    The first explicit method. `velocity` is grad k; the state is p. With velocity p -> p it is
    the heavy ball of step size eps^2 / (1 + gamma eps) and momentum 1 / (1 + gamma eps).
    Cost: one gradient a step.
    """

    def init(params: Any) -> Any:
        return jax.tree.map(jnp.zeros_like, params)

    def update(updates: Any, state: Any, params: Any = None) -> tuple[Any, Any]:
        del params
        p = _pushed(state, updates, step_size, friction)
        return jax.tree.map(lambda v: step_size * v, velocity(p)), p

    return optax.GradientTransformation(init, update)


def first_explicit_iterates(
    loss: Callable[[Tree], Scalar],
    velocity: Callable[[Tree], Tree],
    x_0: Tree,
    step_size: Scalar | float,
    friction: Scalar | float,
    num_steps: int,
) -> Tree:
    """x_i of the first explicit method from p_0 = 0, i = 0 .. num_steps.

    Along a new first axis of every leaf. The friction is implicit, so any gamma eps > 0 will do.
    Cost: T gradients.
    """

    def advance(state: tuple[Tree, Tree], _: None) -> tuple[tuple[Tree, Tree], Tree]:
        x, p = state
        p = _pushed(p, jax.grad(loss)(x), step_size, friction)
        return (plus_multiple(x, step_size, velocity(p)), p), x

    start = x_0, jax.tree.map(jnp.zeros_like, x_0)
    return jax.lax.scan(advance, start, length=num_steps + 1)[1]


def second_explicit_iterates(
    loss: Callable[[Tree], Scalar],
    velocity: Callable[[Tree], Tree],
    x_0: Tree,
    step_size: Scalar | float,
    friction: Scalar | float,
    num_steps: int,
) -> Tree:
    """x_i of the second explicit method from p_0 = 0, i = 0 .. num_steps; so x_1 = x_0.

    Along a new first axis of every leaf. Assumes gamma eps < 1. Cost: T gradients.
    """

    def advance(state: tuple[Tree, Tree], _: None) -> tuple[tuple[Tree, Tree], Tree]:
        x, p = state
        moved = plus_multiple(x, step_size, velocity(p))
        g = jax.grad(loss)(moved)
        p = jax.tree.map(lambda p, g: (1 - friction * step_size) * p - step_size * g, p, g)
        return (moved, p), x

    start = x_0, jax.tree.map(jnp.zeros_like, x_0)
    return jax.lax.scan(advance, start, length=num_steps + 1)[1]


def _pushed(p: Tree, g: Tree, step_size: Scalar | float, friction: Scalar | float) -> Tree:
    shrink = 1 / (1 + friction * step_size)
    return jax.tree.map(lambda p, g: shrink * (p - step_size * g), p, g)
