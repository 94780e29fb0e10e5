"""Talk: representations that maximise rate reduction, and so are linear, discriminative, diverse.

The number of nats that it takes to code N vectors z in R^D up to an error eps^2 is, for each,

    R(Z) = 1/2 logdet(I + (D / (N eps^2)) Z^T Z)

(rows of Z are the vectors). Coding each class by itself takes R_c = sum_j (N_j / N) R(Z_j). Their
difference, the rate reduction, is large where all together fill the space but each class is
small: at its maximum over Z with |Z_j|_F^2 = N_j, classes lie in orthogonal subspaces.

Memberships are weights pi_nj >= 0 with sum_j pi_nj = 1; N_j = sum_n pi_nj, and Z_j^T Z_j =
sum_n pi_nj z_n z_n^T. One-hot for labels. Letters: J classes.

    >>> Z, classes = jnp.eye(2), jnp.eye(2)
    >>> print(f"{rate_reduction(Z, classes, distortion=1.0):.4f}")  # log 2 - 1/2 log 3
    0.1438

Source: Yu et al. (2020), maximal coding rate reduction; Chan et al. (2022), its gradient as a
network.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from reference.pytrees import Scalar

# --- Rates ---------------------------------------------------------------------------------------


def coding_rate(Z: Float[Array, "N D"], distortion: Scalar | float) -> Scalar:
    """R(Z) = 1/2 logdet(I + (D / (N eps^2)) Z^T Z), `distortion` being eps.

    logdet(I + a Z^T Z) = logdet(I + a Z Z^T), so the cheaper side is the smaller one.
    Invariant under rotations of either side. Cost: D^2 N + D^3.
    """
    return _half_logdet(Z.T @ Z * _scale(Z, distortion))


def class_coding_rate(
    Z: Float[Array, "N D"], memberships: Float[Array, "N J"], distortion: Scalar | float
) -> Scalar:
    """R_c = sum_j (N_j / 2N) logdet(I + (D / (N_j eps^2)) Z_j^T Z_j): a code for each class.

    Every class has a member, N_j > 0. Cost: J (D^2 N + D^3).
    """
    shares = jnp.mean(memberships, axis=0)
    grams = _class_grams(Z, memberships) * (_scale(Z, distortion) / shares)[:, None, None]
    return jnp.sum(shares * jax.vmap(_half_logdet)(grams))


def rate_reduction(
    Z: Float[Array, "N D"], memberships: Float[Array, "N J"], distortion: Scalar | float
) -> Scalar:
    """Delta R = R - R_c >= 0, zero if and only if the Z_j^T Z_j / N_j are all the same.

    By concavity of logdet. Source: Yu et al. (2020).
    """
    return coding_rate(Z, distortion) - class_coding_rate(Z, memberships, distortion)


def orthogonal_rate_reduction(
    class_sizes: Float[Array, " J"],
    ranks: Float[Array, " J"],
    num_dimensions: int,
    distortion: Scalar | float,
) -> Scalar:
    """Delta R of classes in orthogonal subspaces, isotropic within, with |Z_j|_F^2 = N_j.

    sum_j (d_j / 2) (log(1 + D N_j / (N eps^2 d_j)) - (N_j / N) log(1 + D / (eps^2 d_j))), the
    d_j = `ranks` adding up to D or less. The maximum over Z_j of these ranks and norms, where
    eps^4 is below min_j (N_j D^2 / (N d_j^2)): else fewer, longer singular values win.
    Source: Yu et al. (2020), the theorem on optimal representations.
    """
    shares = class_sizes / jnp.sum(class_sizes)
    precision = num_dimensions / (distortion**2 * ranks)
    apart = jnp.log1p(precision * shares) - shares * jnp.log1p(precision)
    return jnp.sum(ranks * apart) / 2


def _half_logdet(gram: Array) -> Scalar:
    """1/2 logdet(I + gram): a sum of logarithms over the Cholesky factor."""
    factor = jnp.linalg.cholesky(jnp.eye(len(gram), dtype=gram.dtype) + gram)
    return jnp.sum(jnp.log(jnp.diagonal(factor)))


def _class_grams(Z: Array, memberships: Array) -> Array:
    return jnp.einsum("nj,nd,ne->jde", memberships, Z, Z)


def _scale(Z: Array, distortion: Scalar | float) -> Scalar | float:
    return Z.shape[1] / (Z.shape[0] * distortion**2)


# --- Ascent --------------------------------------------------------------------------------------


def rate_reduction_gradient(
    Z: Float[Array, "N D"], memberships: Float[Array, "N J"], distortion: Scalar | float
) -> Float[Array, "N D"]:
    """a z_n^T [(I + a Z^T Z)^-1 - sum_j pi_nj (I + (a N / N_j) Z_j^T Z_j)^-1], a = D/(N eps^2).

    The first operator expands what is not filled yet, the second compresses each class (the
    weights N_j / N cancel): one layer of the network that ascends Delta R. In closed form, equal
    to what autodiff gives. Cost: J + 1 solves of D x D.
    """
    a, identity = _scale(Z, distortion), jnp.eye(Z.shape[1], dtype=Z.dtype)
    shares = jnp.mean(memberships, axis=0)
    expansion = jnp.linalg.solve(identity + a * Z.T @ Z, Z.T).T
    grams = _class_grams(Z, memberships) * (a / shares)[:, None, None]
    compressed = jax.vmap(lambda gram: jnp.linalg.solve(identity + gram, Z.T).T)(grams)
    return a * (expansion - jnp.einsum("nj,jnd->nd", memberships, compressed))


def ascent_iterates(
    Z_0: Float[Array, "N D"],
    memberships: Float[Array, "N J"],
    distortion: Scalar | float,
    step_size: Scalar | float,
    num_steps: int,
) -> Float[Array, "T N D"]:
    """Z_{k+1} = rows of Z_k + step * gradient, each scaled to length 1; k = 0 .. num_steps.

    `step_size` multiplies N times the gradient, which does not shrink with N. So |Z_j|_F^2 = N_j
    throughout (the rows of Z_0 are to be unit vectors). Cost: one `rate_reduction_gradient` a step.
    Source: Chan et al. (2022).
    """

    def advance(Z: Array, _: None) -> tuple[Array, Array]:
        Z = Z + step_size * len(Z) * rate_reduction_gradient(Z, memberships, distortion)
        Z = Z / jnp.linalg.norm(Z, axis=1, keepdims=True)
        return Z, Z

    return jnp.concatenate([Z_0[None], jax.lax.scan(advance, Z_0, length=num_steps)[1]])
