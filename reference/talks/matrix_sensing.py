"""Talk: from a small random start, descent on a factorised matrix first finds the top subspace.

A positive semidefinite Z of low rank is sought from N < D (D + 1) / 2 linear measurements. Though
U has room for any rank, and many U fit, descent from near 0 ends close to Z. With A* the adjoint,

    loss(U) = 1/4 |A(U U^T) - y|^2,     A(Z)_n = <A_n, Z> / sqrt(N),     A_n = A_n^T,   y = A(Z)
    U <- U + alpha A*(y - A(U U^T)) U

While U is small this is power iteration on M = A*(y), in which each eigenvector's part grows by
1 + alpha lambda_i a step. So U does not stay near its start, as in lazy training, but turns into
M's top eigenspace, which is close to Z's. The smaller the start, the longer that lasts and the less
is left of other directions. If the A_n are an orthonormal basis, M = Z and the parts along its
eigenvectors grow each on its own, as logistic functions do.

Letters: matrices D x D, N measurements, U of K columns, T iterates.

    >>> A = full_measurements(2)
    >>> y = measurements(A, jnp.diag(jnp.array([1.0, 0.25])))
    >>> U = descent_iterates(A, y, 1e-3 * jnp.eye(2), 0.1, num_steps=500)
    >>> print(jnp.sum(U**2, axis=1)[jnp.array([50, 100, 500])].round(2))
    [[0.01 0.  ]
     [1.   0.  ]
     [1.   0.25]]

Source: Stöger and Soltanolkotabi (2021), small random initialization is akin to spectral learning.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from reference.pytrees import Scalar

# --- Measurements --------------------------------------------------------------------------------


def measurements(A: Float[Array, "N D D"], Z: Float[Array, "D D"]) -> Float[Array, " N"]:
    """A(Z)_n = <A_n, Z> / sqrt(N), of which |A(Z)|^2 is a mean of squares. Cost: N D^2."""
    return jnp.tensordot(A, Z, axes=2) / len(A) ** 0.5


def adjoint(A: Float[Array, "N D D"], y: Float[Array, " N"]) -> Float[Array, "D D"]:
    """A*(y) = sum_n y_n A_n / sqrt(N), so that <A(Z), y> = <Z, A*(y)>. Cost: N D^2."""
    return jnp.tensordot(y, A, axes=1) / len(A) ** 0.5


def gaussian_measurements(
    key: Key[Array, ""], num_measurements: int, size: int, dtype: jnp.dtype | type = float
) -> Float[Array, "N D D"]:
    """Symmetric A_n of entries N(0, 1) on the diagonal and N(0, 1/2) off it.

    Then E A*(A(Z)) = Z for symmetric Z, off the diagonal because an entry is met twice in <A_n, Z>.
    """
    G = jax.random.normal(key, (num_measurements, size, size), dtype)
    return (G + G.mT) / 2


def full_measurements(size: int, dtype: jnp.dtype | type = float) -> Float[Array, "N D D"]:
    """sqrt(N) times an orthonormal basis of the symmetric matrices, N = D (D + 1) / 2.

    So A*(A(Z)) = Z for each symmetric Z. In the order of the upper triangle's rows.
    """
    i, j = jnp.triu_indices(size)
    n = jnp.arange(len(i))
    # Halves, of which the diagonal gets both; sqrt(2) makes off-diagonal ones of length 1.
    half = jnp.where(i == j, 0.5, 0.5**0.5).astype(dtype)
    E = jnp.zeros((len(i), size, size), dtype)
    return len(i) ** 0.5 * E.at[n, i, j].add(half).at[n, j, i].add(half)


# --- Descent -------------------------------------------------------------------------------------


def sensing_loss(U: Float[Array, "D K"], A: Float[Array, "N D D"], y: Float[Array, " N"]) -> Scalar:
    """1/4 |A(U U^T) - y|^2; the 1/4 makes its gradient A*(A(U U^T) - y) U."""
    return jnp.sum((measurements(A, U @ U.T) - y) ** 2) / 4


def small_start(
    key: Key[Array, ""], scale: Scalar, size: int, num_columns: int
) -> Float[Array, "{size} {num_columns}"]:
    """Entries N(0, scale^2 / K), so that E U U^T = scale^2 I."""
    noise = jax.random.normal(key, (size, num_columns), scale.dtype)
    return scale * noise / num_columns**0.5


def descent_iterates(
    A: Float[Array, "N D D"],
    y: Float[Array, " N"],
    U_0: Float[Array, "D K"],
    step_size: Scalar | float,
    num_steps: int,
) -> Float[Array, "T D K"]:
    """U_k + alpha A*(y - A(U_k U_k^T)) U_k, k = 0 .. num_steps. Cost: 2 N D^2 + 2 D^2 K a step."""

    def advance(U: Array, _: None) -> tuple[Array, Array]:
        U = U + step_size * adjoint(A, y - measurements(A, U @ U.T)) @ U
        return U, U

    return jnp.concatenate([U_0[None], jax.lax.scan(advance, U_0, length=num_steps)[1]])


def recovery_error(U: Float[Array, "D K"], Z: Float[Array, "D D"]) -> Scalar:
    """|U U^T - Z|_F / |Z|_F, which the loss cannot tell: others have Z's measurements too."""
    return jnp.linalg.norm(U @ U.T - Z) / jnp.linalg.norm(Z)


# --- The spectral phase --------------------------------------------------------------------------


def power_iterates(
    M: Float[Array, "D D"], U_0: Float[Array, "D K"], step_size: Scalar | float, num_steps: int
) -> Float[Array, "T D K"]:
    """(I + alpha M)^k U_0, k = 0 .. num_steps: descent's iterates less what is cubic in U_0."""

    def advance(U: Array, _: None) -> tuple[Array, Array]:
        U = U + step_size * M @ U
        return U, U

    return jnp.concatenate([U_0[None], jax.lax.scan(advance, U_0, length=num_steps)[1]])


def linearisation_error_bound(
    A: Float[Array, "N D D"],
    y: Float[Array, " N"],
    U_0: Float[Array, "D K"],
    step_size: Scalar | float,
    num_steps: int,
) -> Float[Array, " T"]:
    """q^k |U_0| ((1 - rho_k)^{-1/2} - 1) >= |descent - power iterate|_F, k = 0 .. num_steps.

        q = 1 + alpha |M|_2,    rho_k = (L / |M|_2) |U_0|_F^2 (q^{2k} - 1),    L = |A* A|_2

    Infinite from rho_k = 1 on. Why: |A* A(U U^T) U| <= L |U|^3, so |U_k| <= b_k with b_{k+1} =
    q b_k + alpha L b_k^3 from b_0 = |U_0|, and the difference is at most b_k - q^k b_0, which
    follows the same recursion. With (1 + x)^{-2} >= 1 - 2 x the squares (q^k / b_k)^2 fall in
    all by at most a geometric sum, rho_k / b_0^2. Cost: an SVD of N x D^2.
    """
    curvature, gain = _largest_gains(A, y)
    log_q = jnp.log1p(step_size * gain)
    k = jnp.arange(num_steps + 1, dtype=U_0.dtype)
    rho = curvature / gain * jnp.sum(U_0**2) * jnp.expm1(2 * k * log_q)
    valid = rho < 1
    # expm1 and log1p, for rho is tiny early on.
    relative = jnp.expm1(-jnp.log1p(-jnp.where(valid, rho, 0)) / 2)
    return jnp.where(valid, jnp.exp(k * log_q) * jnp.linalg.norm(U_0) * relative, jnp.inf)


def spectral_phase_steps(
    A: Float[Array, "N D D"],
    y: Float[Array, " N"],
    U_0: Float[Array, "D K"],
    step_size: Scalar | float,
    *,
    tolerance: float,
) -> Scalar:
    """The real k at which `linearisation_error_bound` is tolerance times q^k |U_0|.

        k = log(1 + (1 - (1 + tolerance)^{-2}) |M|_2 / (L |U_0|_F^2)) / (2 log q)

    A start c times smaller adds log c / log q steps: the growth of M's top part, from |U_0| to a
    size that depends on M and L alone. A part that doubles half as often comes out sqrt(c) smaller.
    """
    curvature, gain = _largest_gains(A, y)
    rho = 1 - (1 + tolerance) ** -2
    ratio = rho * gain / (curvature * jnp.sum(U_0**2))
    return jnp.log1p(ratio) / (2 * jnp.log1p(step_size * gain))


def principal_angle_sine(U: Float[Array, "D K"], M: Float[Array, "D D"], rank: int) -> Scalar:
    """Sine of the largest angle between U's top left singular subspace and M's top eigenspace.

    0 when they are the same. |Q_2^T P|_2, Q_2 the other eigenvectors: unlike 1 - cos^2, exact
    near 0. Assumes rank < D, and gaps after the first `rank` values. Cost: eigh and SVD.
    """
    others = jnp.linalg.eigh(M)[1][:, :-rank]
    P = jnp.linalg.svd(U, full_matrices=False)[0][:, :rank]
    return jnp.linalg.norm(others.T @ P, 2)


def angle_sine_bound(
    M: Float[Array, "D D"],
    U_0: Float[Array, "D K"],
    step_size: Scalar | float,
    num_steps: int,
    rank: int,
) -> Float[Array, " T"]:
    """(growth of the others / of the top)^k |Q_2^T U_0|_2 / sigma_min(Q_1^T U_0), k = 0 .. steps.

    At least the sine for power iterates; growths are max and min of |1 + alpha lambda_i|, Q_1 the
    `rank` top eigenvectors, rank <= K. Why: if U V = P Sigma, then Q_2^T P = Q_2^T U V Sigma^{-1},
    and Sigma's least entry is at least that of Q_1^T U. Independent of the scale of U_0.
    """
    eigenvalues, Q = jnp.linalg.eigh(M)
    growth, parts = jnp.abs(1 + step_size * eigenvalues), Q.T @ U_0
    ratio = jnp.max(growth[:-rank]) / jnp.min(growth[-rank:])
    weakest = jnp.min(jnp.linalg.svd(parts[-rank:], compute_uv=False))
    tangent = jnp.linalg.norm(parts[:-rank], 2) / weakest
    return ratio ** jnp.arange(num_steps + 1) * tangent


# --- Full measurements ---------------------------------------------------------------------------


def decoupled_strengths(
    eigenvalues: Float[Array, " D"],
    p_0: Float[Array, " D"],
    step_size: Scalar | float,
    num_steps: int,
) -> Float[Array, "T D"]:
    """p <- p (1 + alpha (lambda - p))^2, the eigenvalues of U U^T in descent with A* A = I.

    If U_0 U_0^T has Z's eigenvectors, as scale^2 I has. What starts at 0 remains there.
    """

    def advance(p: Array, _: None) -> tuple[Array, Array]:
        p = p * (1 + step_size * (eigenvalues - p)) ** 2
        return p, p

    return jnp.concatenate([p_0[None], jax.lax.scan(advance, p_0, length=num_steps)[1]])


def halfway_times(eigenvalues: Float[Array, " D"], p_0: Float[Array, " D"]) -> Float[Array, " D"]:
    """log(lambda / p_0 - 1) / (2 lambda): when p' = 2 (lambda - p) p has come to lambda / 2.

    The limit of small steps, k = time / alpha of them. Larger eigenvalues come first, and, the
    smaller the start, the further apart. Assumes 0 < p_0 < lambda.
    """
    return jnp.log(eigenvalues / p_0 - 1) / (2 * eigenvalues)


def flow_matrix(
    Z: Float[Array, "D D"], U_0: Float[Array, "D K"], time: Scalar | float
) -> Float[Array, "D D"]:
    """U U^T under U' = (Z - U U^T) U, the limit of small steps if A* A = I, from any U_0.

        U U^T = E (I + U_0^T F U_0)^{-1} E^T,     E = e^{Z t} U_0,     F = int_0^t 2 e^{2 Z s} ds

    Why: where W = U U^T is invertible, its inverse obeys the linear (W^{-1})' = 2 I - Z W^{-1} -
    W^{-1} Z; for the rest, take limits. For one eigenvalue it is the logistic function. E is power
    iteration, and what stands between ends it. Assumes time > 0 and e^{2 lambda t} within range.
    Cost: eigh, and a QR decomposition of D + K rows.
    """
    eigenvalues, Q = jnp.linalg.eigh(Z)
    eigenvalues, Q = eigenvalues[::-1], Q[:, ::-1]
    zero = eigenvalues == 0
    integral = jnp.expm1(2 * eigenvalues * time) / jnp.where(zero, 1, eigenvalues)
    root = jnp.sqrt(jnp.where(zero, 2 * time, integral))
    # What is inverted is R^T R, of the R of [F^{1/2} U_0; I]; and F^{1/2} U_0 R^{-1} is a block of
    # the orthonormal factor, exact however large e^{2 lambda t}. The largest rows go first.
    stacked = jnp.concatenate([root[:, None] * (Q.T @ U_0), jnp.eye(U_0.shape[1], dtype=U_0.dtype)])
    block = jnp.linalg.qr(stacked)[0][: len(Z)]
    half = Q @ ((jnp.exp(eigenvalues * time) / root)[:, None] * block)
    return half @ half.T


def _largest_gains(A: Array, y: Array) -> tuple[Scalar, Scalar]:
    """L = |A* A|_2 over matrices, and |A*(y)|_2."""
    curvature = jnp.linalg.norm(A.reshape(len(A), -1), 2) ** 2 / len(A)
    return curvature, jnp.linalg.norm(adjoint(A, y), 2)
