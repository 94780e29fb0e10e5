"""Lecture 7: SGD where the model can fit every example, so that the noise dies out by itself.

Least squares on a finite set, with batches drawn from it with replacement:

    L(w) = (1/N) sum_n 1/2 (x_n^T w - t_n)^2,       w <- w - alpha (1/B) sum_{n in batch} grad L_n

The covariance of the gradient, Sigma(w) = (1/N) sum_n (g_n - g)(g_n - g)^T, vanishes at a minimum
if and only if every g_n does: t is realisable. Then, and only then, a constant step size
converges, and geometrically; else it ends at a floor proportional to alpha / B.

The expected loss is exact. One example maps (w, 1) linearly, (w, 1) <- M_n (w, 1), hence
U = E[(w, 1) (w, 1)^T] obeys

    U <- (1/B) mean_n(M_n U M_n^T) + (1 - 1/B) M U M^T,        M = mean_n M_n

    >>> X, t = jnp.array([[1.0], [1.0]]), jnp.array([1.0, 1.0])
    >>> print(expected_sgd_losses(X, t, jnp.zeros(1), 0.5, 1.0, num_steps=2))
    [0.5     0.125   0.03125]
    >>> print(expected_sgd_losses(X, jnp.array([0.0, 2.0]), jnp.zeros(1), 0.5, 1.0, num_steps=2))
    [1.     0.75   0.6875]

Source: CSC2541 lecture 7; Ma, Bassily and Belkin (2018), "The power of interpolation".
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from reference.pytrees import Scalar, Tree, as_vector, on_vectors

# --- Noise of the gradient -----------------------------------------------------------------------


def gradient_noise_covariance(
    losses: Callable[[Tree], Float[Array, " N"]], w: Tree
) -> Float[Array, "P P"]:
    """Sigma = (1/N) sum_n (g_n - g)(g_n - g)^T over the flattened parameters, g the mean of g_n.

    `losses(w)` are those of the examples. The mean gradient of B drawn with replacement has
    covariance Sigma / B; without replacement, times (N - B) / (N - 1).
    Cost: N gradients of one example, and N P memory.

    >>> losses = lambda w: (w - jnp.array([1.0, 3.0])) ** 2 / 2
    >>> print(gradient_noise_covariance(losses, jnp.ones(())))
    [[1.]]
    """
    g = jax.jacrev(on_vectors(losses, like=w))(as_vector(w))
    centred = g - jnp.mean(g, axis=0)
    return centred.T @ centred / len(g)


# --- SGD with a constant step size ---------------------------------------------------------------


def sgd_iterates(
    key: Key[Array, ""],
    inputs: Float[Array, "N D"],
    targets: Float[Array, " N"],
    w_0: Float[Array, " D"],
    step_size: Scalar | float,
    batch_size: int,
    num_steps: int,
) -> Float[Array, "T D"]:
    """w <- w - (alpha/B) sum_{n in batch} x_n (x_n^T w - t_n), one run; drawn with replacement.

    Cost: O(B D) a step.
    """

    def advance(w: Array, batch: Array) -> tuple[Array, Array]:
        x, t = inputs[batch], targets[batch]
        w = w - step_size * x.T @ (x @ w - t) / batch_size
        return w, w

    batches = jax.random.randint(key, (num_steps, batch_size), 0, len(inputs))
    return jnp.concatenate([w_0[None], jax.lax.scan(advance, w_0, batches)[1]])


def expected_sgd_second_moments(
    inputs: Float[Array, "N D"],
    targets: Float[Array, " N"],
    w_0: Float[Array, " D"],
    step_size: Scalar | float,
    batch_size: Scalar | float,
    num_steps: int,
) -> Float[Array, "T D+1 D+1"]:
    """E[(w_k, 1) (w_k, 1)^T], k = 0 .. num_steps: exact, over all draws of batches.

    The last column is E[w_k], which is plain gradient descent. Cost: O(N D^2) a step.
    """
    # (x, -t)^T (w, 1) is the residual, and (x, 0) times it the gradient: M_n = I - alpha a b^T.
    a = jnp.pad(inputs, ((0, 0), (0, 1)))
    b = _residual_vectors(inputs, targets)
    N, eye = len(inputs), jnp.eye(b.shape[1], dtype=b.dtype)
    M = eye - step_size * a.T @ b / N

    def advance(U: Array, _: None) -> tuple[Array, Array]:
        # mean_n (M_n - M) U (M_n - M)^T, expanded: of M_n only its rank-one part varies.
        squares = jnp.einsum("nd,de,ne->n", b, U, b)
        spread = step_size**2 * (a.T * squares) @ a / N - (M - eye) @ U @ (M - eye).T
        U = M @ U @ M.T + spread / batch_size
        return U, U

    start = jnp.append(w_0, jnp.ones((), w_0.dtype))
    U_0 = jnp.outer(start, start)
    return jnp.concatenate([U_0[None], jax.lax.scan(advance, U_0, length=num_steps)[1]])


def expected_sgd_losses(
    inputs: Float[Array, "N D"],
    targets: Float[Array, " N"],
    w_0: Float[Array, " D"],
    step_size: Scalar | float,
    batch_size: Scalar | float,
    num_steps: int,
) -> Float[Array, " T"]:
    """E[L(w_k)], L the mean of 1/2 (x_n^T w - t_n)^2 over all N, k = 0 .. num_steps.

    Cost: O(N D^2) a step.
    """
    U = expected_sgd_second_moments(inputs, targets, w_0, step_size, batch_size, num_steps)
    b = _residual_vectors(inputs, targets)
    return jnp.einsum("nd,tde,ne->t", b, U, b) / (2 * len(b))


def interpolation_step_size(inputs: Float[Array, "N D"], batch_size: Scalar | float) -> Scalar:
    """B / (beta + (B - 1) a_max), with beta = max |x_n|^2 and a_max the top of (1/N) X^T X.

    The minimum of the bound in `interpolation_rate`, which knows of the data only these two.
    Batches help up to about beta / a_max examples; from there it stays below 1 / a_max, that of
    full batches. Cost: one `eigvalsh`, O(N D^2 + D^3).
    Source: Ma, Bassily and Belkin (2018), the theorem on mini-batches for convex losses.
    """
    beta = jnp.max(jnp.sum(inputs**2, axis=1))
    a_max = jnp.linalg.eigvalsh(_second_moment(inputs))[-1]
    return batch_size / (beta + (batch_size - 1) * a_max)


def interpolation_rate(inputs: Float[Array, "N D"], batch_size: Scalar | float) -> Scalar:
    """1 - alpha a_min: E|w_k - w*|^2 shrinks at least by this a step, if t is realisable.

    alpha is `interpolation_step_size`, a_min the least eigenvalue of (1/N) X^T X; zero ones are
    left out, and w* is the solution with w_0's part in the null space, which never changes.
    From E[(I - alpha A_batch)^2] = I - 2 alpha A + (alpha^2 / B) (mean_n |x_n|^2 x_n x_n^T
    + (B - 1) A^2), with |x_n|^2 <= beta and A^2 <= a_max A. Cost: two `eigvalsh`.
    """
    a = jnp.linalg.eigvalsh(_second_moment(inputs))
    cutoff = max(inputs.shape) * jnp.finfo(a.dtype).eps * a[-1]
    a_min = jnp.min(jnp.where(a > cutoff, a, jnp.inf))
    return 1 - interpolation_step_size(inputs, batch_size) * a_min


# --- Shared by the above -------------------------------------------------------------------------


def _residual_vectors(inputs: Array, targets: Array) -> Float[Array, "N D+1"]:
    """(x_n, -t_n), whose product with (w, 1) is the residual of example n."""
    return jnp.concatenate([inputs, -targets[:, None]], axis=1)


def _second_moment(inputs: Array) -> Float[Array, "D D"]:
    return inputs.T @ inputs / len(inputs)
