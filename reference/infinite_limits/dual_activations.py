"""Lecture 6: dual activations, what a layer of infinitely many units does to a covariance.

For Gaussian pre-activations u, v of two inputs, with mean zero,

    (u, v) ~ N(0, [[q_u, k], [k, q_v]])  ->  E[phi(u) phi(v)]   and   E[phi'(u) phi'(v)].

Closed forms for ReLU, where with cos(theta) = k / sqrt(q_u q_v) they are half the arc-cosine
kernels of order 1 and 0, and for erf; Gauss-Hermite quadrature for any smooth phi. All act
elementwise and broadcast: for a covariance matrix K pass diag(K)[:, None], diag(K) and K. The
second is always the derivative of the first in k (Price's theorem).

    >>> q, k = jnp.array(1.0), jnp.array([-1.0, 0.0, 1.0])
    >>> print(relu_covariance(q, q, k).round(4), relu_derivative_covariance(q, q, k))
    [0.     0.1592 0.5   ] [0.   0.25 0.5 ]

Where |k| = sqrt(q_u q_v) exactly, as on the diagonal of K, values are exact and derivatives
finite. Off the diagonal, theta near 0 or pi is only as good as 1 - cos(theta): an error eps in
k moves theta by sqrt(eps).

Source: Cho and Saul (2009), arc-cosine kernels; Williams (1997), networks of erf units.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.scipy.special import erf
from jaxtyping import Array, Float

Values = Float[Array, "..."]
Covariance = Callable[[Values, Values, Values], Values]


class Activation(NamedTuple):
    """phi with its duals (q_u, q_v, k) -> E[phi(u) phi(v)] and E[phi'(u) phi'(v)]."""

    phi: Callable[[Array], Array]
    covariance: Covariance
    derivative_covariance: Covariance


# --- ReLU ----------------------------------------------------------------------------------------


def step_correlation(c: Values) -> Values:
    """kappa_0(c) = (pi - theta) / pi with c = cos(theta): 2 P(u > 0 and v > 0).

    Its slope 1 / (pi sin(theta)) is infinite at c = +-1 and is returned as 0 there: right where
    the correlation stays at +-1, as on the diagonal of a covariance matrix.

    >>> print(step_correlation(jnp.array([-1.0, 0.0, 1.0])))
    [0.  0.5 1. ]
    """
    return _gate(jnp.ones_like(c), c)


def relu_correlation(c: Values) -> Values:
    """kappa_1(c) = (sin(theta) + (pi - theta) cos(theta)) / pi: of relu(u) and relu(v), uncentred.

    That is E[phi phi] / E[phi^2] for equal variances and correlation c before. Its slope is
    kappa_0(c), also at c = +-1. Good to an absolute eps; near c = -1 the value itself is only of
    order (1 + c)^(3/2).

    >>> print(relu_correlation(jnp.array([-1.0, 1.0])))
    [0. 1.]
    """
    return _ramp(jnp.ones_like(c), c)


def relu_covariance(variance_u: Values, variance_v: Values, covariance: Values) -> Values:
    """E[relu(u) relu(v)] = sqrt(q_u q_v) kappa_1(c) / 2, and 0 if a variance is 0.

    Source: Cho and Saul (2009).
    """
    return _ramp(_scale(variance_u, variance_v), covariance) / 2


def relu_derivative_covariance(
    variance_u: Values, variance_v: Values, covariance: Values
) -> Values:
    """E[1(u > 0) 1(v > 0)] = kappa_0(c) / 2, and 1/4 if a variance is 0 (as if uncorrelated).

    Source: Cho and Saul (2009).
    """
    return _gate(_scale(variance_u, variance_v), covariance) / 2


def arc_cosine_kernel(inputs: Float[Array, "N D"], order: int) -> Float[Array, "N N"]:
    """k_n(x, x') = 2 E_w[(w.x)_+^n (w.x')_+^n] = |x|^n |x'|^n kappa_n(c), w ~ N(0, I), n = 0, 1.

    With (.)_+^0 the unit step. Cost: N^2 D multiplications.
    Source: Cho and Saul (2009).

    >>> print(arc_cosine_kernel(jnp.array([[1.0, 0.0], [0.0, 2.0]]), 0))
    [[1.  0.5]
     [0.5 1. ]]
    """
    duals = {0: relu_derivative_covariance, 1: relu_covariance}
    K = inputs @ inputs.T
    q = jnp.diagonal(K)
    return 2 * duals[order](q[:, None], q, K)


# --- erf -----------------------------------------------------------------------------------------


def erf_covariance(variance_u: Values, variance_v: Values, covariance: Values) -> Values:
    """E[erf(u) erf(v)] = (2/pi) arcsin(2 k / sqrt((1 + 2 q_u) (1 + 2 q_v))).

    Written by atan2, which keeps its precision and its slope where the sine nears 1.
    Source: Williams (1997).

    >>> print(erf_covariance(*jnp.array([0.5, 0.5, 0.5])).round(4))  # arcsin(1/2) is pi/6
    0.3333
    """
    cosine = jnp.sqrt(_erf_determinant(variance_u, variance_v, covariance))
    return 2 / jnp.pi * jnp.arctan2(2 * covariance, cosine)


def erf_derivative_covariance(variance_u: Values, variance_v: Values, covariance: Values) -> Values:
    """E[erf'(u) erf'(v)] = (4/pi) / sqrt((1 + 2 q_u) (1 + 2 q_v) - 4 k^2).

    Source: Price's theorem on `erf_covariance`.
    """
    return 4 / jnp.pi / jnp.sqrt(_erf_determinant(variance_u, variance_v, covariance))


# --- Any smooth activation -----------------------------------------------------------------------


def gauss_hermite_rule(
    num_nodes: int, dtype: jnp.dtype | type = float
) -> tuple[Float[Array, " M"], Float[Array, " M"]]:
    """Nodes z_i and weights p_i with E f(z) = sum_i p_i f(z_i) for degrees below 2 M, z ~ N(0, 1).

    The nodes are the eigenvalues of the Jacobi matrix of the recurrence
    z He_m = He_{m+1} + m He_{m-1}, the weights squared first components of its eigenvectors.
    Source: Golub and Welsch (1969).

    >>> z, p = gauss_hermite_rule(3)
    >>> print((p @ z**4).round(4))
    3.0
    """
    off_diagonal = jnp.sqrt(jnp.arange(1, num_nodes, dtype=dtype))
    nodes, vectors = jnp.linalg.eigh(jnp.diag(off_diagonal, 1) + jnp.diag(off_diagonal, -1))
    return nodes, vectors[0] ** 2


def quadrature_covariance(
    phi: Callable[[Array], Array],
    variance_u: Values,
    variance_v: Values,
    covariance: Values,
    *,
    num_nodes: int = 40,
) -> Values:
    """E[phi(u) phi(v)] by a product rule: u = sqrt(q_u) z_1, v = sqrt(q_v) (c z_1 + s z_2).

    With s = sqrt(1 - c^2). Exact for polynomials of degree below `num_nodes`, and converging
    geometrically for entire phi; for a phi with a kink the error falls no faster than 1/nodes.
    At |c| = 1, where s has no slope, it counts as 0: right for slopes along the diagonal
    q_u = q_v = k. Cost: num_nodes^2 evaluations an element.
    """
    scale = _scale(variance_u, variance_v)
    divisor = jnp.where(scale > 0, scale, 1)
    c = (covariance / divisor)[..., None, None]
    s = (_scaled_sine(scale, covariance) / divisor)[..., None, None]
    z, p = gauss_hermite_rule(num_nodes, scale.dtype)
    u = jnp.sqrt(variance_u)[..., None, None] * z[:, None]
    v = jnp.sqrt(variance_v)[..., None, None] * (c * z[:, None] + s * z)
    return jnp.einsum("i,j,...ij->...", p, p, phi(u) * phi(v))


def quadrature_activation(phi: Callable[[Array], Array], *, num_nodes: int = 40) -> Activation:
    """`phi`, elementwise and smooth, with both its duals by `quadrature_covariance`.

    >>> tanh = quadrature_activation(jnp.tanh)
    >>> print(tanh.covariance(*jnp.array([1.0, 1.0, 0.5])).round(4))
    0.1863
    """

    def derivative(u: Array) -> Array:
        return jax.jvp(phi, (u,), (jnp.ones_like(u),))[1]

    return Activation(
        phi,
        partial(quadrature_covariance, phi, num_nodes=num_nodes),
        partial(quadrature_covariance, derivative, num_nodes=num_nodes),
    )


RELU = Activation(jax.nn.relu, relu_covariance, relu_derivative_covariance)
ERF = Activation(erf, erf_covariance, erf_derivative_covariance)

# --- Shared by the above -------------------------------------------------------------------------


def _scale(q_u: Values, q_v: Values) -> Values:
    """sqrt(q_u q_v), with the slope 0 at 0.

    The root of the product, not the product of roots: it gives back q exactly for q_u = q_v = q.
    Below, sqrt(q_u q_v) - k is then exactly 0 on a diagonal, where a quotient k / sqrt(q_u q_v),
    compiled to a product with a reciprocal root, could miss 1 by a rounding, and theta 0 by 1e-8.
    """
    product = q_u * q_v
    return jnp.where(product > 0, jnp.sqrt(jnp.where(product > 0, product, 1)), 0)


def _angle(scale: Values, k: Values) -> Values:
    """theta = arccos(k / scale), by half angles, from scale - k rather than scale^2 - k^2."""
    below, above = jnp.maximum(scale - k, 0), jnp.maximum(scale + k, 0)
    theta = 2 * jnp.arctan2(jnp.sqrt(below), jnp.sqrt(above))
    return jnp.where(scale > 0, theta, jnp.pi / 2)


def _scaled_sine(scale: Values, k: Values) -> Values:
    """scale sin(theta), 0 beyond |k| = scale, and with the slope 0 from there on."""
    square = (scale - k) * (scale + k)
    return jnp.where(square > 0, jnp.sqrt(jnp.where(square > 0, square, 1)), 0)


@jax.custom_jvp
def _gate(scale: Values, k: Values) -> Values:
    """kappa_0(k / scale)."""
    return 1 - _angle(scale, k) / jnp.pi


@_gate.defjvp
def _(primals: tuple[Values, Values], tangents: tuple[Values, Values]) -> tuple[Values, Values]:
    (scale, k), (scale_dot, k_dot) = primals, tangents
    sine = _scaled_sine(scale, k)
    moving, divisor = sine > 0, jnp.where(sine > 0, sine, 1)
    # d theta = -(dk - cos(theta) d scale) / (scale sin(theta))
    theta_dot = (k / jnp.where(moving, scale, 1) * scale_dot - k_dot) / divisor
    return _gate(scale, k), jnp.where(moving, -theta_dot / jnp.pi, 0)


@jax.custom_jvp
def _ramp(scale: Values, k: Values) -> Values:
    """scale kappa_1(k / scale)."""
    k = jnp.clip(k, -scale, scale)
    return (_scaled_sine(scale, k) + (jnp.pi - _angle(scale, k)) * k) / jnp.pi


@_ramp.defjvp
def _(primals: tuple[Values, Values], tangents: tuple[Values, Values]) -> tuple[Values, Values]:
    (scale, k), (scale_dot, k_dot) = primals, tangents
    # The slopes of theta and of its sine, infinite at |k| = scale, cancel.
    sine = _scaled_sine(scale, k) / jnp.where(scale > 0, scale, 1)
    return _ramp(scale, k), sine / jnp.pi * scale_dot + _gate(scale, k) * k_dot


def _erf_determinant(q_u: Values, q_v: Values, k: Values) -> Values:
    """(1 + 2 q_u) (1 + 2 q_v) - 4 k^2, at least 1: no cancellation where k^2 = q_u q_v."""
    return 1 + 2 * (q_u + q_v) + 4 * (q_u * q_v - k**2)
