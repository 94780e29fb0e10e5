"""Nesterov's method against optax's look-ahead points, its own modes, and the theorems' bounds."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from numpy.testing import assert_allclose

from reference.momentum import nesterov

EXACT = 1e-10  # float64
DOUBLE = 1e-6  # a double root is good to the square root of the rounding, 1.5e-8
EIGENVALUES = np.array([1.0, 2.5, 7.0, 16.0])
companion_eigenvalues = jax.jit(nesterov.nesterov_companion_eigenvalues)


def smooth_loss(w):
    return jnp.sum(jnp.cos(w["x"])) + jnp.sum(w["x"] ** 2) / 2 + jnp.sum(w["y"] ** 4)


def any_parameters(seed=0):
    rng = np.random.default_rng(seed)
    return {"x": jnp.array(rng.normal(size=3)), "y": jnp.array(rng.normal(size=(2, 1)))}


def trained(optimizer, loss, w, num_steps):
    """Parameters along a training loop, the start included."""

    def advance(carry, _):
        w, state = carry
        updates, state = optimizer.update(jax.grad(loss)(w), state, w)
        return (optax.apply_updates(w, updates), state), w

    start = w, optimizer.init(w)
    return jax.jit(lambda start: jax.lax.scan(advance, start, length=num_steps + 1)[1])(start)


def iterates(loss, w_0, step_size, momentum, num_steps):
    return jax.jit(
        lambda w, momentum: nesterov.nesterov_iterates(loss, w, step_size, momentum, num_steps)
    )(w_0, momentum)


def quadratic(a):
    return lambda w: jnp.sum(a * w**2) / 2


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_parameters_of_a_training_loop_are_the_look_ahead_points(momentum):
    w_0 = any_parameters()
    ours = trained(nesterov.nesterov_optimizer(0.1, momentum), smooth_loss, w_0, 20)
    peer = trained(optax.sgd(0.1, momentum, nesterov=True), smooth_loss, w_0, 20)
    w = iterates(smooth_loss, w_0, 0.1, momentum, 20)
    ahead = nesterov.look_ahead_points(w, momentum)
    for name in w_0:
        assert w[name].shape == (21, *w_0[name].shape)
        assert_allclose(ours[name], peer[name], atol=EXACT)
        assert_allclose(ahead[name], peer[name], atol=EXACT)
    if momentum:
        assert np.abs(w["x"] - peer["x"]).max() > 1e-2


def test_iterates_follow_the_velocity_form_with_a_schedule():
    momenta = np.array([0.3, 0.9, 0.0, 0.5, 0.8])
    w = iterates(quadratic(EIGENVALUES), jnp.ones(4), 0.1, momenta, 5)
    x, v = np.ones(4), np.zeros(4)
    for k, beta in enumerate(momenta):
        v = beta * v - 0.1 * EIGENVALUES * (x + beta * v)
        x = x + v
        assert_allclose(w[k + 1], x, rtol=EXACT)


@pytest.mark.parametrize(("step_size", "momentum"), [(0.05, 0.5), (0.06, 0.9), (0.08, 0.1)])
def test_eigenvalues_advance_every_mode(step_size, momentum):
    z = companion_eigenvalues(EIGENVALUES, step_size, momentum)
    w = iterates(quadratic(EIGENVALUES), jnp.ones(4), step_size, momentum, 12)
    # w_k = c_1 z_1^k + c_2 z_2^k, with w_0 = 1 and w_1 = 1 - alpha a.
    c_1 = (1 - step_size * EIGENVALUES - z[:, 1]) / (z[:, 0] - z[:, 1])
    k = np.arange(13)[:, None]
    expected = c_1 * z[:, 0] ** k + (1 - c_1) * z[:, 1] ** k
    assert_allclose(w, expected.real, atol=1e-9)


@pytest.mark.parametrize("kappa", [4.0, 16.0, 400.0])
def test_strongly_convex_rate_is_the_double_root_of_the_slowest_mode(kappa):
    a = jnp.linspace(1.0, kappa, 30)
    momentum = nesterov.strongly_convex_momentum(kappa)
    z = jnp.abs(nesterov.nesterov_companion_eigenvalues(a, 1 / kappa, momentum))
    rate = nesterov.strongly_convex_rate(kappa)
    assert_allclose(z[0], [rate, rate], rtol=DOUBLE)
    assert np.argmax(z[:, 0]) == 0
    # The largest curvature is solved in a step.
    assert_allclose(z[-1], 0, atol=DOUBLE)


@pytest.mark.parametrize("seed", range(2))
def test_loss_of_a_strongly_convex_function_stays_below_the_bound(seed):
    # softplus has curvature in (0, 1/4], so this has mu = 0.05 and L = 0.3.
    def loss(w):
        return jnp.sum(jax.nn.softplus(w)) + 0.025 * w @ w

    w_0 = jnp.array(np.random.default_rng(seed).normal(size=3)) * 5
    kappa = 6.0
    w = iterates(loss, w_0, 1 / 0.3, nesterov.strongly_convex_momentum(kappa), 400)
    losses = jax.vmap(loss)(w)
    best = losses[-1]
    k = np.arange(60)
    start = losses[0] - best + 0.025 * np.sum((w_0 - w[-1]) ** 2)
    bound = nesterov.strongly_convex_rate(kappa) ** k * start
    assert np.all(losses[:60] - best <= bound + EXACT)


def test_convex_momenta_are_those_of_the_recurrence_and_rise_as_one_less_three_over_k():
    t, expected = 1.0, [0.0]
    for _ in range(199):
        t_next = (1 + np.sqrt(1 + 4 * t**2)) / 2
        expected.append((t - 1) / t_next)
        t = t_next
    momenta = nesterov.convex_momenta(200)
    assert_allclose(momenta, expected, rtol=EXACT, atol=EXACT)
    # t_k = k/2 + O(log k), which leaves 1 - 3/k + O(log k / k^2).
    assert_allclose(200 * (1 - momenta[-1]), 3, atol=0.1)
    assert nesterov.convex_momenta(2, jnp.float32).dtype == jnp.float32


def test_loss_of_a_convex_function_stays_below_the_bound_and_near_it():
    # The hard quadratic of the lower bound: a chain of springs, and w* far from 0.
    D, steps = 40, 60
    A = 2 * np.eye(D) - np.eye(D, k=1) - np.eye(D, k=-1)
    w_star = np.linalg.solve(A, np.eye(D)[0])

    def loss(w):
        return (w - w_star) @ A @ (w - w_star) / 2

    w = iterates(loss, jnp.zeros(D), 1 / 4, nesterov.convex_momenta(steps), steps)
    plain = iterates(loss, jnp.zeros(D), 1 / 4, 0.0, steps)
    losses = jax.vmap(loss)(w)
    bound = nesterov.convex_bound(4.0, float(np.linalg.norm(w_star)), steps)
    assert_allclose(np.asarray(bound)[[0, 9]], 8 * w_star @ w_star / np.array([1, 100]), rtol=EXACT)
    assert np.all(losses <= bound)
    assert losses[-1] < loss(plain[-1]) / 3
