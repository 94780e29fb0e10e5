"""Maddison et al. (2018): both discretisations written out, energy, scaling and linear rates."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from numpy.testing import assert_allclose

from reference.momentum import heavy_ball_iterates
from reference.papers import hamiltonian_descent

EXACT = 1e-10  # float64
METHODS = [
    hamiltonian_descent.first_explicit_iterates,
    hamiltonian_descent.second_explicit_iterates,
]
POWERS = [(4 / 3, 4 / 3), (2.0, 2.0), (2.0, 1.0), (1.5, 3.0)]


def quartic(x):
    return jnp.sum(x["x"] ** 4) / 4


def start(*entries):
    return {"x": jnp.array(entries)}


def run(method, x_0, a, A, *, loss=quartic, step_size=0.1, friction=2.0, num_steps=100):
    def velocity(p):
        return hamiltonian_descent.power_velocity(p, a, A)

    iterates = jax.jit(lambda x: method(loss, velocity, x, step_size, friction, num_steps))(x_0)
    return np.array(iterates["x"])


@pytest.mark.parametrize(("a", "A"), POWERS)
def test_velocity_is_the_gradient_of_the_kinetic_energy(a, A):
    p = {"a": jnp.array([0.3, -0.4]), "b": jnp.array(1.2)}
    expected = jax.grad(hamiltonian_descent.power_kinetic_energy)(p, a, A)
    found = hamiltonian_descent.power_velocity(p, a, A)
    assert_allclose(found["a"], expected["a"], rtol=EXACT)
    assert_allclose(found["b"], expected["b"], rtol=EXACT)
    at_rest = hamiltonian_descent.power_velocity(jax.tree.map(jnp.zeros_like, p), a, A)
    assert_allclose(at_rest["a"], 0)


def test_kinetic_energy_is_one_power_near_zero_and_another_far_away():
    @jax.jit
    def energy(t, a, A):
        return hamiltonian_descent.power_kinetic_energy(jnp.array([0.6, -0.8]) * t, a, A)

    assert_allclose(energy(1e-3, 1.5, 3.0), 1e-3**1.5 / 1.5, rtol=1e-4)
    assert_allclose(energy(1e6, 1.5, 3.0), 1e18 / 3, rtol=1e-4)
    assert_allclose(energy(0.7, 2.0, 2.0), 0.7**2 / 2, rtol=EXACT)
    assert_allclose(energy(0.7, 2.0, 1.0), np.sqrt(1 + 0.7**2) - 1, rtol=EXACT)


@pytest.mark.parametrize("b", [4.0, 2.0, 1.5])
def test_matched_power_is_that_of_the_convex_conjugate(b):
    # f*(p) = max_x (p x - |x|^b / b) by search, against |p|^a / a.
    a = hamiltonian_descent.matched_power(b)
    p, x = 0.7, np.linspace(0, 3, 100_001)
    # The grid's step is 3e-5, and the maximum is flat.
    assert_allclose(np.max(p * x - x**b / b), p**a / a, rtol=1e-7)
    assert_allclose(1 / a + 1 / b, 1, rtol=EXACT)


def test_both_methods_are_those_of_the_equations():
    a, eps, gamma = 4 / 3, 0.1, 2.0
    first, second = (run(method, start(1.0, -0.5), a, a, num_steps=6) for method in METHODS)

    def velocity(p):
        t = np.linalg.norm(p)
        return t ** (a - 2) * p if t > 0 else p

    x, p = np.array([1.0, -0.5]), np.zeros(2)
    for found in first:
        assert_allclose(found, x, rtol=EXACT)
        # (p' - p) / eps = -gamma p' - grad f(x)
        p = (p - eps * x**3) / (1 + gamma * eps)
        x = x + eps * velocity(p)
    x, p = np.array([1.0, -0.5]), np.zeros(2)
    for found in second:
        assert_allclose(found, x, rtol=EXACT)
        x = x + eps * velocity(p)
        p = p + eps * (-gamma * p - x**3)


def test_training_loop_goes_through_the_first_methods_iterates():
    def velocity(p):
        return hamiltonian_descent.power_velocity(p, 1.5, 1.5)

    optimizer = hamiltonian_descent.hamiltonian_descent_optimizer(velocity, 0.1, 2.0)

    def train(carry, _):
        x, state = carry
        updates, state = optimizer.update(jax.grad(quartic)(x), state, x)
        return (optax.apply_updates(x, updates), state), x["x"]

    x_0 = start(1.0, -0.5)
    begin = x_0, optimizer.init(x_0)
    trained = jax.jit(lambda begin: jax.lax.scan(train, begin, length=11)[1])(begin)
    assert_allclose(trained, run(METHODS[0], x_0, 1.5, 1.5, num_steps=10), rtol=EXACT)


def test_with_the_usual_kinetic_energy_it_is_the_heavy_ball():
    eps, gamma = 0.1, 2.0
    shrink = 1 / (1 + gamma * eps)
    ball = jax.jit(lambda x: heavy_ball_iterates(quartic, x, eps**2 * shrink, shrink, 20))
    expected = ball(start(1.0, -0.5))["x"]
    found = run(METHODS[0], start(1.0, -0.5), 2.0, 2.0, num_steps=20)
    assert_allclose(found, expected, rtol=EXACT)


@pytest.mark.parametrize("method", METHODS)
def test_matched_powers_make_the_motion_the_same_at_every_scale(method):
    # x -> s x, p -> s^3 p maps solutions to solutions, if a = 4/3 and not otherwise.
    matched = [run(method, start(s, -s / 2), 4 / 3, 4 / 3) / s for s in (1.0, 1e-3)]
    assert_allclose(*matched, rtol=1e-7)
    ordinary = [run(method, start(s, -s / 2), 2.0, 2.0) / s for s in (1.0, 1e-3)]
    assert np.abs(ordinary[0] - ordinary[1]).max() > 0.1


@pytest.mark.parametrize("method", METHODS)
def test_rate_is_linear_if_matched_and_not_otherwise(method):
    def log_losses(a):
        x = run(method, start(1.0, -0.5), a, a, num_steps=600)
        return np.log10(np.sum(x[[200, 400, 600]] ** 4, axis=1) / 4)

    matched = np.diff(log_losses(4 / 3))
    # A dozen digits each 200 steps, first and last; the usual |p|^2 / 2 gains one, then less.
    assert np.all(matched < -12)
    ordinary = np.diff(log_losses(2.0))
    assert np.all(ordinary > -1.5)
    assert ordinary[1] > ordinary[0] / 2 - 0.2


@pytest.mark.parametrize("method", METHODS)
def test_energy_falls_at_the_rate_of_friction(method):
    # Fine steps: the flow's d/dt (f + k) = -gamma <p, grad k(p)>, to the first order in eps.
    a, eps, gamma = 1.5, 1e-4, 0.7
    x = run(method, start(1.0, -0.5), a, a, step_size=eps, friction=gamma, num_steps=4000)
    v = np.diff(x, axis=0) / eps
    # v = |p|^{a-2} p, so |p| = |v|^{1/(a-1)}, k = |p|^a / a and <p, v> = |p|^a.
    p_to_a = np.linalg.norm(v, axis=1) ** (a / (a - 1))
    energy = np.sum(x[1:] ** 4, axis=1) / 4 + p_to_a / a
    slope = (energy[3500] - energy[1500]) / (2000 * eps)
    assert_allclose(slope, -gamma * p_to_a[1500:3500].mean(), rtol=2e-3)
    assert np.all(np.diff(energy[10:]) < 0)
