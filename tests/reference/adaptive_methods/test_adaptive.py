"""Lecture 5: RMSprop and Adam against optax, to the last bits, and what they are equivariant to."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from numpy.testing import assert_allclose

from reference.adaptive_methods import adaptive

EXACT = 1e-10  # float64
RMSPROP = (adaptive.rmsprop(0.1, decay=0.8), optax.rmsprop(0.1, decay=0.8, eps_in_sqrt=False))
ADAM = (adaptive.adam(0.1, b1=0.7, b2=0.95), optax.adam(0.1, b1=0.7, b2=0.95))
LARGE_EPSILON = (adaptive.adam(0.1, epsilon=0.3), optax.adam(0.1, eps=0.3))


def gradients(num_steps, dtype="float64", *, seed=0):
    rng = np.random.default_rng(seed)
    return {
        "W": jnp.asarray(rng.normal(size=(num_steps, 2, 3)), dtype),
        "bias": jnp.asarray(rng.normal(size=(num_steps, 3)) * 1e-3, dtype),
    }


def steps_on(optimizer, gradients):
    """The steps for a given sequence of gradients: nothing feeds back through the weights."""

    @jax.jit
    def scanned(gradients):
        start = optimizer.init(jax.tree.map(lambda g: g[0], gradients))

        def advance(state, g):
            step, state = optimizer.update(g, state)
            return state, step

        return jax.lax.scan(advance, start, gradients)[1]

    return scanned(gradients)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("pair", [RMSPROP, ADAM, LARGE_EPSILON])
def test_steps_are_those_of_optax_to_the_last_bits(pair, dtype):
    ours, theirs = (steps_on(optimizer, gradients(30, dtype)) for optimizer in pair)
    for mine, peer in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
        assert mine.dtype == peer.dtype == dtype
        # Other orders of the same few products: an ulp for each of them.
        np.testing.assert_array_max_ulp(np.asarray(mine), np.asarray(peer), maxulp=4)


def test_rmsprop_is_its_formula_step_by_step():
    g = np.asarray(gradients(5)["W"])
    v, steps = 0.0, steps_on(adaptive.rmsprop(0.3, decay=0.9, epsilon=0.01), gradients(5))["W"]
    for g_t, step in zip(g, steps, strict=True):
        v = 0.9 * v + 0.1 * g_t**2
        assert_allclose(step, -0.3 * g_t / (np.sqrt(v) + 0.01), rtol=EXACT)


def test_adam_is_its_sums_with_normalised_weights():
    g, b1, b2 = np.asarray(gradients(6)["W"]), 0.7, 0.9
    optimizer = adaptive.adam(0.3, b1=b1, b2=b2, epsilon=0.01)
    step = steps_on(optimizer, gradients(6))["W"][-1]

    def average(xs, b):
        return np.average(xs, axis=0, weights=b ** np.arange(len(xs))[::-1])

    expected = -0.3 * average(g, b1) / (np.sqrt(average(g**2, b2)) + 0.01)
    assert_allclose(step, expected, rtol=EXACT)


@pytest.mark.parametrize("num_averaged", [1, 2, 7])
def test_bias_correction_makes_the_average_of_a_constant_that_constant(num_averaged):
    constant = {"a": jnp.array([2.0, -3.0])}
    average = jax.tree.map(jnp.zeros_like, constant)
    for _ in range(num_averaged):
        average = adaptive.moving_average(average, constant, decay=0.8)
    corrected = adaptive.bias_corrected(average, jnp.array(num_averaged), decay=0.8)
    assert_allclose(corrected["a"], constant["a"], rtol=EXACT)
    assert_allclose(average["a"], (1 - 0.8**num_averaged) * constant["a"], rtol=EXACT)


def test_first_steps_are_signs_of_length_alpha_or_without_correction_longer():
    g = gradients(1)
    adam, rmsprop = (
        steps_on(optimizer, g)["bias"]
        for optimizer in (
            adaptive.adam(0.1, epsilon=0.0),
            adaptive.rmsprop(0.1, decay=0.99, epsilon=0.0),
        )
    )
    assert_allclose(adam, -0.1 * np.sign(g["bias"]), rtol=EXACT)
    assert_allclose(rmsprop, -np.sign(g["bias"]), rtol=EXACT)


@pytest.mark.parametrize("optimizer", [RMSPROP[0], ADAM[0]])
def test_scale_of_the_loss_is_not_seen(optimizer):
    g = {"W": gradients(10)["W"]}
    scaled = steps_on(optimizer, {"W": 1e3 * g["W"]})["W"]
    # What is left is eps = 1e-8 next to gradients of 1.
    assert_allclose(scaled, steps_on(optimizer, g)["W"], rtol=1e-6, atol=1e-7)


def valley(w):
    return jnp.sum(jnp.array([20.0, 1.0]) * w**2) + w[0] ** 4


@pytest.mark.parametrize(
    ("optimizer", "sees_the_axes"),
    [(optax.sgd(0.01), False), (adaptive.rmsprop(0.05), True), (adaptive.adam(0.05), True)],
)
def test_rotation_of_the_coordinates_changes_the_path_of_adaptive_methods_only(
    optimizer, sees_the_axes
):
    angle = 0.7
    R = jnp.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    w_0 = jnp.array([1.0, 0.4])

    @jax.jit
    def paths(w_0):
        plain = adaptive.optimizer_iterates(optimizer, valley, w_0, 20)
        turned = adaptive.optimizer_iterates(optimizer, lambda v: valley(R @ v), R.T @ w_0, 20)
        return plain, turned @ R.T

    plain, turned_back = paths(w_0)
    distance = np.max(np.abs(plain - turned_back))
    assert distance > 0.05 if sees_the_axes else distance < EXACT


@pytest.mark.parametrize("optimizer", [adaptive.rmsprop(0.05), adaptive.adam(0.05)])
def test_exchange_of_coordinates_and_signs_exchanges_the_paths(optimizer):
    P, w_0 = jnp.array([[0.0, -1.0], [1.0, 0.0]]), jnp.array([1.0, 0.4])

    @jax.jit
    def paths(w_0):
        plain = adaptive.optimizer_iterates(optimizer, valley, w_0, 10)
        turned = adaptive.optimizer_iterates(optimizer, lambda v: valley(P @ v), P.T @ w_0, 10)
        return plain, turned @ P.T

    plain, turned_back = paths(w_0)
    assert_allclose(turned_back, plain, rtol=EXACT, atol=EXACT)


def test_iterates_start_at_the_start_and_follow_the_steps():
    w_0 = {"a": jnp.array([1.0, -2.0]), "b": jnp.array(0.5)}

    def loss(w):
        return jnp.sum(w["a"] ** 2) + w["b"] ** 4

    iterates = jax.jit(lambda w_0: adaptive.optimizer_iterates(optax.sgd(0.1), loss, w_0, 2))(w_0)
    assert_allclose(iterates["a"], np.outer([1, 0.8, 0.64], w_0["a"]), rtol=EXACT)
    assert_allclose(iterates["b"][:2], [0.5, 0.5 - 0.1 * 4 * 0.5**3], rtol=EXACT)


@pytest.mark.parametrize(("b1", "b2"), [(0.9, 0.99), (0.0, 0.9), (0.5, 0.95)])
def test_step_bound_is_reached_by_growing_gradients_and_by_no_others(b1, b2):
    bound = adaptive.adam_step_bound(b1=b1, b2=b2)
    optimizer = adaptive.adam(1.0, b1=b1, b2=b2, epsilon=0.0)
    # (b2 / b1)^s, or for b1 = 0 a last gradient without any before it; 1500 steps,
    # none of them so small that its square is lost.
    exponents = np.arange(-1499.0, 1.0)
    growing = np.maximum((b2 / b1) ** exponents if b1 else exponents == 0, 1e-100)
    others = np.random.default_rng(0).normal(size=(1500, 20))
    steps = np.abs(steps_on(optimizer, jnp.array(np.column_stack([growing, others]))))
    assert_allclose(steps[-1, 0], bound, rtol=1e-6)  # b2^1500 is below it
    assert np.max(steps) <= bound * (1 + 1e-12)
    if b1:
        assert bound > (1 - b1) / np.sqrt(1 - b2)
