"""Lecture 4: trust-region steps against the conditions that define them, hard cases included."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from reference.second_order import trust_region
from reference.second_order.newton import Ending, stationary_point

trust_region_step = jax.jit(trust_region.trust_region_step)
Place = trust_region.Place


def model(eigenvalues, *, seed, dtype="float64"):
    rng, P = np.random.default_rng(seed), len(eigenvalues)
    Q = np.linalg.qr(rng.normal(size=(P, P)))[0]
    return jnp.asarray(Q * np.array(eigenvalues) @ Q.T, dtype), jnp.asarray(
        rng.normal(size=P), dtype
    )


@pytest.mark.parametrize("radius", [1e-3, 0.3, 2.0, 1e3])
@pytest.mark.parametrize(
    "eigenvalues", [(1.0, 2.0, 9.0), (-3.0, 0.5, 2.0), (0.0, 0.0, 4.0), (-1.0, -1.0, -1.0)]
)
@pytest.mark.parametrize("seed", range(3))
def test_step_fulfils_the_conditions_that_characterise_the_minimiser(eigenvalues, radius, seed):
    H, g = model(eigenvalues, seed=seed)
    v, multiplier, place = trust_region_step(H, g, radius)
    length = np.linalg.norm(v)
    # Rounding of H v is the scale of the residual.
    assert_allclose(H @ v + multiplier * v, -g, atol=1e-12 * (1 + radius))
    assert multiplier >= 0
    assert np.linalg.eigvalsh(H)[0] + multiplier >= -1e-12
    assert length <= radius * (1 + 1e-12)
    assert (place == Place.INTERIOR) == (multiplier == 0)
    if multiplier > 0:
        assert_allclose(length, radius, rtol=1e-12)


def test_no_point_of_the_region_has_a_lower_model():
    H, g = model((-2.0, 0.1, 3.0), seed=5)
    v, _, _ = trust_region_step(H, g, 1.5)
    points = np.random.default_rng(0).normal(size=(4000, 3))
    points *= 1.5 / np.linalg.norm(points, axis=1, keepdims=True)
    points = np.concatenate([points, points / 2])

    def value(v):
        return v @ g + np.einsum("...p,pq,...q->...", v, H, v) / 2

    assert value(np.asarray(v)) <= value(points).min()


@pytest.mark.parametrize("eigenvalues", [(1.0, 2.0, 9.0), (0.5, 0.5, 0.5)])
def test_wide_region_gives_the_newton_step_and_a_narrow_one_the_gradients_direction(eigenvalues):
    H, g = model(eigenvalues, seed=6)
    wide, narrow = trust_region_step(H, g, 1e3), trust_region_step(H, g, 1e-7)
    assert wide.place == Place.INTERIOR
    assert_allclose(wide.step, -np.linalg.solve(H, g), rtol=1e-10)
    assert_allclose(narrow.step * 1e7, -g / np.linalg.norm(g), atol=1e-6)


@pytest.mark.parametrize(
    ("h", "g", "radius"),
    [
        ((-1.0, 2.0), (0.0, 2.0), 2.0),
        ((-1.0, -1.0, 3.0), (0.0, 0.0, 1.0), 5.0),
        ((-4.0, 1.0), (0.0, 0.0), 0.5),  # no gradient at all: a saddle
    ],
)
def test_hard_case_moves_along_the_lowest_eigenvector_to_the_boundary(h, g, radius):
    H, g = jnp.diag(jnp.array(h)), jnp.array(g)
    v, multiplier, place = trust_region_step(H, g, radius)
    assert place == Place.HARD_CASE
    assert_allclose(multiplier, -h[0], rtol=1e-14)
    assert_allclose(np.linalg.norm(v), radius, rtol=1e-12)
    assert_allclose((H - h[0] * jnp.eye(len(h))) @ v, -g, atol=1e-12)


@pytest.mark.parametrize("slope", [1e-4, 1e-9, 1e-14, 1e-60])
def test_nearly_hard_case_loses_no_precision(slope):
    H, g = jnp.diag(jnp.array([-1.0, 2.0])), jnp.array([slope, 2.0])
    v, _, place = trust_region_step(H, g, 2.0)
    assert place == Place.BOUNDARY
    assert v[0] < 0  # downhill, however small the slope
    assert_allclose(np.linalg.norm(v), 2.0, rtol=1e-10)
    assert_allclose(v[1], -2 / 3, rtol=2 * slope + 1e-10)


def test_interior_step_of_a_singular_model_is_the_shortest_minimiser():
    v, multiplier, place = trust_region_step(
        jnp.diag(jnp.array([0.0, 2.0])), jnp.array([0.0, 1.0]), 9.0
    )
    assert (int(place), float(multiplier)) == (Place.INTERIOR, 0.0)
    assert_allclose(v, [0, -0.5], atol=1e-15)


def test_float32_step_is_on_the_boundary_to_rounding():
    H, g = model((-3.0, 0.5, 2.0), seed=7, dtype="float32")
    v, multiplier, _ = trust_region_step(H, g, 0.7)
    assert v.dtype == multiplier.dtype == jnp.float32
    assert_allclose(np.linalg.norm(v), 0.7, rtol=1e-5)
    assert_allclose(H @ v + multiplier * v, -g, atol=1e-5)


def banana(w):
    return (1 - w[0]) ** 2 + 10 * (w[1] - w[0] ** 2) ** 2


def two_wells(w):
    return w[0] ** 2 - w[1] ** 2 + w[1] ** 4 / 2


@pytest.mark.parametrize(
    ("loss", "w_0", "minimum"),
    [(banana, [-1.2, 1.0], [1.0, 1.0]), (two_wells, [1.0, 1e-6], [0.0, 1.0])],
)
def test_search_ends_in_a_minimum_also_past_a_saddle(loss, w_0, minimum):
    optimizer = trust_region.trust_region_optimizer(radius=0.5)
    found = jax.jit(
        lambda w: stationary_point(optimizer, w, loss=loss, tolerance=1e-8, max_steps=60)
    )(jnp.array(w_0))
    assert found.ending == Ending.MINIMUM
    assert_allclose(found.w, minimum, atol=1e-7)


@pytest.mark.parametrize(
    ("loss", "w", "radius", "new_radius", "moves"),
    [
        (lambda w: jnp.sum(w**2), [3.0], 0.5, 1.0, True),  # model right, step at the boundary
        (lambda w: jnp.sum(w**2), [3.0], 900.0, 900.0, True),  # model right, step inside
        (lambda w: jnp.sum(w**2), [3e3], 900.0, 1000.0, True),  # not above the largest radius
        (lambda w: jnp.sum(jnp.arctan(w) ** 2), [-1.5], 8.0, 2.0, False),  # far too long a step
        (lambda w: jnp.sum(w**2 / 2 + 0.3 * w**3), [1.0], 0.25, 0.5, True),
        (lambda w: jnp.sum(w**4), [1.0], 1.9, 1.9, True),
    ],
)
def test_radius_follows_the_reduction_ratio(loss, w, radius, new_radius, moves):
    w, optimizer = jnp.array(w), trust_region.trust_region_optimizer(radius=radius)
    step, state = jax.jit(
        lambda w: optimizer.update(jax.grad(loss)(w), optimizer.init(w), w, loss=loss)
    )(w)
    assert_allclose(state.radius, new_radius, rtol=1e-12)
    assert bool(step[0] != 0) == moves
    if moves:
        assert loss(w + step) < loss(w)
