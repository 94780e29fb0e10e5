"""Talk: the layer-peeled model, and how rare classes collapse onto each other.

All layers but the last are peeled off: the features h_j of every class (one each, the loss being
convex in them) are as free as its classifier w_j. Of classes with fractions p_j of the examples

    sum_j p_j CE(W h_j, j) + lambda_W/2 sum_j |w_j|^2 + lambda_H/(2 J) sum_j |h_j|^2

Equal fractions give a simplex, cosines -1 / (J - 1). If a few classes are R times as frequent as
the others, the angle between the rare ones' classifiers falls as R grows and, from some finite R
on, is 0: they can't be told apart. (The paper bounds the norms, of which these are multipliers.)

Letters: J classes; w = {"weights": W, "features": H}, both (J, D).

    >>> print(imbalanced_fractions(1, 2, jnp.array(8.0)))
    [0.8 0.1 0.1]

Source: Fang et al. (2021), the model, its convex relaxation, and minority collapse.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from reference.pytrees import Scalar, Tree, plus_multiple


def imbalanced_fractions(num_major: int, num_minor: int, ratio: Scalar) -> Float[Array, " J"]:
    """p_j, `ratio` times as large for each of the first num_major classes as for the others."""
    ones = jnp.ones(num_major + num_minor, ratio.dtype)
    sizes = ones.at[:num_major].set(ratio)
    return sizes / jnp.sum(sizes)


def peeled_loss(
    w: Tree, fractions: Float[Array, " J"], *, weight_penalty: float, feature_penalty: float
) -> Scalar:
    """The loss above."""
    W, H = w["weights"], w["features"]
    decay = weight_penalty * jnp.sum(W**2) + feature_penalty * jnp.sum(H**2) / len(H)
    return _cross_entropy(H @ W.T, fractions) + decay / 2


def peeled_descent(
    w_0: Tree,
    fractions: Float[Array, " J"],
    step_size: Scalar | float,
    num_steps: int,
    *,
    weight_penalty: float,
    feature_penalty: float,
) -> Tree:
    """w after num_steps of gradient descent on `peeled_loss`. See `convex_certificate`.

    Cost: one gradient, O(J^2 D), a step.
    """

    def advance(_: Array, w: Tree) -> Tree:
        gradient = jax.grad(peeled_loss)(
            w, fractions, weight_penalty=weight_penalty, feature_penalty=feature_penalty
        )
        return plus_multiple(w, -step_size, gradient)

    return jax.lax.fori_loop(0, num_steps, advance, w_0)


def convex_certificate(
    w: Tree, fractions: Float[Array, " J"], *, weight_penalty: float, feature_penalty: float
) -> Scalar:
    """|G|_2 / c, G the gradient by logits Z = H W^T, c = sqrt(lambda_W lambda_H / J).

    A stationary point is a global minimum if this is at most 1. Why: the least penalty of all W, H
    with H W^T = Z is c |Z|_* (nuclear norm; D >= J), so the loss is at least the convex
    CE(Z) + c |Z|_*, minimal where -G / c is a subgradient: of spectral norm at most 1, and with
    -<G, Z> = c |Z|_*, which stationary W, H satisfy. Cost: an SVD of J x J.
    """
    G = jax.grad(_cross_entropy)(w["features"] @ w["weights"].T, fractions)
    c = (weight_penalty * feature_penalty / len(fractions)) ** 0.5
    return jnp.linalg.svd(G, compute_uv=False)[0] / c


def classifier_cosines(W: Float[Array, "J D"]) -> Float[Array, "J J"]:
    """Cosines of the angles between the classifiers w_j, not centred: 1 for those collapsed."""
    unit = W / jnp.linalg.norm(W, axis=1, keepdims=True)
    return unit @ unit.T


def _cross_entropy(Z: Array, fractions: Array) -> Array:
    return -fractions @ jnp.diagonal(jax.nn.log_softmax(Z, axis=1))
