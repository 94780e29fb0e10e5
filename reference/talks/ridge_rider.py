"""Talk: ridge rider, which leaves a saddle along one eigenvector of the Hessian after another.

    w_{k+1} = w_k + alpha e_k,      H(w_k) e_k = lambda_k e_k,      <e_k, e_{k-1}> largest

Gradient descent from a saddle finds one way down; each eigenvector with a negative eigenvalue, in
either sign, is another, and the ridges lead to different solutions. A ridge is followed by
continuity, not by the order of eigenvalues, which may cross. It ends where lambda_k >= 0.

In a game the Hessian is replaced by the Jacobian J of the field, whose eigenpairs are complex. One
is tracked by Newton's method on (J - lambda) v = 0, <v_before, v> = 1, and followed in its real
part. Where to branch is told by Lyapunov exponents: the mean logarithmic growth a step of a
small separation along a trajectory of z' = F(z), positive where trajectories part.

    >>> loss = lambda w: w[0] ** 4 / 4 - w[0] ** 2 / 2 + w[1] ** 2
    >>> ride = ridge_ride(loss, jnp.zeros(2), index=0, step_size=0.25, num_steps=4)
    >>> print(jnp.abs(ride.points[:, 0]), ride.eigenvalues[0])
    [0.   0.25 0.5  0.75 0.75] -1.0

Source: Parker-Holder et al. (2020), Ridge rider; Lorraine et al. (2022), Lyapunov exponents for
diversity in differentiable games; Benettin et al. (1980) for the exponents by QR.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Complex, Float

from reference.pytrees import Scalar, Tree, as_tree, as_vector, norm, on_vectors
from reference.taylor import jacobian_vector_product


class Ride(NamedTuple):
    """Points w_k along a new first axis, the flat e_k and lambda_k there, and |<e_k, e_{k-1}>|."""

    points: Tree
    directions: Float[Array, "T P"]
    eigenvalues: Float[Array, " T"]
    overlaps: Float[Array, " T"]


def ridge_ride(
    loss: Callable[[Tree], Scalar],
    w_0: Tree,
    index: int,
    step_size: Scalar | float,
    num_steps: int,
) -> Ride:
    """w_{k+1} = w_k + alpha e_k while lambda_k < 0, from an eigenvector e_0 of H(w_0).

    e_0 belongs to the eigenvalue of that index, counted upwards from 0. Its largest entry is
    positive (a negative alpha goes the other way), and e_k is turned to e_{k-1}. Among the
    eigenvectors at w_k, the one of largest overlap with the last goes on; an overlap well below 1
    says that the step was too long, or the eigenvalue double. Once lambda_k >= 0 it stays.
    Cost: a dense Hessian and `eigh` a step.
    Source: Parker-Holder et al. (2020), exact ridge rider.
    """
    flat_loss = on_vectors(loss, like=w_0)

    def eigenpairs(x: Array) -> tuple[Array, Array]:
        values, Q = jnp.linalg.eigh(jax.hessian(flat_loss)(x))
        return values, Q

    def advance(
        state: tuple[Array, Array], _: None
    ) -> tuple[tuple[Array, Array], tuple[Array, ...]]:
        x, before = state
        values, Q = eigenpairs(x)
        overlaps = Q.T @ before
        chosen = jnp.argmax(jnp.abs(overlaps))
        e = jnp.sign(overlaps[chosen]) * Q[:, chosen]
        moved = jnp.where(values[chosen] < 0, x + step_size * e, x)
        return (moved, e), (x, e, values[chosen], jnp.abs(overlaps[chosen]))

    x_0 = as_vector(w_0)
    e_0 = eigenpairs(x_0)[1][:, index]
    e_0 = e_0 * jnp.sign(e_0[jnp.argmax(jnp.abs(e_0))])
    _, (xs, es, values, overlaps) = jax.lax.scan(advance, (x_0, e_0), length=num_steps + 1)
    return Ride(jax.vmap(lambda x: as_tree(x, like=w_0))(xs), es, values, overlaps)


# --- In a game -----------------------------------------------------------------------------------


class ComplexRide(NamedTuple):
    """Points along a new first axis, the eigenpairs there, and |J v - lambda v| of each."""

    points: Tree
    directions: Complex[Array, "T P"]
    eigenvalues: Complex[Array, " T"]
    residual_norms: Float[Array, " T"]


def tracked_eigenpair(
    J: Float[Array, "P P"],
    eigenvalue: Complex[Array, ""],
    eigenvector: Complex[Array, " P"],
    *,
    num_newton_steps: int = 4,
) -> tuple[Complex[Array, ""], Complex[Array, " P"]]:
    """The eigenpair of J near the given one, by Newton's method on J v = lambda v, <c, v> = 1.

    c is the given vector, of length 1, so <c, v> is real: the phase, which an eigenvector leaves
    open, is carried on. The result has length 1. Converges quadratically if the given pair is near
    and the eigenvalue simple; needs no eigenvalue solver, which for a non-symmetric J exists on
    the CPU only. Cost: a complex solve of size P + 1 a step.
    """
    P = J.shape[0]
    c = eigenvector / jnp.sqrt(jnp.sum(jnp.abs(eigenvector) ** 2))
    shifted = J.astype(c.dtype)

    def newton(_: int, pair: tuple[Array, Array]) -> tuple[Array, Array]:
        value, v = pair
        residual = jnp.append(shifted @ v - value * v, jnp.vdot(c, v) - 1)
        derivative = jnp.block(
            [
                [shifted - value * jnp.eye(P, dtype=c.dtype), -v[:, None]],
                [c.conj()[None], jnp.zeros((1, 1), c.dtype)],
            ]
        )
        step = jnp.linalg.solve(derivative, residual)
        return value - step[-1], v - step[:-1]

    value, v = jax.lax.fori_loop(0, num_newton_steps, newton, (eigenvalue, c))
    return value, v / jnp.sqrt(jnp.sum(jnp.abs(v) ** 2))


def game_ridge_ride(
    field: Callable[[Tree], Tree],
    z_0: Tree,
    eigenvalue: Complex[Array, ""],
    eigenvector: Complex[Array, " P"],
    step_size: Scalar | float,
    num_steps: int,
) -> ComplexRide:
    """z_{k+1} = z_k + alpha Re(v_k) / |Re(v_k)|, v_k an eigenvector of J(z_k), by continuity.

    Starts from an eigenpair of J(z_0), to be found by other means and polished here; its phase
    chooses the direction in the plane that a complex pair spans. Goes on over any sign of lambda.
    Cost: a dense Jacobian and a few complex solves a step.
    Source: Lorraine et al. (2022), the generalised ridge rider.
    """
    flat_field = on_vectors(lambda z: as_vector(field(z)), like=z_0)

    def advance(
        state: tuple[Array, Array, Array], _: None
    ) -> tuple[tuple[Array, Array, Array], tuple[Array, ...]]:
        x, value, v = state
        J = jax.jacfwd(flat_field)(x)
        value, v = tracked_eigenpair(J, value, v)
        residual_norm = jnp.sqrt(jnp.sum(jnp.abs(J.astype(v.dtype) @ v - value * v) ** 2))
        real = jnp.real(v)
        moved = x + step_size * real / jnp.sqrt(real @ real)
        return (moved, value, v), (x, v, value, residual_norm)

    start = as_vector(z_0), eigenvalue, eigenvector
    _, (xs, vs, values, residual_norms) = jax.lax.scan(advance, start, length=num_steps + 1)
    points = jax.vmap(lambda x: as_tree(x, like=z_0))(xs)
    return ComplexRide(points, vs, values, residual_norms)


# --- Where trajectories part ---------------------------------------------------------------------


def lyapunov_exponent(
    step: Callable[[Tree], Tree], z_0: Tree, direction: Tree, num_steps: int
) -> Scalar:
    """(1/K) log |DF(z_{K-1}) .. DF(z_0) d| / |d|: growth a step of a separation along d.

    `step` is F, one step of the optimizer. Along nearly all d it goes to the largest exponent.
    Forms no matrix; the separation is rescaled each step, so nothing overflows.
    Cost: a step and its tangent a step.
    """

    def advance(
        state: tuple[Tree, Tree, Scalar], _: None
    ) -> tuple[tuple[Tree, Tree, Scalar], None]:
        z, d, log_growth = state
        grown = jacobian_vector_product(step, z, d)
        size = norm(grown)
        unit = jax.tree.map(lambda leaf: leaf / size, grown)
        return (step(z), unit, log_growth + jnp.log(size)), None

    size = norm(direction)
    unit = jax.tree.map(lambda leaf: leaf / size, direction)
    start = z_0, unit, jnp.zeros_like(size)
    (_, _, log_growth), _ = jax.lax.scan(advance, start, length=num_steps)
    return log_growth / num_steps


def lyapunov_exponents(
    step: Callable[[Tree], Tree], z_0: Tree, num_steps: int
) -> Float[Array, " P"]:
    """All P exponents, from the largest, as the mean of log |r_jj| of DF(z_k) Q_k = Q_{k+1} R_k.

    For many steps; after few they depend on Q_0 = I, but their sum is always the mean of
    log |det DF|. Cost: a dense Jacobian and a QR decomposition a step. Source: Benettin et al.
    (1980).
    """
    flat_step = on_vectors(lambda z: as_vector(step(z)), like=z_0)

    def advance(state: tuple[Array, Array], _: None) -> tuple[tuple[Array, Array], Array]:
        x, Q = state
        Q, R = jnp.linalg.qr(jax.jacfwd(flat_step)(x) @ Q)
        return (flat_step(x), Q), jnp.log(jnp.abs(jnp.diagonal(R)))

    x_0 = as_vector(z_0)
    start = x_0, jnp.eye(len(x_0), dtype=x_0.dtype)
    _, logarithms = jax.lax.scan(advance, start, length=num_steps)
    return -jnp.sort(-jnp.mean(logarithms, axis=0))
