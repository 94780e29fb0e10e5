"""Lecture 10: extragradient and optimism, which step with the field as it is a step ahead.

    extragradient    z' = z - eta xi(z - eta xi(z))
    optimistic       z_{k+1} = z_k - eta (2 xi(z_k) - xi(z_{k-1})),      xi(z_{-1}) = xi(z_0)

Both imitate the implicit step z' = z - eta xi(z'), the proximal point method, which contracts a
rotation where the explicit step expands it. Extragradient pays for its look ahead with a second
gradient; optimism guesses it by the last one, and costs no more than descent. On f = x^T B y a
singular value s has, with a = i eta s, the eigenvalue 1 - a + a^2 under extragradient, of modulus
sqrt(1 - eta^2 s^2 + eta^4 s^4) < 1 for eta s < 1; under optimism the roots of
m^2 - (1 - 2 a) m - a, inside the unit circle for eta s < 1 / sqrt(3).

    >>> from reference.differential_games.game import simultaneous_gradient
    >>> xi = lambda z: simultaneous_gradient(lambda z: (z[0] * z[1], -z[0] * z[1]), z)
    >>> z = (jnp.array(1.0), jnp.array(0.0))
    >>> [float(part) for part in extragradient_direction(xi, z, 0.5)]
    [0.5, -1.0]

Source: CSC2541 lecture 10; Korpelevich (1976); Popov (1980); Daskalakis et al. (2018).
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from reference.differential_games.game import Field, Players
from reference.pytrees import Scalar, Tree, plus_multiple


def extragradient_direction(field: Field, z: Players, step_size: Scalar | float) -> Players:
    """xi(z - eta xi(z)): the field where a plain step would lead; follow it from z itself.

    With `descent_iterates` and the same eta this is the extragradient method; with two step sizes
    a generalisation. Cost: two evaluations of xi. Source: Korpelevich (1976).
    """
    return field(plus_multiple(z, -step_size, field(z)))


def optimistic_iterates(
    field: Field, z_0: Players, step_size: Scalar | float, num_steps: int
) -> Tree:
    """z_{k+1} = z_k - eta (2 xi_k - xi_{k-1}), along a new first axis of every leaf.

    With xi_{-1} = xi_0 the first step is a plain one; others take xi_{-1} = 0, and a first step
    twice as long. The start is included. Cost: T + 1 evaluations of xi.
    Source: Popov (1980); Daskalakis et al. (2018).
    """

    def advance(state: tuple[Players, Players], _: None) -> tuple[tuple[Players, Players], Players]:
        z, xi_before = state
        xi = field(z)
        direction = jax.tree.map(lambda xi, before: 2 * xi - before, xi, xi_before)
        return (plus_multiple(z, -step_size, direction), xi), z

    return jax.lax.scan(advance, (z_0, field(z_0)), length=num_steps + 1)[1]


# --- On a bilinear game --------------------------------------------------------------------------


def bilinear_extragradient_rate(B: Float[Array, "D E"], step_size: Scalar | float) -> Scalar:
    """max_s sqrt(1 - eta^2 s^2 + eta^4 s^4) over the singular values s of B, for f = x^T B y.

    The factor by which the slowest plane shrinks a step; what B maps to 0 is at equilibrium, and
    stays. Best, sqrt(3/4), at eta s = 1 / sqrt(2). Cost: one SVD.
    """
    square = (step_size * jnp.linalg.svd(B, compute_uv=False)) ** 2
    return jnp.sqrt(jnp.max(1 - square + square**2))


def bilinear_optimistic_rate(B: Float[Array, "D E"], step_size: Scalar | float) -> Scalar:
    """max_s |m|, m the larger root of m^2 - (1 - 2 i eta s) m - i eta s, for f = x^T B y.

    |m|^2 = (1 + sqrt(1 - 4 e^2)) / 2 for e = eta s <= 1/2, and 1/4 + (e + sqrt(e^2 - 1/4))^2
    above. Least at the double root, e = 1/2: 1 / sqrt(2). Cost: one SVD.
    """
    e = step_size * jnp.linalg.svd(B, compute_uv=False)
    real = jnp.sqrt(jnp.maximum(1 - 4 * e**2, 0))
    imaginary = jnp.sqrt(jnp.maximum(e**2 - 1 / 4, 0))
    squares = jnp.where(e <= 1 / 2, (1 + real) / 2, 1 / 4 + (e + imaginary) ** 2)
    return jnp.sqrt(jnp.max(squares))
