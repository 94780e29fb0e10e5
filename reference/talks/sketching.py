"""Talk: sketches, short random summaries that keep inner products and angles.

A sketch is a random linear map to R^S, S < D, the same for all vectors (so: the same key). Its
inner products are right in the mean,

    E <Sx, Sy> = <x, y>,   Var <Sx, Sy> = (|x|^2 |y|^2 + <x, y>^2 + (k - 3) sum_i x_i^2 y_i^2) / S

with k the fourth moment of an entry over its squared variance: 3 for Gaussian entries, 1 for signs,
and 1 as well for the count sketch, which adds each entry of x to one bucket with a random sign and
costs O(D), not O(S D). A hash of signs of random projections keeps angles:
P(sign of x = sign of y) = 1 - angle(x, y) / pi.

    >>> x, y = jnp.array([1.0, 0.0]), jnp.array([1.0, 1.0])
    >>> print(collision_probability(x, y).round(4))
    0.75

D entries, S buckets or signs; a sketch takes one vector, `vmap` with the key fixed sketches many.

Source: Johnson and Lindenstrauss (1984); Achlioptas (2003), signs; Charikar, Chen and
Farach-Colton (2002), count sketch; Charikar (2002) after Goemans and Williamson (1995), the hash;
Ghazi, Panigrahy and Wang (2019), sketches of a network's concepts.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from reference.pytrees import Scalar

# --- Inner products ------------------------------------------------------------------------------


def gaussian_sketch(
    key: Key[Array, ""], x: Float[Array, " D"], size: int
) -> Float[Array, " {size}"]:
    """G x / sqrt(S), G_si ~ N(0, 1). Rotation-invariant in law. Cost: S D."""
    return jax.random.normal(key, (size, len(x)), x.dtype) @ x / size**0.5


def sign_sketch(key: Key[Array, ""], x: Float[Array, " D"], size: int) -> Float[Array, " {size}"]:
    """G x / sqrt(S), G_si = +-1 evenly. Cost: S D additions."""
    return jax.random.rademacher(key, (size, len(x)), x.dtype) @ x / size**0.5


def count_sketch(key: Key[Array, ""], x: Float[Array, " D"], size: int) -> Float[Array, " {size}"]:
    """(Sx)_s = sum of sign_i x_i over the entries i with bucket_i = s. Cost: D.

    Buckets and signs uniform and independent. No factor 1 / sqrt(S): each entry is kept once.
    """
    key_of_buckets, key_of_signs = jax.random.split(key)
    buckets = jax.random.randint(key_of_buckets, x.shape, 0, size)
    signed = x * jax.random.rademacher(key_of_signs, x.shape, x.dtype)
    return jax.ops.segment_sum(signed, buckets, num_segments=size)


def sketch_variance(
    x: Float[Array, " D"], y: Float[Array, " D"], size: int, *, kurtosis: float
) -> Scalar:
    """(|x|^2 |y|^2 + <x, y>^2 + (k - 3) sum x_i^2 y_i^2) / S = Var <Sx, Sy>.

    `kurtosis` k is 3.0 for `gaussian_sketch`, 1.0 for `sign_sketch` and `count_sketch`. With
    x = y and k = 3 this is 2 |x|^4 / S, the lemma of Johnson and Lindenstrauss in the mean.
    """
    pairs = jnp.sum(x**2) * jnp.sum(y**2) + jnp.sum(x * y) ** 2
    return (pairs + (kurtosis - 3) * jnp.sum((x * y) ** 2)) / size


# --- Angles --------------------------------------------------------------------------------------


def sign_hash(key: Key[Array, ""], x: Float[Array, " D"], size: int) -> Float[Array, " {size}"]:
    """sign(g_s^T x), g_s ~ N(0, I): on which side of random hyperplanes x lies; S bits, really."""
    return jnp.sign(jax.random.normal(key, (size, len(x)), x.dtype) @ x)


def collision_probability(x: Float[Array, " D"], y: Float[Array, " D"]) -> Scalar:
    """1 - angle(x, y) / pi, the chance that a sign of `sign_hash` is the same.

    A hyperplane parts x from y if its normal, seen in their plane, falls in two arcs of that angle.
    The angle by `arctan2`, for `arccos` loses half of the digits near 0.
    """
    x, y = x / jnp.linalg.norm(x), y / jnp.linalg.norm(y)
    return 1 - 2 * jnp.arctan2(jnp.linalg.norm(x - y), jnp.linalg.norm(x + y)) / jnp.pi


def hashed_cosine(signs: Float[Array, " S"], other: Float[Array, " S"]) -> Scalar:
    """sin(pi/2 mean_s h_s h'_s), an estimate of the cosine of the angle from two hashes.

    For E h h' = 2 (1 - angle / pi) - 1 = (2 / pi) arcsin(cos angle), Grothendieck's identity. The
    mean is unbiased, its sine is not quite.
    """
    return jnp.sin(jnp.pi / 2 * jnp.mean(signs * other))
