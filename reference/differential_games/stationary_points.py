"""Lecture 10: what a stationary point of a game is, by the eigenvalues of its Jacobian.

At a point with xi = 0, for min over x of max over y of f:

    local Nash       f_xx > 0 and f_yy < 0                    no player gains alone
    local minimax    f_yy < 0 and f_xx - f_xy f_yy^-1 f_yx > 0    y answers x, x foresees it
    stable           Re z(J) > 0,  J = [[f_xx, f_xy], [-f_yx, -f_yy]]    descent-ascent ends here

Nash implies both others, for then J + J^T > 0. Stable points that are not local minimax are
spurious: descent-ascent ends there, and nobody wants to be there. Local minimax points may be
unstable, which is what `follow_the_ridge` mends. These are the strict conditions, of second order;
a margin of 0 decides nothing.

Every test is a margin, positive if the property holds, from symmetric eigenvalues alone: that of
stability comes from Lyapunov's equation, so no eigenvalue of a non-symmetric matrix is needed.

    >>> f = lambda x, y: -3 * x**2 - y**2 + 4 * x * y
    >>> c = classification(f, (jnp.array(0.0), jnp.array(0.0)))
    >>> bool(c.is_nash), bool(c.is_minimax), bool(c.is_stable), bool(c.is_spurious)
    (False, True, False, False)

Source: CSC2541 lecture 10; Jin, Netrapalli and Jordan (2020); Wang, Zhang and Ba (2020).
"""

from collections.abc import Callable
from itertools import accumulate, pairwise
from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from reference.differential_games.game import (
    Losses,
    Players,
    game_jacobian,
    simultaneous_gradient,
    symmetric_part,
    zero_sum,
)
from reference.pytrees import Scalar, Tree, as_vector, norm


class Classification(NamedTuple):
    """Which strict conditions hold; they mean something where `gradient_norm`, |xi|, vanishes."""

    is_nash: Bool[Array, ""]
    is_minimax: Bool[Array, ""]
    is_stable: Bool[Array, ""]
    is_spurious: Bool[Array, ""]
    gradient_norm: Scalar


def classification(
    f: Callable[[Tree, Tree], Scalar], z: Players, *, tolerance: Scalar | float = 1e-5
) -> Classification:
    """The margins below against tolerance |J|, at a stationary point z = (x, y) of min_x max_y f.

    Spurious: stable and not local minimax. |J| is the Frobenius norm.
    Cost: that of `game_jacobian`, and O(P^6) for the stability margin.
    """
    losses = zero_sum(f)
    J = game_jacobian(losses, z)
    threshold = tolerance * jnp.sqrt(jnp.sum(J**2))
    is_nash = nash_margin(losses, z) > threshold
    is_minimax = minimax_margin(f, z) > threshold
    is_stable = stability_margin(J) > threshold
    gradient_norm = norm(simultaneous_gradient(losses, z))
    return Classification(is_nash, is_minimax, is_stable, is_stable & ~is_minimax, gradient_norm)


def nash_margin(losses: Losses, z: Players) -> Scalar:
    """min_i lambda_min(grad_{z_i}^2 l_i): positive at a strict differential Nash equilibrium.

    Any number of players. Only each player's own block of J matters, and that is symmetric.
    Cost: that of `game_jacobian`, and an `eigvalsh` a player.
    """
    J = game_jacobian(losses, z)
    ends = accumulate((len(as_vector(z_i)) for z_i in z), initial=0)
    blocks = [J[start:end, start:end] for start, end in pairwise(ends)]
    return jnp.min(jnp.stack([_smallest_eigenvalue(block) for block in blocks]))


def minimax_margin(f: Callable[[Tree, Tree], Scalar], z: Players) -> Scalar:
    """min of lambda_min(-f_yy) and lambda_min(f_xx - f_xy f_yy^-1 f_yx): positive at local minimax.

    The Schur complement is the Hessian of x -> max_y f(x, y) near y. Where y is not at a strict
    maximum the first number is the answer. Cost: that of `game_jacobian`, and O(P^3).
    Source: Jin, Netrapalli and Jordan (2020), the strict second-order condition.
    """
    J = game_jacobian(zero_sum(f), z)
    D = len(as_vector(z[0]))
    J_xx, J_xy, J_yx, J_yy = J[:D, :D], J[:D, D:], J[D:, :D], J[D:, D:]
    follower = _smallest_eigenvalue(J_yy)
    # With J_yx = -f_yx and J_yy = -f_yy the two signs cancel.
    leader = _smallest_eigenvalue(J_xx - J_xy @ jnp.linalg.solve(J_yy, J_yx))
    return jnp.where(follower > 0, jnp.minimum(follower, leader), follower)


def stability_margin(J: Float[Array, "P P"]) -> Scalar:
    """Positive iff all Re z_i(J) > 0: then z' = -J z decays, and so does descent in small steps.

    Solves J^T M + M J = I. By Lyapunov's theorem J is stable iff M is positive definite; and as
    2 Re(z) v^* M v = |v|^2 for every eigenvector v, 1 / (2 lambda_max(M)) <= min Re z then. If M is
    indefinite, 1 / (2 lambda_min(M)) lies between min Re z and 0. So the margin has the right sign
    and never overstates; for a normal, stable J it is min Re z itself. It is 0 if the equation is
    singular (z_i = -z_j for some i and j), as for a pure rotation, which is not asymptotically
    stable. Cost: a dense solve of size P^2, O(P^6): for small games.
    Source: Lyapunov (1892).

    >>> print(stability_margin(jnp.array([[2.0, 7.0], [-7.0, 2.0]])).round(3))
    2.0
    """
    P = len(J)
    identity = jnp.eye(P, dtype=J.dtype)
    # Row-major: vec(X M Y) = (X kron Y^T) vec(M).
    equation = jnp.kron(J.T, identity) + jnp.kron(identity, J.T)
    M = jnp.linalg.solve(equation, identity.ravel()).reshape(P, P)
    solved = jnp.all(jnp.isfinite(M))
    m = jnp.linalg.eigvalsh(symmetric_part(jnp.where(solved, M, identity)))
    return jnp.where(solved, 1 / (2 * jnp.where(m[0] > 0, m[-1], m[0])), 0)


def _smallest_eigenvalue(H: Array) -> Scalar:
    return jnp.linalg.eigvalsh(H)[0]
