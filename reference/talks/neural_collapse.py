"""Talk: neural collapse, the geometry of the last layer at the end of training.

If features are free ("unconstrained") to be what the last layer wants, training minimises over
features H (N, D), weights W (J, D) and biases b

    (1/N) sum_n CE(W h_n + b, label_n) + lambda_W/2 |W|^2 + lambda_H/2 |H|^2 + lambda_b/2 |b|^2

For J balanced classes of n examples each and D >= J - 1 the minimum has collapsed features (all of
a class are its mean), means that form a simplex, with cosines -1 / (J - 1), weights proportional to
the means, and equal biases; for D > J all other stationary points are saddles. The logits are then
s (one-hot - 1/J) with s = log(1/c - J + 1), c = sqrt(n lambda_W lambda_H); if c >= 1/J all is 0.

In deep networks the collapse is progressive: the scatter within classes, against that between,
falls about geometrically from layer to layer.

Letters: J classes; Y are labels, one-hot, (N, J).

    >>> print(simplex_frame(3).round(4))
    [[ 0.8165 -0.4082 -0.4082]
     [-0.4082  0.8165 -0.4082]
     [-0.4082 -0.4082  0.8165]]

Source: Papyan, Han and Donoho (2020), the measures; Zhu et al. (2021), the landscape; Wang et al.
(2023), layer by layer.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from reference.pytrees import Scalar, Tree, plus_multiple

# --- Measures ------------------------------------------------------------------------------------


def class_means(H: Float[Array, "N D"], Y: Float[Array, "N J"]) -> Float[Array, "J D"]:
    """The mean feature of every class."""
    return Y.T @ H / jnp.sum(Y, axis=0)[:, None]


def class_scatters(
    H: Float[Array, "N D"], Y: Float[Array, "N J"]
) -> tuple[Float[Array, "D D"], Float[Array, "D D"]]:
    """S_W = (1/N) sum_n (h_n - mu_class)^2 and S_B = (1/J) sum_j (mu_j - mu)^2.

    Covariances within and between classes: squares are outer products, mu is the mean of the mu_j.
    """
    means = class_means(H, Y)
    within, between = H - Y @ means, means - jnp.mean(means, axis=0)
    return within.T @ within / len(H), between.T @ between / len(means)


def within_class_variability(H: Float[Array, "N D"], Y: Float[Array, "N J"]) -> Scalar:
    """NC1 = tr(S_W S_B^+) / J, which goes to 0.

    Cost: O(N D^2 + D^3).
    """
    within, between = class_scatters(H, Y)
    # S_B has rank J - 1 at most: the pseudo-inverse looks at S_W in the span of the means alone.
    return jnp.trace(within @ jnp.linalg.pinv(between, hermitian=True)) / Y.shape[1]


def mean_cosines(H: Float[Array, "N D"], Y: Float[Array, "N J"]) -> Float[Array, "J J"]:
    """NC2: cosines between the centred class means, which go to -1 / (J - 1) off the diagonal."""
    means = class_means(H, Y)
    centred = means - jnp.mean(means, axis=0)
    unit = centred / jnp.linalg.norm(centred, axis=1, keepdims=True)
    return unit @ unit.T


def self_duality_distance(
    W: Float[Array, "J D"], H: Float[Array, "N D"], Y: Float[Array, "N J"]
) -> Scalar:
    """NC3 = |W / |W| - M / |M||, Frobenius norms, M the centred class means; goes to 0."""
    means = class_means(H, Y)
    M = means - jnp.mean(means, axis=0)
    return jnp.linalg.norm(W / jnp.linalg.norm(W) - M / jnp.linalg.norm(M))


def layer_compressions(
    layers: list[Float[Array, "_ _"]], X: Float[Array, "N D"], Y: Float[Array, "N J"]
) -> Float[Array, " _"]:
    """tr S_W / tr S_B of the inputs and after every layer of a linear network X W_1 .. W_L."""

    def compression(H: Array) -> Scalar:
        within, between = class_scatters(H, Y)
        return jnp.trace(within) / jnp.trace(between)

    H, compressions = X, [compression(X)]
    for weights in layers:
        H = H @ weights
        compressions.append(compression(H))
    return jnp.stack(compressions)


# --- Unconstrained features ----------------------------------------------------------------------


def simplex_frame(num_classes: int, dtype: jnp.dtype | type = float) -> Float[Array, "J J"]:
    """sqrt(J / (J - 1)) (I - 1 1^T / J): rows of length 1 with cosines -1 / (J - 1)."""
    J = num_classes
    return (J / (J - 1)) ** 0.5 * (jnp.eye(J, dtype=dtype) - 1 / J)


def unconstrained_loss(
    w: Tree,
    Y: Float[Array, "N J"],
    *,
    weight_penalty: float,
    feature_penalty: float,
    bias_penalty: float,
) -> Scalar:
    """The loss above, of w = {"features": H, "weights": W, "biases": b}."""
    logits = w["features"] @ w["weights"].T + w["biases"]
    cross_entropy = -jnp.mean(jnp.sum(Y * jax.nn.log_softmax(logits), axis=1))
    decay = weight_penalty * jnp.sum(w["weights"] ** 2)
    decay = decay + feature_penalty * jnp.sum(w["features"] ** 2)
    return cross_entropy + (decay + bias_penalty * jnp.sum(w["biases"] ** 2)) / 2


def unconstrained_descent_iterates(
    w_0: Tree,
    Y: Float[Array, "N J"],
    step_size: Scalar | float,
    num_steps: int,
    *,
    weight_penalty: float,
    feature_penalty: float,
    bias_penalty: float,
) -> Tree:
    """Gradient descent on `unconstrained_loss`; k = 0 .. num_steps along a new first axis.

    Cost: one gradient, O(N J D), a step.
    """

    def advance(w: Tree, _: None) -> tuple[Tree, Tree]:
        gradient = jax.grad(unconstrained_loss)(
            w,
            Y,
            weight_penalty=weight_penalty,
            feature_penalty=feature_penalty,
            bias_penalty=bias_penalty,
        )
        w = plus_multiple(w, -step_size, gradient)
        return w, w

    _, iterates = jax.lax.scan(advance, w_0, length=num_steps)
    return jax.tree.map(lambda w, ws: jnp.concatenate([w[None], ws]), w_0, iterates)


def collapsed_logit_gap(
    num_classes: int, examples_a_class: int, weight_penalty: Scalar, feature_penalty: Scalar
) -> Scalar:
    """s = max(0, log(1/c - J + 1)), c = sqrt(n lambda_W lambda_H): the right logit less any other.

    Of all W, H with logits s (one-hot - 1/J) the least penalty is sqrt(lambda_W lambda_H) times
    their nuclear norm, sqrt(n) (J - 1) s; and d/ds log(1 + (J - 1) e^{-s}) = -c (J - 1).
    """
    c = jnp.sqrt(examples_a_class * weight_penalty * feature_penalty)
    # The maximum inside the logarithm: no NaN, and 1 where it is 0.
    return jnp.log(jnp.maximum(1 / c - num_classes + 1, 1))


def collapsed_loss(
    num_classes: int, examples_a_class: int, weight_penalty: Scalar, feature_penalty: Scalar
) -> Scalar:
    """log(1 + (J - 1) e^{-s}) + c (J - 1) s: the least of `unconstrained_loss`, for D >= J - 1."""
    s = collapsed_logit_gap(num_classes, examples_a_class, weight_penalty, feature_penalty)
    c = jnp.sqrt(examples_a_class * weight_penalty * feature_penalty)
    return jnp.log1p((num_classes - 1) * jnp.exp(-s)) + c * (num_classes - 1) * s
