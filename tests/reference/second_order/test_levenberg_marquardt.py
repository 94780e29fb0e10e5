"""Lecture 4: damped Gauss-Newton against solved systems, its rule, and Optimistix's solver."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import optimistix
import pytest
from numpy.testing import assert_allclose

from reference.pytrees import as_vector
from reference.second_order import levenberg_marquardt as lm
from reference.second_order.newton import Ending, stationary_point

EXACT = 1e-9  # float64; dense systems of a few unknowns, well conditioned once damped
TIMES = np.linspace(0, 2, 9)


def network(w):
    """Residuals of a decaying exponential, fitted to one with amplitude 3 and rate 1.5."""
    return w["amplitude"] * jnp.exp(-w["rate"][0] * TIMES) - 3 * jnp.exp(-1.5 * TIMES)


def mean_half_square(z):
    return jnp.mean(z**2) / 2


def loss(w):
    return mean_half_square(network(w))


def start():
    return {"amplitude": jnp.array(1.0), "rate": jnp.array([0.2])}


def jacobian_and_residuals(w):
    J = jax.jacobian(network)(w)
    return np.stack([J["amplitude"], J["rate"][:, 0]], axis=1), np.asarray(network(w))


step = jax.jit(lm.levenberg_marquardt_step, static_argnums=(0, 1))


@pytest.mark.parametrize("damping", [1e-6, 0.1, 1e6])
def test_step_solves_the_damped_normal_equations_of_the_mean(damping):
    J, r = jacobian_and_residuals(start())
    v = step(network, mean_half_square, start(), damping=damping)
    # As least squares with rows sqrt(N lambda) I below J: another route than normal equations.
    rows = np.concatenate([J, np.sqrt(len(r) * damping) * np.eye(2)])
    expected = np.linalg.lstsq(rows, -np.concatenate([r, np.zeros(2)]))[0]
    assert_allclose(as_vector(v), expected, rtol=EXACT)


def test_step_on_another_loss_has_its_curvature_of_the_outputs():
    def logistic(z):
        return jnp.sum(jnp.logaddexp(0.0, z))

    J, z = jacobian_and_residuals(start())
    p = 1 / (1 + np.exp(-z))
    expected = np.linalg.solve(J.T @ np.diag(p * (1 - p)) @ J + 0.2 * np.eye(2), -J.T @ p)
    v = step(network, logistic, start(), damping=0.2)
    assert_allclose(as_vector(v), expected, rtol=EXACT)


def test_predicted_change_is_exact_for_a_quadratic():
    rng = np.random.default_rng(0)
    A, w, v = np.diag([1.0, 2.0, 5.0]), rng.normal(size=3), rng.normal(size=3)

    def quadratic(w):
        return w @ A @ w / 2

    predicted = lm.predicted_change(jnp.array(A @ w), jnp.array(A @ v), jnp.array(v))
    assert_allclose(predicted, quadratic(w + v) - quadratic(w), rtol=EXACT)
    ratio = lm.reduction_ratio(jnp.array(quadratic(w)), jnp.array(quadratic(w + v)), predicted)
    assert_allclose(ratio, 1, rtol=EXACT)


@pytest.mark.parametrize(
    ("ratio", "expected"),
    [(-3.0, 4.0), (0.2, 4.0), (0.25, 2.0), (0.5, 2.0), (0.75, 2.0), (0.8, 1.0), (np.nan, 4.0)],
)
def test_damping_rises_where_the_model_fails_and_falls_where_it_is_right(ratio, expected):
    damping = lm.updated_damping(jnp.array(2.0), jnp.array(ratio), factor=2.0)
    assert_allclose(damping, expected, rtol=EXACT)


def test_default_factor_is_three_halves():
    assert_allclose(lm.updated_damping(jnp.array(2.0), jnp.array(0.0)), 3.0, rtol=EXACT)


def updated(w, state, optimizer, network):
    gradient = jax.grad(lambda w: mean_half_square(network(w)))(w)
    return optimizer.update(gradient, state, w, network=network, loss_of_output=mean_half_square)


def test_first_update_takes_the_step_and_its_ratio_uses_the_undamped_model():
    w, optimizer = start(), lm.levenberg_marquardt_optimizer(damping=0.1)
    v, state = jax.jit(lambda w: updated(w, optimizer.init(w), optimizer, network))(w)
    J, r = jacobian_and_residuals(w)
    g, G, flat = J.T @ r / len(r), J.T @ J / len(r), np.asarray(as_vector(v))
    assert_allclose(flat, np.linalg.solve(G + 0.1 * np.eye(2), -g), rtol=EXACT)
    change = loss(optax.apply_updates(w, v)) - loss(w)
    assert_allclose(state.ratio, change / (g @ flat + flat @ G @ flat / 2), rtol=EXACT)


def test_step_that_raises_the_loss_is_not_taken_but_damps_more():
    # Newton's method for arctan diverges from 2; little damping does not help at first.
    w, optimizer = jnp.array([2.0]), lm.levenberg_marquardt_optimizer(damping=1e-6)
    v, state = jax.jit(lambda w: updated(w, optimizer.init(w), optimizer, jnp.arctan))(w)
    assert state.ratio < 0
    assert_allclose(v, 0, atol=0)
    assert_allclose(state.damping, 1.5e-6, rtol=EXACT)


def test_minimum_is_that_of_optimistix_and_the_ending_says_so():
    optimizer = lm.levenberg_marquardt_optimizer(damping=1.0, factor=4.0)
    found = jax.jit(
        lambda w: stationary_point(
            optimizer,
            w,
            loss=loss,
            tolerance=1e-10,
            max_steps=60,
            network=network,
            loss_of_output=mean_half_square,
        )
    )(start())
    assert found.ending == Ending.MINIMUM
    solver = optimistix.LevenbergMarquardt(rtol=1e-10, atol=1e-10)
    peer = optimistix.least_squares(lambda w, _: network(w), solver, start())
    # A gradient of 1e-10 over a least curvature of 0.01.
    assert_allclose(as_vector(found.w), as_vector(peer.value), atol=1e-7)
    assert_allclose(found.w["rate"], [1.5], atol=1e-7)


def test_arctan_is_minimised_from_where_newton_diverges():
    optimizer = lm.levenberg_marquardt_optimizer(damping=1e-3, factor=4.0)
    found = jax.jit(
        lambda w: stationary_point(
            optimizer,
            w,
            loss=lambda w: mean_half_square(jnp.arctan(w)),
            tolerance=1e-9,
            max_steps=60,
            network=jnp.arctan,
            loss_of_output=mean_half_square,
        )
    )(jnp.array([3.0]))
    assert found.ending == Ending.MINIMUM
    assert_allclose(found.w, 0, atol=1e-8)
