"""Lecture 9: two-step linear recursions, which is what momentum is on a quadratic.

    x_{k+1} = p x_k - q x_{k-1},      (x_{k+1}, x_k) = C (x_k, x_{k-1}),      C = [[p, -q], [1, 0]]

Each eigenvector of the Hessian obeys a recursion of its own. Its two eigenvalues are the roots
of z^2 - p z + q; the larger modulus is the rate at which the mode shrinks. Complex roots have
the modulus sqrt(q), whatever p is: that is why momentum makes modes of different curvature
equally fast. At p^2 = 4 q, where the best rates lie, the root is double: x_k ~ k z^k, and z is
determined by p and q only to the square root of the rounding.

    >>> p, q = jnp.array([5.0, 0.0]), jnp.array([6.0, 0.25])
    >>> print(jnp.abs(companion_eigenvalues(p, q)))
    [[3.  2. ]
     [0.5 0.5]]
    >>> print(f"{spectral_radius(companion_matrices(p, q)[0]):.4f}")
    3.0000

Source: CSC2541 lecture 9; Polyak (1964); Gelfand (1941) for the spectral radius.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Complex, Float, Inexact

from reference.pytrees import Scalar


def companion_matrices(p: Float[Array, " D"], q: Float[Array, " D"]) -> Float[Array, "D 2 2"]:
    """C = [[p, -q], [1, 0]] of every mode; it maps (x_k, x_{k-1}) to (x_{k+1}, x_k)."""
    ones, zeros = jnp.ones_like(p), jnp.zeros_like(p)
    return jnp.stack([jnp.stack([p, -q], axis=1), jnp.stack([ones, zeros], axis=1)], axis=1)


def companion_eigenvalues(p: Float[Array, " D"], q: Float[Array, " D"]) -> Complex[Array, "D 2"]:
    """z = p/2 +- sqrt(p^2/4 - q) of every mode, the larger modulus first.

    The second root is computed as q over the first, which loses nothing where p^2 >> 4 q.
    """
    half = p / 2
    root = jnp.sqrt((half**2 - q).astype(jnp.result_type(p, jnp.complex64)))
    first = half + jnp.where(half < 0, -root, root)
    second = jnp.where(first == 0, 0, q / jnp.where(first == 0, 1, first))
    return jnp.stack([first, second], axis=1)


def spectral_radius(M: Inexact[Array, "D D"], *, num_squarings: int = 40) -> Scalar:
    """max_i |z_i(M)| = lim |M^k|^{1/k}, taken at k = 2^num_squarings.

    M is any square matrix, real or complex. A non-symmetric eigenvalue solver exists on the CPU
    only; squaring runs anywhere. Each power is scaled to norm 1 and the logarithms of the scales
    are summed, so nothing overflows. The error is of the order of log(k) / k, and that of
    rounding as for any method (its square root, where an eigenvalue is double).
    Cost: `num_squarings` products of D x D matrices. Source: Gelfand's formula (1941).
    """

    def square(state: tuple[Array, Array], weight: Array) -> tuple[tuple[Array, Array], None]:
        power, log_radius = state
        power, size = _scaled(power @ power)
        return (power, log_radius + weight * jnp.log(size)), None

    power, size = _scaled(M)
    weights = jnp.exp2(-jnp.arange(1, num_squarings + 1, dtype=size.dtype))
    (_, log_radius), _ = jax.lax.scan(square, (power, jnp.log(size)), weights)
    return jnp.exp(log_radius)


def _scaled(M: Array) -> tuple[Array, Array]:
    """M / |M| and |M|; a zero matrix stays zero, and its radius becomes exp(-inf) = 0."""
    size = jnp.sqrt(jnp.sum(jnp.abs(M) ** 2))
    return M / jnp.where(size > 0, size, 1), size
