"""Talk: disentangling by conditional mutual information, in the case that is linear and Gaussian.

    I(z_1; z_2 | a) = -1/2 log(1 - rho^2),     rho = corr(z_1, z_2 | a), the partial correlation

If two attributes a_1, a_2 are correlated in the training data, then codes z_1, z_2 that hold one
each are correlated as well. To ask for I(z_1; z_2) = 0 forbids the right answer, and a decoder
of a_1 then leans on both: it fails once the correlation shifts. The right codes satisfy

    I(z_1; z_2 | a_1) = I(z_1; z_2 | a_2) = 0

since given its attribute, a code holds only noise. Gaussians are given by their covariances, blocks
of which are named by tuples of indices. Information is in nats. Letters: P variables, K attributes,
D inputs, N examples.

    >>> S = jnp.array([[2.0, 1.0, 1.0], [1.0, 2.0, 1.0], [1.0, 1.0, 1.0]])   # z_j = a + noise
    >>> print(f"{gaussian_information(S, (0,), (1,)):.4f}")
    0.1438
    >>> print(f"{gaussian_information(S, (0,), (1,), given=(2,)):.4f}")
    0.0000

Source: Funke, Vicol, Wang, Kümmerer, Zemel and Bethge (2022), disentanglement and
generalization under correlation shifts.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from reference.pytrees import Scalar

# --- Of a covariance -----------------------------------------------------------------------------


def conditional_covariance(
    covariance: Float[Array, "P P"], kept: tuple[int, ...], given: tuple[int, ...]
) -> Float[Array, "R R"]:
    """S_kk - S_kg S_gg^-1 S_gk: of variables `kept` given the others, whatever their values.

    Assumes that S_gg is regular; nothing given leaves S_kk. R is the number kept. Cost: one solve.
    """
    S_kk, S_kg = _block(covariance, kept, kept), _block(covariance, kept, given)
    S_gg = _block(covariance, given, given)
    return S_kk - S_kg @ jnp.linalg.solve(S_gg, S_kg.T)


def partial_correlation(
    covariance: Float[Array, "P P"], i: int, j: int, *, given: tuple[int, ...] = ()
) -> Scalar:
    """rho = S_ij / sqrt(S_ii S_jj) of the conditional covariance of i and j.

    Given all other variables it is -P_ij / sqrt(P_ii P_jj), P the inverse of the covariance.
    Cost: one solve.
    """
    S = conditional_covariance(covariance, (i, j), given)
    return S[0, 1] / jnp.sqrt(S[0, 0] * S[1, 1])


def gaussian_information(
    covariance: Float[Array, "P P"],
    first: tuple[int, ...],
    second: tuple[int, ...],
    *,
    given: tuple[int, ...] = (),
) -> Scalar:
    """I(x; y | a) = 1/2 log(det S_x det S_y / det S_xy), all of them given a, in nats.

    For single variables -1/2 log(1 - rho^2). Zero only if they are conditionally independent, and
    unchanged by invertible linear maps within x, within y and within a. Cost: one solve and a
    determinant.
    """
    S = conditional_covariance(covariance, first + second, given)
    n = len(first)
    parts = _log_determinant(S[:n, :n]) + _log_determinant(S[n:, n:])
    return (parts - _log_determinant(S)) / 2


def total_conditional_information(
    covariance: Float[Array, "P P"], codes: tuple[int, ...], attributes: tuple[int, ...]
) -> Scalar:
    """sum_k I(z_k; z_-k | a_k): the penalty, each code against all others given its attribute.

    Zero for the right codes, and also for codes that ignore each other and all attributes: it goes
    beside a loss that has every code predict its attribute. Cost: K `gaussian_information`s.
    """
    pairs = zip(codes, attributes, strict=True)
    terms = [
        gaussian_information(covariance, (z,), tuple(c for c in codes if c != z), given=(a,))
        for z, a in pairs
    ]
    return jnp.sum(jnp.stack(terms))


# --- Of a linear encoder -------------------------------------------------------------------------


def code_covariance(
    encoder: Float[Array, "K D"],
    mixing: Float[Array, "D K"],
    attribute_covariance: Float[Array, "K K"],
    noise_covariance: Float[Array, "D D"],
) -> Float[Array, "2*K 2*K"]:
    """Cov of (z, a) for z = W x, x = M a + noise: codes 0 .. K - 1, attributes K .. 2 K - 1.

    Cost: a few products of matrices.
    """
    S_az = attribute_covariance @ (encoder @ mixing).T
    S_zz = encoder @ mixing @ S_az + encoder @ noise_covariance @ encoder.T
    return jnp.block([[S_zz, S_az.T], [S_az, attribute_covariance]])


def decorrelating_map(covariance: Float[Array, "D D"]) -> Float[Array, "D D"]:
    """S^-1/2, symmetric: W x has no correlations. Of all such W the one that moves x least.

    Given a covariance of x, I(z_1; z_2) = 0; given the conditional one, I(z_1; z_2 | a) = 0 for
    the given a. Assumes S positive definite. Cost: one `eigh`.
    """
    s, Q = jnp.linalg.eigh(covariance)
    return (Q / jnp.sqrt(s)) @ Q.T


def attribute_predictor(
    covariance: Float[Array, "P P"], inputs: tuple[int, ...], target: int
) -> Float[Array, " R"]:
    """S_ii^-1 S_it: the best linear prediction of a variable from others. Cost: one solve."""
    S_it = _block(covariance, inputs, (target,))[:, 0]
    return jnp.linalg.solve(_block(covariance, inputs, inputs), S_it)


def prediction_risk(
    covariance: Float[Array, "P P"],
    inputs: tuple[int, ...],
    target: int,
    weights: Float[Array, " R"],
) -> Scalar:
    """E 1/2 (w^T x - y)^2 under `covariance`, which need not be the one w was fitted to."""
    S_it = _block(covariance, inputs, (target,))[:, 0]
    quadratic = weights @ _block(covariance, inputs, inputs) @ weights
    return (quadratic - 2 * weights @ S_it + covariance[target, target]) / 2


# --- Of a sample ---------------------------------------------------------------------------------


def sample_partial_correlation(
    x: Float[Array, " N"], y: Float[Array, " N"], a: Float[Array, "N K"]
) -> Scalar:
    """The correlation of x and y, less what a linear regression on a predicts of each.

    With an intercept. For Gaussians artanh of it is nearly normal about artanh(rho), with the
    variance 1 / (N - K - 3) (Fisher). Cost: one QR of (N, K + 1).
    """
    Q, _ = jnp.linalg.qr(jnp.column_stack([jnp.ones_like(x), a]))
    x, y = x - Q @ (Q.T @ x), y - Q @ (Q.T @ y)
    return x @ y / jnp.sqrt((x @ x) * (y @ y))


def _block(S: Array, rows: tuple[int, ...], columns: tuple[int, ...]) -> Array:
    return S[jnp.array(rows, int)][:, jnp.array(columns, int)]


def _log_determinant(S: Array) -> Scalar:
    return jnp.linalg.slogdet(S)[1]
