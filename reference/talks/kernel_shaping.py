"""Talk: training very deep networks without shortcuts, by shaping their kernels.

What a wide network does at initialisation to a pair of inputs is told by two maps of each layer,
of the mean square q of its inputs and of their uncentred correlation c:

    Q(q) = E[phi(sqrt(q) z)^2],        C(c) = E[phi(u) phi(v)] / Q(1),

with u, v ~ N(0, 1) of correlation c, and a deep network by their iterates. A deep ReLU network
sends all c to 1 and can't tell its inputs apart. The Tailored ReLU mends this without shortcuts:
a leaky ReLU,

    phi(x) = sqrt(2 / (1 + alpha^2)) (max(x, 0) + alpha min(x, 0)),
    Q(q) = q,        C(c) = c + (1 - alpha)^2 / (pi (1 + alpha^2)) (sqrt(1 - c^2) - c arccos(c)),

whose slope alpha in [0, 1] is solved for so that the network's C_f = C o .. o C has C_f(0) = eta:
from eta = 0, alpha = 1, a linear network, to that of the plain ReLU. Every layer has C'(1) = 1,
on the edge of chaos. Layers are of weights N(0, 1/n_in) without biases, one C each.

    >>> alpha = tailored_negative_slope(jnp.array(0.9), num_layers=100)
    >>> print(alpha.round(2), network_correlation_map(jnp.array(0.0), alpha, 100).round(4))
    0.57 0.9

Source: Martens et al. (2021), deep kernel shaping; Zhang, Botev and Martens (2022), tailored
rectifiers.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from reference.infinite_limits.dual_activations import relu_correlation
from reference.pytrees import Scalar

Values = Float[Array, "..."]


def tailored_relu(x: Values, alpha: Scalar | float) -> Values:
    """phi(x) = sqrt(2 / (1 + alpha^2)) (max(x, 0) + alpha min(x, 0)): E[phi(z)^2] = 1.

    Source: Zhang, Botev and Martens (2022).
    """
    return jnp.sqrt(2 / (1 + jnp.square(alpha))) * jnp.where(x > 0, x, alpha * x)


def variance_map(q: Values, alpha: Scalar | float) -> Values:
    """Q(q) = E[phi(sqrt(q) z)^2] = 2 / (1 + alpha^2) (q/2 + alpha^2 q/2) = q, whatever alpha."""
    a = jnp.square(alpha)
    return 2 / (1 + a) * (q / 2 + a * q / 2)


def correlation_map(c: Values, alpha: Scalar | float) -> Values:
    """C(c) = c + b (kappa_1(c) - c), b = (1 - alpha)^2 / (1 + alpha^2); kappa_1 is plain ReLU's C.

    Since phi is a multiple of (1 + alpha) x + (1 - alpha) |x|, which are uncorrelated, C mixes
    their two maps. kappa_1(c) - c = (sqrt(1 - c^2) - c arccos(c)) / pi.
    Source: Zhang, Botev and Martens (2022).

    >>> print(correlation_map(jnp.array([-1.0, 1.0]), 0.0), correlation_map(jnp.array(0.5), 1.0))
    [0. 1.] 0.5
    """
    bend = jnp.square(1 - alpha) / (1 + jnp.square(alpha))
    return c + bend * (relu_correlation(c) - c)


def network_correlation_map(c: Values, alpha: Scalar | float, num_layers: int) -> Values:
    """C_f = C o .. o C, `num_layers` times. Cost: a map a layer."""
    return jax.lax.fori_loop(0, num_layers, lambda _, c: correlation_map(c, alpha), c)


def tailored_negative_slope(eta: Values, num_layers: int) -> Values:
    """alpha in [0, 1] with C_f(0) = eta: how much of a ReLU the depth allows.

    C_f(0) falls from the plain ReLU's (alpha = 0), the most that can be had, to 0 (alpha = 1):
    an eta above it gets alpha = 0, and C_f(0) < eta tells. By bisection on b in [0, 1], which
    determines alpha; not differentiable. Cost: a network's map for each bit of the dtype.
    Source: Zhang, Botev and Martens (2022).
    """

    def halve(_: Array, ends: tuple[Array, Array]) -> tuple[Array, Array]:
        low, high = ends
        middle = (low + high) / 2
        reached = network_correlation_map(jnp.zeros_like(eta), _slope_of_bend(middle), num_layers)
        above = reached > eta
        return jnp.where(above, low, middle), jnp.where(above, middle, high)

    # The width of the bracket is below the spacing of b once b > 2^-12, enough for depth 10^4.
    num_halvings = jnp.finfo(eta.dtype).nmant + 12
    ends = (jnp.zeros_like(eta), jnp.ones_like(eta))
    return _slope_of_bend(jax.lax.fori_loop(0, num_halvings, halve, ends)[1])


def _slope_of_bend(b: Array) -> Array:
    """alpha in [0, 1] with (1 - alpha)^2 = b (1 + alpha^2): the root that does not cancel."""
    return (1 - b) / (1 + jnp.sqrt(b * (2 - b)))
