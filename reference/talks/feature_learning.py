"""Talk: what one gradient step of the first layer learns, where a kernel learns nothing.

Targets depend on a few directions, t = f*(x) = g(U x) with U of shape (R, D), R < D. A network

    f(x) = sum_m a_m relu(w_m^T x + b_m)

that starts at f = 0 (units in pairs +-a, b = 0) has the gradients

    -grad_{w_m} = a_m (1/N) sum_n t_n 1[w_m^T x_n > 0] x_n

For Gaussian inputs its mean is, by Stein's identity, in the span of U up to a small multiple of
w_m. Taking this step, and then ridge regression on the new features, needs a number of examples
that grows with D^2 for any degree of g, against D^degree for a kernel.

For a quadratic f* = 1/2 (x^T H x - tr H), H = U^T G U, that mean is exact:

    E[f*(x) 1[w^T x > 0] x] = (H w - 1/2 (w^T H w) w) / sqrt(2 pi),      |w| = 1

Letters: M units, R directions. Losses are means of 1/2 |.|^2.

    >>> H, w = jnp.diag(jnp.array([1.0, 0.0])), jnp.array([1.0, 0.0])
    >>> print((population_signal(H, w) * (2 * jnp.pi) ** 0.5).round(4))
    [0.5 0. ]

Source: Damian, Lee and Soltanolkotabi (2022).
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from reference.linear_regression import ridge_solution
from reference.pytrees import Scalar

# --- The first step ------------------------------------------------------------------------------


def paired_units(
    key: Key[Array, ""], num_pairs: int, num_inputs: int, dtype: jnp.dtype | type = float
) -> tuple[Float[Array, "M D"], Float[Array, " M"]]:
    """Unit vectors w_m and signs a_m / M of 2 `num_pairs` units, so paired that f = 0.

    Unit m + M/2 has the w of unit m and the opposite a.
    """
    key_of_w, key_of_a = jax.random.split(key)
    w = jax.random.normal(key_of_w, (num_pairs, num_inputs), dtype)
    w = w / jnp.linalg.norm(w, axis=1, keepdims=True)
    a = jax.random.rademacher(key_of_a, (num_pairs,), dtype) / (2 * num_pairs)
    return jnp.concatenate([w, w]), jnp.concatenate([a, -a])


def relu_features(
    w: Float[Array, "M D"], b: Float[Array, " M"], X: Float[Array, "N D"]
) -> Float[Array, "N M"]:
    """relu(w_m^T x_n + b_m), what the second layer sees."""
    return jax.nn.relu(X @ w.T + b)


def first_step_signals(
    w: Float[Array, "M D"], X: Float[Array, "N D"], t: Float[Array, " N"]
) -> Float[Array, "M D"]:
    """(1/N) sum_n t_n 1[w_m^T x_n > 0] x_n = -grad_{w_m} / a_m of the loss where f = 0, b = 0.

    Cost: two products with X.
    """
    active = (X @ w.T > 0).astype(X.dtype)
    return (active * t[:, None]).T @ X / len(t)


def population_signal(H: Float[Array, "D D"], w: Float[Array, " D"]) -> Float[Array, " D"]:
    """(H w - 1/2 (w^T H w) w) / sqrt(2 pi), what `first_step_signals` tends to as N grows.

    For t = 1/2 (x^T H x - tr H), x ~ N(0, I) and a unit w. By Stein's identity E[f* s x] =
    E[s grad f*] + w E[f* delta(w^T x)] with s the step function of w^T x. The first term lies in
    the span of H; the second is smaller by sqrt(R / D) for a random w.
    """
    return (H @ w - (w @ H @ w) / 2 * w) / (2 * jnp.pi) ** 0.5


def subspace_alignment(vectors: Float[Array, "M D"], U: Float[Array, "R D"]) -> Scalar:
    """|V U^T|_F^2 / |V|_F^2, U with orthonormal rows: 1 in its span, R / D on average at random."""
    return jnp.sum((vectors @ U.T) ** 2) / jnp.sum(vectors**2)


# --- The second layer ----------------------------------------------------------------------------


def without_affine_part(X: Float[Array, "N D"], t: Float[Array, " N"]) -> Float[Array, " N"]:
    """t less its estimated Hermite parts of degree 0 and 1, mean(t) and mean(t x)^T x.

    They would swamp the signal of higher degrees, which alone tells more than one direction.
    """
    t = t - jnp.mean(t)
    return t - X @ (t @ X / len(t))


def second_layer(
    w: Float[Array, "M D"],
    b: Float[Array, " M"],
    X: Float[Array, "N D"],
    t: Float[Array, " N"],
    penalty: Scalar | float,
) -> Float[Array, " M"]:
    """argmin_a (1/2N) |relu_features a - t|^2 + (lambda/2) |a|^2. Cost: one thin SVD."""
    return ridge_solution(relu_features(w, b, X), t, penalty)


def one_step_features(
    w: Float[Array, "M D"], X: Float[Array, "N D"], t: Float[Array, " N"]
) -> Float[Array, "M D"]:
    """The first-layer weights after one step that forgets w (weight decay 1 / step size).

    w_m <- step size * `first_step_signals`, here with a step size for which |w_m|^2 is 1 in the
    mean. The signs of a are left to the second layer. Biases are then drawn afresh.
    Cost: that of `first_step_signals`.
    Source: Damian, Lee and Soltanolkotabi (2022), the algorithm.
    """
    signals = first_step_signals(w, X, without_affine_part(X, t))
    return signals / jnp.sqrt(jnp.mean(jnp.sum(signals**2, axis=1)))
