"""Lecture 2: the regularised linear autoencoder, slow by a weakly broken symmetry.

    J(E, D) = (1/2N) |X - X E D|^2 + 1/2 sum_j lambda_j (|E e_j|^2 + |e_j^T D|^2)

The reconstruction E D is the same for (E M, M^-1 D), M any regular matrix. Unequal penalties
break all of that symmetry: at the minimum the columns of E are the principal directions u_j of
the data, in order. But they break it weakly. With s_j the eigenvalues of X^T X / N,

    curvature along growth       2 (s_j - lambda_j)                                   order 1
    curvature along exchange     2 lambda_j                                           order lambda
    curvature along rotation     (lambda_j - lambda_i) (a_i^2 - a_j^2)
                                   / (a_i^2 + a_j^2),    a_j^2 = 1 - lambda_j / s_j   order lambda^2

so that gradient descent finds the subspace at once and its axes last. Rotations of latents i, j
have curvature 0 if their penalties are equal: then any rotation is a minimum.

X holds one example a row, not centred here. Letter: K latent units; each sum of squares above
is over all entries.

    >>> X, penalties = jnp.array([[2.0, 0.0], [0.0, 1.0]]), jnp.array([0.01, 0.02])
    >>> w = optimal_autoencoder(X, penalties)
    >>> print(curvature(w, growth_direction(w, 0), X, penalties).round(2))
    3.98
    >>> print(curvature(w, rotation_direction(w, 0, 1), X, penalties) < 2e-4)
    True

Source: CSC2541 lecture 2; Bao, Lucas, Sachdeva and Grosse (2020), "Regularized linear
autoencoders recover the principal components, eventually".
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from reference.pytrees import Scalar
from reference.taylor.products import hessian_vector_product
from reference.taylor.spectra import rayleigh_quotient


class Autoencoder(NamedTuple):
    """Codes are X @ encoder, reconstructions X @ encoder @ decoder."""

    encoder: Float[Array, "D K"]
    decoder: Float[Array, "K D"]


def autoencoder_loss(
    w: Autoencoder, X: Float[Array, "N D"], penalties: Float[Array, " K"]
) -> Scalar:
    """(1/2N) |X - X E D|^2 + 1/2 sum_j lambda_j (|E e_j|^2 + |e_j^T D|^2).

    A mean of 1/2 |.|^2 over examples, and penalties as in ridge regression: Bao et al. (2020)
    leave out both halves, which cancels in the minimiser.
    """
    residuals = X - X @ w.encoder @ w.decoder
    sizes = jnp.sum(w.encoder**2, axis=0) + jnp.sum(w.decoder**2, axis=1)
    return (jnp.sum(residuals**2) / len(X) + jnp.sum(penalties * sizes)) / 2


# --- The minimum ---------------------------------------------------------------------------------


def principal_components(
    X: Float[Array, "N D"], num_components: int
) -> tuple[Float[Array, " K"], Float[Array, "D K"]]:
    """s_1 >= .. >= s_K of X^T X / N, and the eigenvectors u_j as columns, of arbitrary signs.

    Cost: one `eigh` of D x D.
    """
    s, U = jnp.linalg.eigh(X.T @ X / len(X))
    return s[::-1][:num_components], U[:, ::-1][:, :num_components]


def optimal_autoencoder(X: Float[Array, "N D"], penalties: Float[Array, " K"]) -> Autoencoder:
    """E = U diag(a), D = E^T, with a_j^2 = max(0, 1 - lambda_j / s_j), K <= D.

    The component with the j-th largest s_j goes to the latent unit with the j-th smallest
    penalty. A minimum; the only one, up to signs, if penalties and the s_j differ among
    themselves and lambda_j < s_j. Along u_j the loss is s/2 (1 - a b)^2 + lambda/2 (a^2 + b^2).
    Cost: one `eigh` of D x D. Source: Bao et al. (2020).
    """
    s, U = principal_components(X, len(penalties))
    rank = jnp.argsort(jnp.argsort(penalties))  # of each latent unit's penalty
    s, U = s[rank], U[:, rank]
    encoder = U * jnp.sqrt(jnp.maximum(0, 1 - penalties / s))
    return Autoencoder(encoder, encoder.T)


def principal_alignment(encoder: Float[Array, "D K"], X: Float[Array, "N D"]) -> Float[Array, " K"]:
    """cos^2 of the angle between column j of the encoder and the j-th principal direction.

    All 1 at the minimum for ascending penalties; a rotation of the latent units by 45 degrees
    leaves 1/2. Assumes distinct eigenvalues and no zero column.
    """
    _, U = principal_components(X, encoder.shape[1])
    return jnp.sum(U * encoder, axis=0) ** 2 / jnp.sum(encoder**2, axis=0)


# --- Directions through it -----------------------------------------------------------------------


def growth_direction(w: Autoencoder, j: int) -> Autoencoder:
    """d/de of column j and row j both times e^e: the code's contribution grows by 1 + 2 e.

    Curvature at the minimum 2 (s_j - lambda_j), from the data.
    """
    chosen = _unit(w, j)
    return Autoencoder(w.encoder * chosen, w.decoder * chosen[:, None])


def exchange_direction(w: Autoencoder, j: int) -> Autoencoder:
    """d/de of column j times e^e and row j times e^-e: the reconstruction stays.

    Curvature at the minimum 2 lambda_j, from the penalty, which balances encoder and decoder.
    """
    chosen = _unit(w, j)
    return Autoencoder(w.encoder * chosen, -w.decoder * chosen[:, None])


def rotation_direction(w: Autoencoder, i: int, j: int) -> Autoencoder:
    """d/de of (E R, R^T D), R the rotation of latent units i, j by e: the reconstruction stays.

    Curvature at the minimum as in the module's table, from the difference of two penalties.
    """
    generator = jnp.outer(_unit(w, i), _unit(w, j))
    generator = generator - generator.T
    return Autoencoder(w.encoder @ generator, -generator @ w.decoder)


def curvature(
    w: Autoencoder, v: Autoencoder, X: Float[Array, "N D"], penalties: Float[Array, " K"]
) -> Scalar:
    """<v, H v> / <v, v>, the Rayleigh quotient of the loss's Hessian along the direction v.

    Between the extreme eigenvalues of H, so that the ratio of two of them bounds the condition
    number from below. Cost: one Hessian-vector product.
    """
    return rayleigh_quotient(
        lambda v: hessian_vector_product(lambda w: autoencoder_loss(w, X, penalties), w, v), v
    )


def growth_curvatures(s: Float[Array, " K"], penalties: Float[Array, " K"]) -> Float[Array, " K"]:
    """2 (s_j - lambda_j): Rayleigh quotients of the Hessian along `growth_direction`.

    Here and below at the minimum, with penalties ascending and below s_j, s descending.
    """
    return 2 * (s - penalties)


def rotation_curvatures(
    s: Float[Array, " K"], penalties: Float[Array, " K"]
) -> Float[Array, "K K"]:
    """(lambda_j - lambda_i) (a_i^2 - a_j^2) / (a_i^2 + a_j^2): those along `rotation_direction`.

    Rotated by e, the penalty is its minimum plus (lambda_j - lambda_i) (a_i^2 - a_j^2) sin^2 e,
    and the direction's squared length 2 (a_i^2 + a_j^2). Symmetric, with a diagonal of 0.
    """
    a_squared = 1 - penalties / s
    differences = a_squared[:, None] - a_squared
    return (penalties - penalties[:, None]) * differences / (a_squared[:, None] + a_squared)


def _unit(w: Autoencoder, j: int) -> Float[Array, " K"]:
    return (jnp.arange(w.encoder.shape[1]) == j).astype(w.encoder.dtype)
