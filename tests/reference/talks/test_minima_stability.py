"""Stability of descent near minima; weights by definition; the bound on random and trained nets."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree
from numpy.testing import assert_allclose

from reference.talks import minima_stability

EXACT = 1e-10  # float64 and well conditioned
linearised_growth = jax.jit(minima_stability.linearised_growth)
network_outputs = jax.jit(minima_stability.network_outputs)
interpolating_sharpness = jax.jit(minima_stability.interpolating_sharpness)
smoothness_weights = jax.jit(minima_stability.smoothness_weights)
weighted_path_norm = jax.jit(minima_stability.weighted_path_norm)
weighted_curvature = jax.jit(minima_stability.weighted_curvature)

X = np.array([-1.2, -0.5, 0.1, 0.6, 1.5])


def network(J, *, seed=0):
    rng = np.random.default_rng(seed)
    w = {name: jnp.array(rng.normal(size=J)) for name in ("inputs", "biases", "outputs")}
    return {**w, "offset": jnp.array(rng.normal())}


def loss(w, x, y):
    return jnp.mean((minima_stability.network_outputs(w, x) - y) ** 2) / 2


step = jax.jit(
    lambda w, x, y, step_size: jax.tree.map(
        lambda leaf, g: leaf - step_size * g, w, jax.grad(loss)(w, x, y)
    )
)


def dense_hessian(w, x, y):
    vector, unravel = ravel_pytree(w)
    H = jax.jit(jax.hessian(lambda v: loss(unravel(v), x, y)))(vector)
    return np.asarray(H), vector, unravel


@pytest.mark.parametrize("step_size", [0.1, 0.5, 2.0])
def test_growth_is_that_of_the_worst_direction(step_size):
    H = np.diag([0.0, 0.5, 3.0])
    growths = [abs(1 - step_size * value) for value in (0, 0.5, 3)]
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
    assert_allclose(linearised_growth(turn @ H @ turn.T, step_size), max(growths), rtol=EXACT)


@pytest.mark.parametrize("excess", [0.9, 1.0, 1.1])
def test_descent_leaves_a_minimum_exactly_if_the_step_is_above_two_over_the_sharpness(excess):
    w = network(4)
    y = network_outputs(w, X)
    H, vector, unravel = dense_hessian(w, X, y)
    values, vectors = np.linalg.eigh(H)
    step_size = 2 * excess / values[-1]
    moved = unravel(vector + 1e-7 * vectors[:, -1])
    for _ in range(20):
        moved = step(moved, X, y, step_size)
    distance = jnp.linalg.norm(ravel_pytree(moved)[0] - vector)
    expected = abs(1 - step_size * values[-1]) ** 20
    assert_allclose(distance / 1e-7, expected, rtol=1e-3)  # errors of second order
    if excess >= 1:
        growth = linearised_growth(H, step_size)
        assert_allclose(growth, 2 * excess - 1, rtol=1e-8)


def test_outputs_are_a_sum_over_units():
    w = network(3)
    for x, f in zip(X, network_outputs(w, X), strict=True):
        hidden = np.maximum(np.asarray(w["inputs"]) * x + np.asarray(w["biases"]), 0)
        assert_allclose(f, hidden @ np.asarray(w["outputs"]) + float(w["offset"]), rtol=EXACT)


@pytest.mark.parametrize("seed", range(3))
def test_sharpness_is_the_hessians_where_the_examples_are_fitted(seed):
    w = network(3, seed=seed)
    H, *_ = dense_hessian(w, X, network_outputs(w, X))
    assert_allclose(interpolating_sharpness(w, X), np.linalg.eigvalsh(H)[-1], rtol=1e-9)


def test_weights_are_of_conditional_means():
    t = np.array([-2.0, -0.3, 0.3, 2.0])
    for side, weights in zip((-1, 1), smoothness_weights(t, X), strict=True):
        for kink, g in zip(t, weights, strict=True):
            there = X[side * (X - kink) > 0]
            if len(there) == 0:
                assert g == 0
                continue
            P = len(there) / len(X)
            expected = P**2 * np.mean(abs(there - kink)) * np.sqrt(1 + there.mean() ** 2)
            assert_allclose(g, expected, rtol=EXACT)


def test_weights_of_mirrored_examples_change_sides():
    t = np.array([-0.3, 0.3, 1.0])
    left, right = smoothness_weights(t, X)
    mirrored_left, mirrored_right = smoothness_weights(-t, -X)
    assert_allclose(mirrored_left, right, rtol=EXACT)
    assert_allclose(mirrored_right, left, rtol=EXACT)


@pytest.mark.parametrize("J", [1, 5])
def test_path_norm_is_bounded_by_the_sharpness(J):
    for seed in range(20):
        w = network(J, seed=seed)
        path = weighted_path_norm(w, X)
        assert 0 <= weighted_curvature(w, X) <= path
        assert path <= (interpolating_sharpness(w, X) - 1) / 2 + EXACT


@pytest.mark.parametrize("side", [1.0, -1.0])
def test_bound_is_exact_for_one_example_and_balanced_units(side):
    x = jnp.array([0.7])
    inputs, biases = side * jnp.array([1.0, 0.5]), jnp.array([1.0, 2.0])
    outputs = (inputs * x + biases) / jnp.hypot(1, x) * jnp.array([1.0, -1.0])
    w = {"inputs": inputs, "biases": biases, "outputs": outputs, "offset": jnp.array(0.3)}
    sharpness = interpolating_sharpness(w, x)
    assert_allclose(weighted_path_norm(w, x), (sharpness - 1) / 2, rtol=EXACT)
    # The one example lies on one side of every kink: f could be straight there.
    assert_allclose(weighted_curvature(w, x), 0, atol=EXACT)


@pytest.mark.parametrize("seed", range(2))
def test_curvature_is_the_integral_of_second_differences(seed):
    w = network(4, seed=seed)
    grid = np.linspace(-1.5, 1.8, 30_001)
    f = np.asarray(network_outputs(w, grid))
    jumps = np.abs(np.diff(f, 2)) / (grid[1] - grid[0])
    g = np.minimum(*map(np.asarray, smoothness_weights(grid[1:-1], X)))
    # A kink is spread over two points of the grid.
    assert_allclose(weighted_curvature(w, X), jumps @ g, rtol=2e-3, atol=1e-4)


def test_units_without_a_kink_are_left_out():
    w = network(3)
    w = {**w, "inputs": w["inputs"].at[1].set(0)}
    rest = {k: jnp.delete(v, 1) if v.ndim else v for k, v in w.items()}
    assert_allclose(weighted_path_norm(w, X), weighted_path_norm(rest, X), rtol=EXACT)


def test_descent_that_has_converged_keeps_the_bound_and_larger_steps_are_flatter():
    x, y = X, np.array([0.4, -0.3, 0.5, 0.0, 0.6])
    start = jax.tree.map(lambda leaf: 0.7 * leaf, network(20))

    def trained(step_size):
        advance = lambda w, _: (step(w, x, y, step_size), None)  # noqa: E731
        return jax.lax.scan(advance, start, length=20_000)[0]

    train, sharpnesses = jax.jit(trained), []
    for step_size in (0.1, 0.3):
        w = train(step_size)
        assert loss(w, x, y) < 1e-10
        sharpnesses.append(interpolating_sharpness(w, x))
        assert sharpnesses[-1] <= 2 / step_size * (1 + 1e-6)
        bound = minima_stability.stable_curvature_bound(jnp.array([step_size]))[0]
        assert_allclose(bound, (2 / step_size - 1) / 2, rtol=EXACT)
        assert weighted_path_norm(w, x) <= bound
    assert sharpnesses[1] < sharpnesses[0]
