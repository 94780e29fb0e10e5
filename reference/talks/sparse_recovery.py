"""Talk: l1 minimisation, the classical baseline of reconstruction from few measurements.

    min_x F(x) = (1/2N) |A x - t|^2 + lambda |x|_1

x is optimal if and only if the correlations c = A^T (t - A x) / N are lambda sign(x_j) where x_j is
not 0, and at most lambda in size elsewhere. Proximal gradients (ISTA) step along c and then shrink;
with momentum (FISTA) the loss falls as 1/k^2 rather than 1/k. Step sizes up to N / |A|_2^2.

    >>> print(soft_threshold(jnp.array([3.0, 0.5, -2.0]), 1.0))
    [ 2.  0. -1.]

N measurements, D unknowns. Source: Daubechies, Defrise and De Mol (2004), ISTA; Beck and Teboulle
(2009), FISTA and both rates.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from reference.pytrees import Scalar


def lasso_loss(
    x: Float[Array, " D"], A: Float[Array, "N D"], t: Float[Array, " N"], penalty: Scalar | float
) -> Scalar:
    """F(x) = (1/2N) |A x - t|^2 + lambda |x|_1."""
    return jnp.mean((A @ x - t) ** 2) / 2 + penalty * jnp.sum(jnp.abs(x))


def soft_threshold(x: Float[Array, "*shape"], threshold: Scalar | float) -> Float[Array, "*shape"]:
    """sign(x) (|x| - threshold)_+ = argmin_u 1/2 |u - x|^2 + threshold |u|_1."""
    return jnp.sign(x) * jnp.maximum(jnp.abs(x) - threshold, 0)


def largest_step_size(A: Float[Array, "N D"]) -> Scalar:
    """N / |A|_2^2 = 1 / L, L the largest curvature of the smooth part. Cost: one SVD."""
    return len(A) / jnp.linalg.svd(A, compute_uv=False)[0] ** 2


def smallest_full_penalty(A: Float[Array, "N D"], t: Float[Array, " N"]) -> Scalar:
    """|A^T t|_inf / N: from this lambda on the solution is x = 0."""
    return jnp.max(jnp.abs(t @ A)) / len(t)


def optimality_violation(
    x: Float[Array, " D"], A: Float[Array, "N D"], t: Float[Array, " N"], penalty: Scalar | float
) -> Scalar:
    """The distance, in the largest entry, of 0 from the subdifferential of F at x.

    |c_j - lambda sign(x_j)| where x_j is not 0, (|c_j| - lambda)_+ where it is. Zero only at the
    minimum. Exact zeros count as zeros, which is what thresholding makes.
    Cost: two products with A.
    """
    c = (t - A @ x) @ A / len(t)
    nonzero = jnp.abs(c - penalty * jnp.sign(x))
    return jnp.max(jnp.where(x != 0, nonzero, jnp.maximum(jnp.abs(c) - penalty, 0)))


def ista_iterates(
    A: Float[Array, "N D"],
    t: Float[Array, " N"],
    x_0: Float[Array, " D"],
    penalty: Scalar | float,
    step_size: Scalar | float,
    num_steps: int,
) -> Float[Array, "T D"]:
    """x_{k+1} = soft_threshold(x_k + alpha c(x_k), alpha lambda), k = 0 .. num_steps.

    With alpha <= 1 / L, F falls, and F(x_k) - min F <= |x_0 - x|^2 / (2 alpha k).
    Cost: two products with A a step. Source: Beck and Teboulle (2009), theorem 3.1.
    """

    def advance(x: Array, _: None) -> tuple[Array, Array]:
        x = _proximal_step(A, t, x, penalty, step_size)
        return x, x

    return jnp.concatenate([x_0[None], jax.lax.scan(advance, x_0, length=num_steps)[1]])


def fista_iterates(
    A: Float[Array, "N D"],
    t: Float[Array, " N"],
    x_0: Float[Array, " D"],
    penalty: Scalar | float,
    step_size: Scalar | float,
    num_steps: int,
) -> Float[Array, "T D"]:
    """x_{k+1} = ISTA's step from x_k + ((s_k - 1) / s_{k+1}) (x_k - x_{k-1}), k = 0 .. num_steps.

    s_1 = 1 and s_{k+1} = (1 + sqrt(1 + 4 s_k^2)) / 2. With alpha <= 1 / L, F(x_k) - min F <=
    2 |x_0 - x|^2 / (alpha (k + 1)^2); F need not fall at every step.
    Cost: that of ISTA. Source: Beck and Teboulle (2009), theorem 4.4.
    """

    def advance(
        state: tuple[Array, Array, Array], _: None
    ) -> tuple[tuple[Array, Array, Array], Array]:
        x, ahead, s = state
        s_next = (1 + jnp.sqrt(1 + 4 * s**2)) / 2
        x_next = _proximal_step(A, t, ahead, penalty, step_size)
        return (x_next, x_next + (s - 1) / s_next * (x_next - x), s_next), x_next

    start = x_0, x_0, jnp.ones((), x_0.dtype)
    return jnp.concatenate([x_0[None], jax.lax.scan(advance, start, length=num_steps)[1]])


def _proximal_step(
    A: Array, t: Array, x: Array, penalty: Scalar | float, step_size: Scalar | float
) -> Array:
    downhill = (t - A @ x) @ A / len(t)
    return soft_threshold(x + step_size * downhill, step_size * penalty)
