"""Lecture 6: infinite depth, and the edge between order and chaos.

In a wide perceptron two inputs of the same norm have pre-activations of variance q and
correlation c, which a layer maps to

    V(q) = s_w^2 E[phi(sqrt(q) z)^2] + s_b^2,           C(c) = (s_w^2 E[phi(u) phi(v)] + s_b^2) / q*

with u, v of variance q* = V(q*) and correlation c. As depth grows, q goes to q* and c to c*, the
smallest fixed point of C in [0, 1]. C(1) = 1 always, and the slope there,

    chi_1 = C'(1) = s_w^2 E[phi'(sqrt(q*) z)^2],

decides: chi_1 < 1, order, c* = 1 (all inputs look alike, gradients vanish); chi_1 > 1, chaos,
c* < 1 (neighbours part, gradients explode); chi_1 = 1, the edge, where a deep network trains.

    >>> from reference.infinite_limits.dual_activations import ERF
    >>> start = critical_initialisation(ERF, jnp.array(0.5))
    >>> q = variance_fixed_point(ERF, *start).value
    >>> print(q.round(4), correlation_slope(ERF, q, jnp.array(1.0), start[0]).round(4))
    0.5 1.0

Erf has closed forms; tanh works through `quadrature_activation`.

Source: Poole et al. (2016); Schoenholz et al. (2017).
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from reference.infinite_limits.dual_activations import Activation
from reference.pytrees import Scalar

Values = Float[Array, "..."]


class FixedPoint(NamedTuple):
    """`residual` is |map(value) - value|; `converged` says whether it is rounding, not a limit."""

    value: Scalar
    steps: Int[Array, ""]
    residual: Scalar
    converged: Bool[Array, ""]


# --- Maps of one layer ---------------------------------------------------------------------------


def variance_map(
    activation: Activation,
    q: Values,
    weight_variance: Scalar | float,
    bias_variance: Scalar | float,
) -> Values:
    """V(q) = s_w^2 E[phi(sqrt(q) z)^2] + s_b^2."""
    return weight_variance * activation.covariance(q, q, q) + bias_variance


def correlation_map(
    activation: Activation,
    q: Values,
    c: Values,
    weight_variance: Scalar | float,
    bias_variance: Scalar | float,
) -> Values:
    """C(c) = (s_w^2 E[phi(u) phi(v)] + s_b^2) / q for u, v of variance q > 0, correlation c.

    Assumes q = q*, else the result is no correlation.
    """
    return (weight_variance * activation.covariance(q, q, c * q) + bias_variance) / q


def correlation_slope(
    activation: Activation, q: Values, c: Values, weight_variance: Scalar | float
) -> Values:
    """chi(c) = C'(c) = s_w^2 E[phi'(u) phi'(v)]; chi_1 = chi(1), also the gain of gradients.

    Backwards through a layer E|dl/dh|^2 grows by chi_1. Source: Poole et al. (2016).
    """
    return weight_variance * activation.derivative_covariance(q, q, c * q)


# --- Fixed points --------------------------------------------------------------------------------


def variance_fixed_point(
    activation: Activation,
    weight_variance: Scalar | float,
    bias_variance: Scalar | float,
    *,
    max_steps: int = 100,
) -> FixedPoint:
    """q* = V(q*), by Newton's method from q = s_w^2 + s_b^2.

    For |phi| <= 1 that start is above q*, and for erf and tanh V is concave, so that the
    iterates fall to q* and can't overshoot. For ReLU V is linear and one step gives
    q* = s_b^2 / (1 - s_w^2 / 2), if s_w^2 < 2. Beyond, its variance grows for ever and the value
    is no fixed point: negative, not finite, or so large that s_b^2 is lost in rounding.
    Cost: two maps and a slope a step.
    """

    def gap(q: Scalar) -> Scalar:
        return variance_map(activation, q, weight_variance, bias_variance) - q

    start = jnp.asarray(weight_variance + bias_variance)
    return _newton(gap, jax.grad(gap), start, scale=start, max_steps=max_steps)


def correlation_fixed_point(
    activation: Activation,
    q: Scalar,
    weight_variance: Scalar | float,
    bias_variance: Scalar | float,
    *,
    max_steps: int = 100,
) -> FixedPoint:
    """c* = C(c*), the smallest in [0, 1], by Newton's method from c = 0.

    A series in c with no negative coefficient, C is convex on [0, 1]: the iterates rise to c*,
    the stable fixed point, and stop short of c = 1 if chi_1 > 1. On the edge c* = 1 is a double
    root: a step then only halves the distance, and it is found to sqrt(eps). Assumes q = q* > 0.
    Cost: two maps and a slope a step.
    """

    def gap(c: Scalar) -> Scalar:
        return correlation_map(activation, q, c, weight_variance, bias_variance) - c

    def slope(c: Scalar) -> Scalar:
        return correlation_slope(activation, q, c, weight_variance) - 1

    return _newton(gap, slope, jnp.zeros_like(q), scale=jnp.ones_like(q), max_steps=max_steps)


def correlation_iterates(
    activation: Activation,
    q: Scalar,
    c_0: Values,
    weight_variance: Scalar | float,
    bias_variance: Scalar | float,
    num_layers: int,
) -> Float[Array, "T ..."]:
    """c_0, C(c_0), C(C(c_0)) .. through `num_layers` layers: towards c*, by chi(c*) a layer.

    On the edge the approach is no longer geometric. Cost: one dual a layer and value.
    """

    def layer(c: Values, _: None) -> tuple[Values, Values]:
        c = correlation_map(activation, q, c, weight_variance, bias_variance)
        return c, c

    _, iterates = jax.lax.scan(layer, c_0, length=num_layers)
    return jnp.concatenate([c_0[None], iterates])


# --- The edge ------------------------------------------------------------------------------------


def critical_initialisation(activation: Activation, q: Values) -> tuple[Values, Values]:
    """(s_w^2, s_b^2) with q* = q and chi_1 = 1: s_w^2 = 1 / E[phi'^2], s_b^2 = q - s_w^2 E[phi^2].

    The critical line, by the variance it keeps; for erf and tanh it starts at q = 0 without
    biases, and both variances grow along it. ReLU has the one point (2, 0), whatever q > 0.
    Source: Poole et al. (2016), the line itself; the parameter q makes it explicit.

    >>> from reference.infinite_limits.dual_activations import ERF
    >>> s_w2, s_b2 = critical_initialisation(ERF, jnp.array(1.0))
    >>> print(f"{s_w2:.3f} {s_b2:.3f}")
    1.756 0.184
    """
    weight_variance = 1 / activation.derivative_covariance(q, q, q)
    return weight_variance, q - weight_variance * activation.covariance(q, q, q)


def depth_scale(slope: Values) -> Values:
    """xi = -1 / log(chi): layers in which |c - c*| falls to 1/e, for chi = chi(c*) in (0, 1).

    Infinite on the edge, as chi -> 1: information travels through any depth.
    Source: Schoenholz et al. (2017).
    """
    return -1 / jnp.log(slope)


def _newton(
    gap: Callable[[Scalar], Scalar],
    slope: Callable[[Scalar], Scalar],
    start: Scalar,
    *,
    scale: Scalar,
    max_steps: int,
) -> FixedPoint:
    """x <- x - gap(x) / slope(x), until the gap is a few roundings of scale or steps run out."""

    def is_rounding(x: Scalar) -> Array:
        return jnp.abs(gap(x)) <= 4 * jnp.finfo(x.dtype).eps * jnp.maximum(jnp.abs(x), scale)

    def unfinished(state: tuple[Scalar, Array]) -> Array:
        x, steps = state
        return ~is_rounding(x) & (steps < max_steps)

    def step(state: tuple[Scalar, Array]) -> tuple[Scalar, Array]:
        x, steps = state
        return x - gap(x) / slope(x), steps + 1

    value, steps = jax.lax.while_loop(unfinished, step, (start, jnp.zeros((), jnp.int32)))
    return FixedPoint(value, steps, jnp.abs(gap(value)), is_rounding(value))
