"""Lecture 4: a trust region: the best step of bounded length in the quadratic model.

    minimise  M(v) = g^T v + 1/2 v^T H v   where |v| <= r

v solves it if and only if, for some lambda >= 0,

    (H + lambda I) v = -g,      H + lambda I positive semi-definite,      lambda (|v| - r) = 0

so it is a damped Newton step whose damping is found from the radius, and it can use negative
curvature, which Newton's method falls for. With H = Q diag(h) Q^T, gamma = Q^T g and
mu = lambda + h_1, a boundary solution is a root of the secular equation

    1 / |v(mu)| = 1 / r,      |v(mu)|^2 = sum_i gamma_i^2 / (h_i - h_1 + mu)^2

whose left side is increasing and concave in mu > max(0, h_1). Newton's method from the left
therefore climbs to the root without ever passing it. The hard case is that of a gamma without
any part along the lowest eigenvectors: lambda = -h_1, and v is filled up along one of these.

    >>> H, g = jnp.diag(jnp.array([-1.0, 2.0])), jnp.array([0.0, 2.0])
    >>> result = trust_region_step(H, g, radius=2.0)
    >>> print(result.multiplier, Place(int(result.place)).name)
    1.0 HARD_CASE

Source: CSC2541 lecture 4; Moré and Sorensen (1983); Nocedal and Wright (2006), chapter 4.
"""

from collections.abc import Callable
from enum import IntEnum
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int

from reference.pytrees import Scalar, Tree, as_tree, as_vector
from reference.second_order.levenberg_marquardt import predicted_change, reduction_ratio
from reference.taylor import hessian


class Place(IntEnum):
    """Where the minimiser of the model lies; a plain integer inside `jit`."""

    INTERIOR = 0  # lambda = 0: the Newton step itself
    BOUNDARY = 1
    HARD_CASE = 2  # on the boundary, and not the only minimiser


class TrustRegionStep(NamedTuple):
    """`multiplier` is lambda, the damping that gives this step."""

    step: Float[Array, " P"]
    multiplier: Scalar
    place: Int[Array, ""]


def trust_region_step(
    H: Float[Array, "P P"], g: Float[Array, " P"], radius: Scalar | float
) -> TrustRegionStep:
    """argmin g^T v + 1/2 v^T H v over |v| <= r: global, for any symmetric H; r > 0.

    Where H is singular and the step interior, the shortest minimiser. Cost: one `eigh`, and
    O(P) for each of the few Newton steps on the secular equation.
    """
    h, Q = jnp.linalg.eigh(H)
    gamma, gaps = Q.T @ g, h - h[0]
    least = jnp.maximum(h[0], 0)  # the mu of the least lambda that is allowed

    fits = _length(gamma, gaps, least) <= radius
    # |v(mu)| <= r at the least mu: interior if lambda is 0 there, else H has h_1 < 0.
    place = jnp.where(fits, jnp.where(h[0] < 0, Place.HARD_CASE, Place.INTERIOR), Place.BOUNDARY)
    mu = jnp.where(fits, least, _secular_root(gamma, gaps, least, radius))

    v = -_quotient(gamma, gaps + mu)
    missing = jnp.sqrt(jnp.maximum(radius**2 - v @ v, 0))
    v = v.at[0].add(jnp.where(place == Place.HARD_CASE, missing, 0))
    return TrustRegionStep(Q @ v, mu - h[0], place.astype(jnp.int32))


class TrustRegionState(NamedTuple):
    """The radius of the next step, and the reduction ratio of the last (0 before the first)."""

    radius: Scalar
    ratio: Scalar


def trust_region_optimizer(
    *, radius: float, max_radius: float = 1e3
) -> optax.GradientTransformationExtraArgs:
    """g -> the `trust_region_step` for the Hessian, or 0 if that raises the loss; r adapts.

    r <- r/4 if rho < 1/4; r <- min(2 r, max_radius) if rho > 3/4 and the step was on the
    boundary. An optax optimizer whose `update` takes `loss`, a function of w alone.
    Cost: one dense Hessian, one `eigh`, two evaluations of the loss.
    Source: Nocedal and Wright (2006), algorithm 4.1, with eta = 0.
    """

    def init(params: Tree) -> TrustRegionState:
        dtype = as_vector(params).dtype
        return TrustRegionState(jnp.asarray(radius, dtype), jnp.zeros((), dtype))

    def update(
        gradient: Tree,
        state: TrustRegionState,
        params: Tree,
        *,
        loss: Callable[[Tree], Scalar],
        **extra: Any,
    ) -> tuple[Tree, TrustRegionState]:
        H, g = hessian(loss, params), as_vector(gradient)
        v, _, place = trust_region_step(H, g, state.radius)

        after = loss(optax.apply_updates(params, as_tree(v, like=params)))
        ratio = reduction_ratio(loss(params), after, predicted_change(g, H @ v, v))
        radius = _updated_radius(state.radius, ratio, place, max_radius)
        return as_tree(jnp.where(ratio > 0, v, 0), like=params), TrustRegionState(radius, ratio)

    # optax declares the extra arguments as optional, whatever they are.
    return optax.GradientTransformationExtraArgs(init, update)  # pyright: ignore[reportArgumentType]


def _updated_radius(
    radius: Scalar, ratio: Scalar, place: Int[Array, ""], max_radius: float
) -> Scalar:
    larger = jnp.where(place == Place.INTERIOR, radius, jnp.minimum(2 * radius, max_radius))
    # A ratio that is NaN shrinks the region too.
    return jnp.where(ratio > 3 / 4, larger, jnp.where(ratio >= 1 / 4, radius, radius / 4))


def _secular_root(gamma: Array, gaps: Array, least: Scalar, radius: Scalar | float) -> Scalar:
    """mu > least with |v(mu)| = r, given that |v(least)| > r.

    In mu, not lambda, so that nothing cancels next to the pole at mu = 0.
    """
    # |v| >= |gamma_i| / (gap_i + mu) for every i, hence the root is at least this.
    start = jnp.maximum(least, jnp.max(jnp.abs(gamma) / radius - gaps))

    def advance(search: tuple[Scalar, Scalar, Array]) -> tuple[Scalar, Scalar, Array]:
        mu, _, steps = search
        length = _length(gamma, gaps, mu)
        # psi = 1/|v| - 1/r has psi' = sum gamma_i^2 / (gap_i + mu)^3 / |v|^3.
        slope = jnp.sum(_quotient(gamma**2, (gaps + mu) ** 3)) / length**3
        return mu + jnp.maximum((1 / radius - 1 / length) / slope, 0), mu, steps + 1

    def climbs(search: tuple[Scalar, Scalar, Array]) -> Array:
        mu, before, steps = search
        return (mu - before > 2 * jnp.finfo(mu.dtype).eps * mu) & (steps < 100)

    return jax.lax.while_loop(
        climbs, advance, (start, -jnp.ones_like(start), jnp.zeros((), jnp.int32))
    )[0]


def _length(gamma: Array, gaps: Array, mu: Scalar) -> Scalar:
    return jnp.sqrt(jnp.sum(_quotient(gamma, gaps + mu) ** 2))


def _quotient(numerators: Array, denominators: Array) -> Array:
    """Componentwise, with 0/0 = 0: a direction without gradient is not moved in."""
    return jnp.where(numerators == 0, 0, numerators / denominators)
