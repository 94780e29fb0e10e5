"""Lecture 10: differentiable games, where every player descends a loss that others move too.

    xi(z) = (grad_{z_1} l_1, ..., grad_{z_n} l_n),      J = d xi / dz = S + A

`losses` maps the players' parameters z = (z_1, ..., z_n), a tuple of pytrees, to the tuple of
their losses. xi is what simultaneous gradient descent follows. Its Jacobian J is symmetric only
in potential games, where xi is the gradient of one function for all. The symmetric part S pulls
together or apart, the antisymmetric part A turns. With S = 0 the game is Hamiltonian: the flow
z' = -xi conserves |xi|^2 / 2.

A remedy for turning is another field d(z), and all are followed alike: z <- z - eta d(z).

    >>> losses = zero_sum(lambda x, y: x * y)
    >>> z = (1.0, 2.0)
    >>> [float(part) for part in simultaneous_gradient(losses, z)]
    [2.0, -1.0]
    >>> print(antisymmetric_part(game_jacobian(losses, z)))
    [[ 0.  1.]
     [-1.  0.]]

Source: CSC2541 lecture 10; Balduzzi et al. (2018) for J = S + A.
"""

from collections.abc import Callable

import jax
from jaxtyping import Array, Float

from reference.pytrees import Scalar, Tree, plus_multiple
from reference.taylor import jacobian, jacobian_vector_product, vector_jacobian_product

Players = tuple[Tree, ...]
Losses = Callable[[Players], tuple[Scalar, ...]]
Field = Callable[[Players], Players]


def zero_sum(f: Callable[[Tree, Tree], Scalar]) -> Losses:
    """(l_1, l_2) = (f, -f): the first player minimises f(x, y), the second maximises it."""

    def losses(z: Players) -> tuple[Scalar, ...]:
        value = f(*z)
        return value, -value

    return losses


def simultaneous_gradient(losses: Losses, z: Players) -> Players:
    """xi(z) = (grad_{z_1} l_1, ..., grad_{z_n} l_n): every player's own gradient; shaped as z.

    Not a gradient of anything unless J is symmetric. Cost: n gradients.
    """

    def own_gradient(i: int) -> Tree:
        return jax.grad(lambda z_i: losses((*z[:i], z_i, *z[i + 1 :]))[i])(z[i])

    return tuple(own_gradient(i) for i in range(len(z)))


def descent_iterates(field: Field, z_0: Players, step_size: Scalar | float, num_steps: int) -> Tree:
    """z_{k+1} = z_k - eta d(z_k), k = 0 .. num_steps, along a new first axis of every leaf.

    The start is included. `field` is xi or one of its remedies. Cost: T evaluations of d.
    """

    def advance(z: Players, _: None) -> tuple[Players, Players]:
        return plus_multiple(z, -step_size, field(z)), z

    return jax.lax.scan(advance, z_0, length=num_steps + 1)[1]


# --- The Jacobian of the game --------------------------------------------------------------------


def game_jacobian(losses: Losses, z: Players) -> Float[Array, "P P"]:
    """J_ij = d xi_i / dz_j, over the flattened players in their order.

    Block (i, j) is grad_{z_i} grad_{z_j} of l_i, the loss of the *row*'s player. For a zero-sum
    game, [[f_xx, f_xy], [-f_yx, -f_yy]]. Cost: P products, P^2 memory.
    """
    return jacobian(lambda z: simultaneous_gradient(losses, z), z)


def symmetric_part(J: Float[Array, "P P"]) -> Float[Array, "P P"]:
    """S = (J + J^T) / 2. Zero in a Hamiltonian game, J itself in a potential game."""
    return (J + J.T) / 2


def antisymmetric_part(J: Float[Array, "P P"]) -> Float[Array, "P P"]:
    """A = (J - J^T) / 2. <v, A v> = 0: it turns v and neither lengthens nor shortens it."""
    return (J - J.T) / 2


def game_jacobian_vector_product(losses: Losses, z: Players, v: Players) -> Players:
    """J v = d/de xi(z + e v) at e = 0; shaped as z. Cost: about 2 to 3 evaluations of xi."""
    return jacobian_vector_product(lambda z: simultaneous_gradient(losses, z), z, v)


def game_jacobian_transpose_product(losses: Losses, z: Players, u: Players) -> Players:
    """J^T u; shaped as z. With u = xi it is the gradient of |xi|^2 / 2.

    Cost: about 2 to 3 evaluations of xi.
    """
    return vector_jacobian_product(lambda z: simultaneous_gradient(losses, z), z, u)
