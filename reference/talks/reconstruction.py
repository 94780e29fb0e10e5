"""Talk: learning to reconstruct, how its error scales with data, and training at test time.

Signals lie in a subspace, x = U c with c ~ N(0, I_R), and are seen with noise, y = x + sigma z in
R^D. The best estimate is shrinkage of the projection,

    x = a U U^T y,      a = 1 / (1 + sigma^2)

A linear map trained on N pairs (y, x) has an error that exceeds this one by a multiple of D / N:
in a log-log plot a line that then flattens at the noise. Its sigma is that of training; where it
shifts, a can be trained anew on the *one* y at hand, for

    1/2 |y - a U U^T y|^2 + a (R / (D - R)) |y - U U^T y|^2

needs no x, and has the mean of the true loss: the second term measures the noise outside of the
subspace (Stein's unbiased estimate).

Losses are means of 1/2 |.|^2. Letters: D measured values, R dimensions of signals, N pairs.

    >>> U = jnp.eye(4)[:, :2]
    >>> print(adapted_shrinkage(U, jnp.array([3.0, 1.0, 1.0, 2.0])))
    0.5

Source: Klug and Heckel (2022), scaling of reconstruction; Darestani, Liu and Heckel (2022),
test-time training.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from reference.pytrees import Scalar

# --- Scaling with the number of examples ---------------------------------------------------------


def noisy_signals(
    key: Key[Array, ""], U: Float[Array, "D R"], num_examples: int, noise_std: Scalar | float
) -> tuple[Float[Array, "N D"], Float[Array, "N D"]]:
    """Pairs of y = x + sigma z and x = U c, c ~ N(0, I): measured and true."""
    key_of_signals, key_of_noise = jax.random.split(key)
    X = jax.random.normal(key_of_signals, (num_examples, U.shape[1]), U.dtype) @ U.T
    return X + noise_std * jax.random.normal(key_of_noise, X.shape, U.dtype), X


def trained_denoiser(Y: Float[Array, "N D"], X: Float[Array, "N D"]) -> Float[Array, "D D"]:
    """W = argmin (1/2N) sum |W y_n - x_n|^2, for N >= D examples. Cost: one QR decomposition."""
    Q, upper = jnp.linalg.qr(Y)
    return jax.scipy.linalg.solve_triangular(upper, Q.T @ X).T


def denoiser_risk(
    W: Float[Array, "D D"], U: Float[Array, "D R"], noise_std: Scalar | float
) -> Scalar:
    """E 1/2 |W y - x|^2 = 1/2 (|(W - I) U|_F^2 + sigma^2 |W|_F^2), U orthonormal."""
    return (jnp.sum((W @ U - U) ** 2) + noise_std**2 * jnp.sum(W**2)) / 2


def best_denoiser_risk(num_dimensions: int, noise_std: Scalar) -> Scalar:
    """(R / 2) sigma^2 / (1 + sigma^2), the risk of U U^T / (1 + sigma^2)."""
    return num_dimensions / 2 * noise_std**2 / (1 + noise_std**2)


def predicted_excess_risk(
    num_measured: int, num_dimensions: int, num_examples: int, noise_std: Scalar
) -> Scalar:
    """E risk(W) - best risk = best risk * D / (N - D - 1) for the W trained on N pairs; exact.

    Given y, c is U^T y / (1 + sigma^2) and an independent error of variance sigma^2 / (1 +
    sigma^2), so it is R regressions with Gaussian inputs, for which E tr[(Y^T Y)^-1 E y y^T] =
    D / (N - D - 1). Needs N > D + 1. A power law of exponent -1; estimators that learn U itself
    (early stopping, in the paper) have it with R in the place of D.
    """
    return best_denoiser_risk(num_dimensions, noise_std) * (
        num_measured / (num_examples - num_measured - 1)
    )


# --- Training at test time -----------------------------------------------------------------------


def shrinkage_risk(a: Scalar, num_dimensions: int, noise_std: Scalar | float) -> Scalar:
    """E 1/2 |a U U^T y - x|^2 = (R / 2) ((1 - a)^2 + a^2 sigma^2); least at a = 1/(1 + sigma^2)."""
    return num_dimensions / 2 * ((1 - a) ** 2 + a**2 * noise_std**2)


def self_supervised_loss(a: Scalar, U: Float[Array, "D R"], y: Float[Array, " D"]) -> Scalar:
    """1/2 |y - a U U^T y|^2 + a (R / (D - R)) |y - U U^T y|^2, of one measurement y.

    Its mean is `shrinkage_risk` and the constant D sigma^2 / 2: |y - U U^T y|^2 / (D - R)
    estimates sigma^2, and R a sigma^2 = E <sigma z, a U U^T y> is what the first term lacks.
    """
    D, R = U.shape
    projected = U @ (U.T @ y)
    outside = jnp.sum((y - projected) ** 2)
    return jnp.sum((y - a * projected) ** 2) / 2 + a * R / (D - R) * outside


def adapted_shrinkage(U: Float[Array, "D R"], y: Float[Array, " D"]) -> Scalar:
    """argmin_a of `self_supervised_loss` = 1 - (R / (D - R)) |y - U U^T y|^2 / |U U^T y|^2.

    Near 1 / (1 + sigma^2) for any sigma once R and D - R are large, whatever was trained on.
    """
    D, R = U.shape
    coefficients = U.T @ y
    outside = jnp.sum((y - U @ coefficients) ** 2)
    return 1 - R / (D - R) * outside / jnp.sum(coefficients**2)
