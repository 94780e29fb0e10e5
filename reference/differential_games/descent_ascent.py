"""Lecture 10: gradient descent-ascent, which runs around an equilibrium instead of to it.

    simultaneous   x' = x - eta f_x(x, y),    y' = y + eta f_y(x, y)
    alternating    x' = x - eta f_x(x, y),    y' = y + eta f_y(x', y)

On f = x^T B y the equilibrium is 0 and each singular value s of B turns a plane. The first map
has the eigenvalues 1 +- i eta s, so that |z_k| grows as (1 + eta^2 s^2)^{k/2} for every eta > 0:
explicit Euler of a rotation. The second is symplectic Euler. It conserves |x|^2 + |y|^2
- eta x^T B y exactly, a positive quadratic form if eta s < 2, and so stays on an ellipse: bounded,
and no nearer to 0 either.

    >>> losses = lambda z: (z[0] * z[1], -z[0] * z[1])
    >>> z_0 = (jnp.array(1.0), jnp.array(0.0))
    >>> for iterates in (simultaneous_descent_iterates, alternating_descent_iterates):
    ...     x, y = iterates(losses, z_0, 1.0, num_steps=6)
    ...     print(x**2 + y**2)
    [ 1.  2.  4.  8. 16. 32. 64.]
    [1. 2. 1. 1. 2. 1. 1.]

Source: CSC2541 lecture 10; Gidel et al. (2019), negative momentum, for the alternating form.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from reference.differential_games.game import (
    Losses,
    Players,
    descent_iterates,
    simultaneous_gradient,
)
from reference.pytrees import Scalar, Tree, plus_multiple


def simultaneous_descent_iterates(
    losses: Losses, z_0: Players, step_size: Scalar | float, num_steps: int
) -> Tree:
    """z_{k+1} = z_k - eta xi(z_k): all players move at once; any number of players.

    Along a new first axis of every leaf, the start included. Cost: T n gradients.
    """
    return descent_iterates(lambda z: simultaneous_gradient(losses, z), z_0, step_size, num_steps)


def alternating_descent_iterates(
    losses: Losses, z_0: Players, step_size: Scalar | float, num_steps: int
) -> Tree:
    """Players move in their order, each seeing where those before it have already moved to.

    Along a new first axis of every leaf, the start included; an iterate is a full round.
    Cost: T n gradients.
    """

    def round_of_moves(z: Players, _: None) -> tuple[Players, Players]:
        moved = z
        for i in range(len(z)):
            step = plus_multiple(moved, -step_size, simultaneous_gradient(losses, moved))
            moved = (*moved[:i], step[i], *moved[i + 1 :])
        return moved, z

    return jax.lax.scan(round_of_moves, z_0, length=num_steps + 1)[1]


# --- On a bilinear game --------------------------------------------------------------------------


def bilinear_growth_rate(B: Float[Array, "D E"], step_size: Scalar | float) -> Scalar:
    """sqrt(1 + eta^2 s_max^2): how |z| grows a step of simultaneous descent on f = x^T B y.

    In the end, and from the first step if B is a multiple of an orthogonal matrix.
    Cost: one SVD.
    """
    s = jnp.linalg.svd(B, compute_uv=False)
    return jnp.sqrt(1 + (step_size * s[0]) ** 2)


def alternating_invariant(
    B: Float[Array, "D E"],
    x: Float[Array, " D"],
    y: Float[Array, " E"],
    step_size: Scalar | float,
) -> Scalar:
    """|x|^2 + |y|^2 - eta x^T B y, the same at all iterates of alternating descent on x^T B y.

    It lies between (1 -+ eta s_max / 2) |z|^2, which bounds |z| if eta s_max < 2: the energy of
    the rotation, as the discretisation shadows it. Exact, at any step size.
    """
    return x @ x + y @ y - step_size * x @ B @ y
