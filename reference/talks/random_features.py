"""Talk: model size, excess loss and training loss cannot all be small.

For targets t = phi(x)^T w_true + noise of variance sigma^2 and *any* linear predictor fitted to N
examples with P features, by whatever algorithm,

    E excess  >=  (N / P) (sqrt(sigma^2 / 2) - sqrt(E training))_+^2

with both losses the course's means of 1/2 |.|^2. So a model that predicts well is either classical
(its training loss is near the noise, sigma^2 / 2) or large (many more features than the N that fit
the data exactly). Why: with rows z = S^{-1/2} phi of Z and u = S^{1/2} (w - w_true), fitting the
noise e means Z u ~ e, and along a singular vector of Z with singular value s, the fraction 1 - f of
the noise fitted costs (1 - f)^2 / s^2. Cauchy-Schwarz over the directions, with E |Z|_F^2 = N P, is
the bound; `trade_off_frontier` is what Z itself allows.

The features here are random Fourier features, for their second moment S is known exactly.
P counts features, and so parameters; F penalties.

    >>> losses = jnp.array([0.0, 0.125, 0.5])
    >>> bounds = excess_loss_bound(losses, noise_std=1.0, num_examples=100, num_features=200)
    >>> print(bounds.round(4))
    [0.25   0.0625 0.    ]

Source: Ghosh and Belkin (2022), the universal trade-off; Rahimi and Recht (2007), the features.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from reference.pytrees import Scalar

# --- The bound -----------------------------------------------------------------------------------


def excess_loss_bound(
    training_loss: Float[Array, "*shape"],
    noise_std: Scalar | float,
    num_examples: int,
    num_features: int,
) -> Float[Array, "*shape"]:
    """(N / P) (sqrt(sigma^2 / 2) - sqrt(training))_+^2, a lower bound of the mean excess loss.

    Both losses are means over draws of the data. Assumes noise independent of the features, and
    nothing of their distribution but a second moment. Sharp where Z Z^T = P I.
    """
    fitted = jnp.maximum(noise_std * 0.5**0.5 - jnp.sqrt(training_loss), 0)
    return num_examples / num_features * fitted**2


def features_needed(
    training_loss: Float[Array, "*shape"],
    excess_loss: Float[Array, "*shape"],
    noise_std: Scalar | float,
    num_examples: int,
) -> Float[Array, "*shape"]:
    """The P below which no linear model has these losses: the same bound, solved for P.

    >>> print(features_needed(jnp.array(0.0), jnp.array(0.005), 1.0, num_examples=100).round(1))
    10000.0
    """
    # The bound falls as 1 / P.
    return excess_loss_bound(training_loss, noise_std, num_examples, 1) / excess_loss


def trade_off_frontier(
    Phi: Float[Array, "N P"],
    second_moment: Float[Array, "P P"],
    noise_std: Scalar | float,
    penalties: Float[Array, " F"],
) -> tuple[Float[Array, " F"], Float[Array, " F"]]:
    """Training and excess losses that no predictor beats on these features, meaned over the noise.

    Minimises excess + training / lambda over predictors that may know w_true and the noise:
    u = Z^T (Z Z^T + N lambda I)^-1 e, so a direction with z = s^2 / N keeps the fraction
    lambda / (z + lambda) of its noise. Excess (1 / 2N) sigma^2 sum z / (z + lambda)^2, training
    (1 / 2N) sigma^2 sum (lambda / (z + lambda))^2, for positive `penalties`, both decreasing one
    against the other. Ridge that shrinks to w_true in the norm of S is this predictor.
    Cost: one Cholesky factor of S and one SVD of Phi's size.
    """
    root = jnp.linalg.cholesky(second_moment)
    Z = jnp.linalg.solve(root, Phi.T).T
    N, P = Z.shape
    z = jnp.linalg.svd(Z, compute_uv=False) ** 2 / N
    shrunk = z + penalties[:, None]
    kept = jnp.sum((penalties[:, None] / shrunk) ** 2, axis=1) + max(N - P, 0)
    moved = jnp.sum(z / shrunk**2, axis=1)
    scale = noise_std**2 / (2 * N)
    return scale * kept, scale * moved


# --- Random Fourier features ---------------------------------------------------------------------


def random_fourier_features(
    X: Float[Array, "N D"], frequencies: Float[Array, "D P"], phases: Float[Array, " P"]
) -> Float[Array, "N P"]:
    """sqrt(2) cos(X W + b). With W ~ N(0, I), b ~ U[0, 2 pi]: E phi phi' = exp(-|x - x'|^2 / 2).

    That mean is over the features, at two inputs.
    """
    return 2**0.5 * jnp.cos(X @ frequencies + phases)


def feature_second_moment(
    frequencies: Float[Array, "D P"], phases: Float[Array, " P"]
) -> Float[Array, "P P"]:
    """S = E phi phi^T over inputs x ~ N(0, I), at fixed frequencies and phases; exact.

    S_jk = cos(b_j - b_k) exp(-|w_j - w_k|^2 / 2) + cos(b_j + b_k) exp(-|w_j + w_k|^2 / 2), for
    2 cos a cos b = cos(a - b) + cos(a + b) and E cos(w^T x + b) = cos(b) exp(-|w|^2 / 2).
    Cost: O(D P^2).
    """

    def mean_cosine(sign: int) -> Array:
        w = frequencies[:, :, None] + sign * frequencies[:, None, :]
        b = phases[:, None] + sign * phases
        return jnp.cos(b) * jnp.exp(-jnp.sum(w**2, axis=0) / 2)

    return mean_cosine(-1) + mean_cosine(1)
