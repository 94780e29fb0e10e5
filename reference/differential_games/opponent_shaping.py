"""Lecture 10: learning with opponent-learning awareness, descent that foresees the others' step.

Each player expects the others to move by -alpha grad_j l_j before its loss counts:

    l_i(z_i, z_{-i} - alpha xi_{-i}(z)) ~ l_i - alpha sum_{j != i} <grad_j l_i, xi_j>

Descending the left side, and differentiating through the others' step as well, is exact LOLA. To
first order in alpha its gradient is

    xi - alpha J_o xi - alpha chi,       chi_i = sum_{j != i} J_ji^T grad_j l_i

with J_o the Jacobian without its diagonal blocks. J_o xi is the look ahead: where the others will
be. chi is the shaping: how z_i changes their step, and what that does to l_i. The first-order
LOLA of the original paper is xi - alpha chi, without the look ahead. In a zero-sum game of two
J_o is the antisymmetric part A of J and both terms are A xi: at alpha = 1, first-order LOLA is then
the symplectic field (and consensus, if the game is bilinear), and exact LOLA bends twice as much.
In other games all of them differ.

    >>> z = (1.0, 2.0)
    >>> turning = lambda z: (z[0] * z[1], -z[0] * z[1])
    >>> for direction in (look_ahead_gradient, first_order_lola_gradient, exact_lola_gradient):
    ...     print([float(part) for part in direction(turning, z, opponent_step_size=1.0)])
    [3.0, 1.0]
    [3.0, 1.0]
    [4.0, 3.0]

Source: CSC2541 lecture 10; Foerster et al. (2018); Zhang and Lesser (2010), the look ahead;
Letcher et al. (2019), the terms told apart.
"""

import jax

from reference.differential_games.game import Losses, Players, simultaneous_gradient
from reference.pytrees import Scalar, Tree, inner_product, plus_multiple


def look_ahead_gradient(
    losses: Losses, z: Players, *, opponent_step_size: Scalar | float
) -> Players:
    """grad_i l_i(z_i, z_{-i} - alpha xi_{-i}) with the others' step held fixed; shaped as z.

    xi - alpha J_o xi to first order in alpha. Extragradient moves the player itself as well.
    Cost: 2 n gradients.
    Source: Zhang and Lesser (2010).
    """
    moved = plus_multiple(z, -opponent_step_size, simultaneous_gradient(losses, z))

    def own_gradient(i: int) -> Tree:
        return jax.grad(lambda z_i: losses(_with_own(moved, i, z_i))[i])(z[i])

    return tuple(own_gradient(i) for i in range(len(z)))


def first_order_lola_gradient(
    losses: Losses, z: Players, *, opponent_step_size: Scalar | float
) -> Players:
    """xi_i - alpha chi_i, chi_i = grad_i <a, xi_{-i}(z)> with a = grad_{-i} l_i held fixed.

    The others' step as a function of z_i, weighed by what it does to l_i; the player's own
    gradient is taken where the others are now. Cost: about 4 n evaluations of xi.
    Source: Foerster et al. (2018).
    """

    def own_gradient(i: int) -> Tree:
        weights = jax.grad(lambda z: losses(z)[i])(z)

        def others_progress(z_i: Tree) -> Scalar:
            xi = simultaneous_gradient(losses, _with_own(z, i, z_i))
            return inner_product(_without(weights, i), _without(xi, i))

        own = jax.grad(lambda z_i: losses(_with_own(z, i, z_i))[i])(z[i])
        return plus_multiple(own, -opponent_step_size, jax.grad(others_progress)(z[i]))

    return tuple(own_gradient(i) for i in range(len(z)))


def exact_lola_gradient(
    losses: Losses, z: Players, *, opponent_step_size: Scalar | float
) -> Players:
    """grad_i of l_i(z_i, z_{-i} - alpha xi_{-i}(z)), through the others' step; shaped as z.

    No expansion in alpha. Its fixed points are not those of xi: each player counts on a step that
    the others, who do the same, do not take. Cost: about 4 n evaluations of xi.
    Source: Foerster et al. (2018).
    """

    def own_gradient(i: int) -> Tree:
        def foreseen_loss(z_i: Tree) -> Scalar:
            now = _with_own(z, i, z_i)
            moved = plus_multiple(now, -opponent_step_size, simultaneous_gradient(losses, now))
            return losses(_with_own(moved, i, z_i))[i]

        return jax.grad(foreseen_loss)(z[i])

    return tuple(own_gradient(i) for i in range(len(z)))


def _with_own(z: Players, i: int, z_i: Tree) -> Players:
    return (*z[:i], z_i, *z[i + 1 :])


def _without(z: Players, i: int) -> Players:
    return (*z[:i], *z[i + 1 :])
