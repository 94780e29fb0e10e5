"""Lecture 10: consensus optimisation and symplectic adjustment, which add a pull to a rotation.

    consensus      xi + gamma J^T xi            = xi + gamma grad (|xi|^2 / 2)
    symplectic     xi + lambda A^T xi,          A = (J - J^T) / 2

In a Hamiltonian game (J = A) the two coincide, and grad |xi|^2 / 2 leads to the fixed point while
xi only circles it. In a potential game A = 0: the symplectic field is plain descent, and
consensus is drawn to any stationary point, maxima included, once gamma is large. Elsewhere they
differ. The sign of lambda decides whether the adjustment attracts; `alignment_sign` picks it
so that stable fixed points attract and unstable ones repel.

    >>> z = (jnp.array(1.0), jnp.array(2.0))
    >>> turning = lambda z: (z[0] * z[1], -z[0] * z[1])
    >>> [float(part) for part in symplectic_gradient(turning, z, weight=1.0)]
    [3.0, 1.0]
    >>> [float(part) for part in consensus_gradient(turning, z, weight=1.0)]
    [3.0, 1.0]

Source: CSC2541 lecture 10; Mescheder et al. (2017); Balduzzi et al. (2018).
"""

import jax
import jax.numpy as jnp

from reference.differential_games.game import (
    Losses,
    Players,
    game_jacobian_transpose_product,
    game_jacobian_vector_product,
    simultaneous_gradient,
)
from reference.pytrees import Scalar, as_vector, inner_product, plus_multiple


def consensus_gradient(losses: Losses, z: Players, *, weight: Scalar | float) -> Players:
    """xi + gamma J^T xi: every player also descends |xi|^2 / 2, the size of all gradients.

    gamma >= 0. Same fixed points as xi where I + gamma J^T is regular; all of them may attract.
    Cost: about 3 evaluations of xi. Source: Mescheder et al. (2017).
    """
    xi = simultaneous_gradient(losses, z)
    return plus_multiple(xi, weight, game_jacobian_transpose_product(losses, z, xi))


def symplectic_gradient(losses: Losses, z: Players, *, weight: Scalar | float) -> Players:
    """xi + lambda A^T xi, with A^T xi = (J^T xi - J xi) / 2.

    lambda is 1, or `alignment_sign`. A^T xi is orthogonal to xi. Cost: about 5 evaluations of xi.
    Source: Balduzzi et al. (2018).
    """
    xi = simultaneous_gradient(losses, z)
    return plus_multiple(xi, weight, _antisymmetric_transpose_product(losses, z, xi))


def alignment_sign(losses: Losses, z: Players, *, bias: Scalar | float = 0.1) -> Scalar:
    """sign(<xi, h> <A^T xi, h> / P + bias), with h = J^T xi the gradient of |xi|^2 / 2.

    <xi, h> = xi^T S xi > 0 near a stable fixed point and < 0 near an unstable one; with this
    sign A^T xi then bends the field towards, or away. The small bias prefers +1 far from
    either (in a Hamiltonian game <xi, h> = 0). P is the number of parameters of all players.
    Cost: about 5 evaluations of xi. Source: Balduzzi et al. (2018), whose bias is 1/10.
    """
    xi = simultaneous_gradient(losses, z)
    h = game_jacobian_transpose_product(losses, z, xi)
    adjustment = _antisymmetric_transpose_product(losses, z, xi)
    alignment = inner_product(xi, h) * inner_product(adjustment, h) / len(as_vector(z))
    return jnp.sign(alignment + bias)


def _antisymmetric_transpose_product(losses: Losses, z: Players, xi: Players) -> Players:
    J_xi = game_jacobian_vector_product(losses, z, xi)
    J_transpose_xi = game_jacobian_transpose_product(losses, z, xi)
    return jax.tree.map(lambda transposed, plain: (transposed - plain) / 2, J_transpose_xi, J_xi)
