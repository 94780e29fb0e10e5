"""Paper: "An empirical model of large-batch training" (McCandlish et al. 2018).

How large a batch is still worth its examples is set by the noise of the gradient. For a batch of
B, gradient G, Hessian H, and covariance Sigma of one example's gradient, the best step gains

    dL(B) = dL_max / (1 + B_noise / B),      B_noise = tr(H Sigma) / (G^T H G)
    B_simple = tr(Sigma) / |G|^2             (H taken as a multiple of the identity)

Summed along a run: S steps and E = B S examples to a given loss trade off as

    (S / S_min - 1) (E / E_min - 1) = 1,     B_crit = E_min / S_min

B_simple is estimated from the squared norms of gradients of two batch sizes, for
E|G_B|^2 = |G|^2 + tr(Sigma) / B. Both estimates are unbiased; their ratio is not, so average each
before dividing. The naive ratio tr(Sigma) / |G_B|^2, with the squared norm of a batch of B in the
denominator, tends to B_simple B / (B + B_simple): never more than B, whatever the truth.

Letters: N examples, M batches measured, R runs.

    >>> print(naive_noise_scale_limit(jnp.array(1000.0), 10.0).round(2))
    9.9
    >>> print(trade_off_examples(jnp.array([20.0, 11.0]), 10.0, 500.0).round(1))
    [1000. 5500.]

Source: McCandlish, Kaplan, Amodei and the OpenAI Dota team (2018), section 2 (B_noise is equation
2.8, B_simple 2.9) and appendix A.1, on measuring it.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from reference.pytrees import Scalar

# --- The noise scale -----------------------------------------------------------------------------


def simple_noise_scale(gradients: Float[Array, "N P"]) -> Scalar:
    """B_simple = tr(Sigma) / |G|^2 of a finite set, from the gradient of every example.

    G is their mean, and Sigma their covariance (divided by N): the truth for batches drawn
    with replacement from just these examples. Applied to a sample it is the naive estimate.
    Cost: O(N P).
    """
    G = jnp.mean(gradients, axis=0)
    return jnp.sum((gradients - G) ** 2) / len(gradients) / (G @ G)


def curvature_weighted_noise_scale(
    gradients: Float[Array, "N P"], H: Float[Array, "P P"]
) -> Scalar:
    """B_noise = tr(H Sigma) / (G^T H G), with G and Sigma as in `simple_noise_scale`.

    The batch size at which the best step gains half of what it would without noise.
    Cost: O(N P^2).
    """
    G = jnp.mean(gradients, axis=0)
    centred = gradients - G
    return jnp.sum((centred @ H) * centred) / len(gradients) / (G @ H @ G)


class NoiseEstimate(NamedTuple):
    """Unbiased estimates of |G|^2 (which may be negative) and of tr(Sigma)."""

    squared_norm: Scalar
    noise: Scalar


def noise_estimates(
    small_squares: Float[Array, " M"],
    large_squares: Float[Array, " M"],
    small_batch: Scalar | float,
    large_batch: Scalar | float,
) -> NoiseEstimate:
    """|G|^2 ~ (B |G_B|^2 - b |G_b|^2) / (B - b),  tr(Sigma) ~ (|G_b|^2 - |G_B|^2) / (1/b - 1/B).

    From squared norms of mean gradients of batches of b < B examples, averaged over the M
    measurements. Unbiased, whether or not the two share examples. B_simple is the ratio of
    `noise` and `squared_norm` after averaging, which is consistent but not unbiased.
    Source: McCandlish et al. (2018), appendix A.1.

    >>> print(*noise_estimates(jnp.array([7.0]), jnp.array([5.5]), 1.0, 4.0))
    5.0 2.0
    """
    small, large = jnp.mean(small_squares), jnp.mean(large_squares)
    squared_norm = (large_batch * large - small_batch * small) / (large_batch - small_batch)
    noise = (small - large) / (1 / small_batch - 1 / large_batch)
    return NoiseEstimate(squared_norm, noise)


def naive_noise_scale_limit(noise_scale: Scalar | float, batch_size: Scalar | float) -> Scalar:
    """tr(Sigma) / E|G_B|^2 = B_simple B / (B + B_simple): what the naive ratio estimates.

    Right only for B >> B_simple, that is, where one need not ask.
    """
    return jnp.asarray(noise_scale * batch_size / (batch_size + noise_scale))


# --- The best step for a batch -------------------------------------------------------------------


def best_step_size(
    noiseless: Scalar | float, noise_scale: Scalar | float, batch_size: Scalar | float
) -> Scalar:
    """eps(B) = eps_max / (1 + B_noise / B), with eps_max = |G|^2 / (G^T H G).

    Linear in B far below the noise scale, constant far above. For SGD.
    """
    return jnp.asarray(noiseless / (1 + noise_scale / batch_size))


def best_improvement(G: Float[Array, " P"], H: Float[Array, "P P"]) -> Scalar:
    """dL_max = |G|^4 / (2 G^T H G): the quadratic model's gain by the best step without noise.

    By the best step with a batch of B the expected gain is dL_max / (1 + B_noise / B), the same
    factor as the step's, so `best_step_size(dL_max, B_noise, B)` gives that as well.
    """
    return (G @ G) ** 2 / (2 * G @ H @ G)


# --- Steps against examples ----------------------------------------------------------------------


def trade_off_examples(
    steps: Float[Array, " R"], least_steps: Scalar | float, least_examples: Scalar | float
) -> Float[Array, " R"]:
    """E with (S / S_min - 1)(E / E_min - 1) = 1, for S > S_min."""
    return least_examples * (1 + least_steps / (steps - least_steps))


class TradeOff(NamedTuple):
    """S_min and E_min; `critical_batch_size` is their ratio."""

    least_steps: Scalar
    least_examples: Scalar

    @property
    def critical_batch_size(self) -> Scalar:
        """B_crit = E_min / S_min: there S = 2 S_min and E = 2 E_min."""
        return self.least_examples / self.least_steps


def fitted_trade_off(steps: Float[Array, " R"], examples: Float[Array, " R"]) -> TradeOff:
    """argmin sum_r (S_min / S_r + E_min / E_r - 1)^2: the curve through runs at R batch sizes.

    (S / S_min - 1)(E / E_min - 1) = 1 is S_min / S + E_min / E = 1, linear in what is sought.
    The residuals are relative ones. Needs runs at two batch sizes at least; those on both sides
    of B_crit determine it well.
    """
    scale = jnp.stack([jnp.min(steps), jnp.min(examples)])
    X = jnp.stack([1 / steps, 1 / examples], axis=1) * scale  # columns of like size
    least_steps, least_examples = scale * jnp.linalg.lstsq(X, jnp.ones_like(steps))[0]
    return TradeOff(least_steps, least_examples)
