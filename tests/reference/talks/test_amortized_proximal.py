"""Amortized proximal optimization: learned rules against the minimum of their objective."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from numpy.testing import assert_allclose

from reference.talks import amortized_proximal as apo

EXACT = 1e-9  # float64, condition numbers below 1e3


def problem(seed, *, size=3, num_gradients=6):
    """G, gradients, and a positive definite H."""
    rng = np.random.default_rng(seed)
    J, R = rng.normal(size=(5, size)), rng.normal(size=(4, size))
    return jnp.array(J.T @ J / 5), jnp.array(rng.normal(size=(num_gradients, size))), R.T @ R / 4


def linear_network(seed):
    """Inputs, a draw of targets a row, w, and the mean over draws of an objective of (u, w)."""
    rng = np.random.default_rng(seed)
    Phi, targets, w = rng.normal(size=(6, 3)), rng.normal(size=(8, 6)), rng.normal(size=3)
    other = rng.normal(size=(7, 3))

    def dissimilarity(u, w):
        return jnp.mean((other @ u - other @ w) ** 2) / 2

    return Phi, targets, w, other, dissimilarity


@pytest.mark.parametrize("linearised", [True, False])
@pytest.mark.parametrize("weights", [(1.0, 0.3), (0.0, 0.5), (2.0, 0.0)])
def test_optimal_preconditioner_is_stationary_for_a_linear_network_and_batches(weights, linearised):
    """The whole objective differentiated in P, nothing approximated but what `linearised` says."""
    Phi, targets, w, other, dissimilarity = linear_network(0)
    function_weight, weight_weight = weights
    F, H = other.T @ other / 7, Phi.T @ Phi / 6

    def loss(u, t):
        return jnp.mean((Phi @ u - t) ** 2) / 2

    def objective(P, t):
        def batch_loss(u):
            g = jax.grad(loss)(w, t)
            return loss(w, t) + g @ (u - w) if linearised else loss(u, t)

        u = w - P @ jax.grad(loss)(w, t)
        return apo.proximal_objective(
            batch_loss,
            dissimilarity,
            u,
            w,
            function_weight=function_weight,
            weight_weight=weight_weight,
        )

    @jax.jit
    def slopes(P):
        return jnp.mean(jax.vmap(jax.grad(objective), (None, 0))(P, targets), axis=0)

    H = None if linearised else jnp.array(H)
    P = apo.optimal_preconditioner(jnp.array(F), *weights, loss_curvature=H)
    expected = np.linalg.inv(
        function_weight * F + weight_weight * np.eye(3) + (0 if linearised else H)
    )
    assert_allclose(P, expected, atol=EXACT)
    assert_allclose(slopes(P), np.zeros((3, 3)), atol=EXACT)
    assert np.abs(slopes(1.1 * P)).max() > 1e-2


def test_proximal_objective_on_a_tree_is_the_sum_by_hand():
    u, w = (
        {"a": jnp.array([1.0, 2.0]), "b": jnp.array(3.0)},
        {"a": jnp.zeros(2), "b": jnp.array(1.0)},
    )
    value = apo.proximal_objective(
        lambda u: u["b"] ** 2,
        lambda u, w: u["a"][0] + 10 * w["b"],
        u,
        w,
        function_weight=2.0,
        weight_weight=0.5,
    )
    assert_allclose(value, 9 + 2 * (1 + 10) + 0.25 * (1 + 4 + 4))


@pytest.mark.parametrize("with_loss", [True, False])
def test_preconditioner_objective_is_the_mean_of_quadratic_models(with_loss):
    G, gradients, H = problem(1)
    C = apo.proximal_curvature(G, 1.5, 0.2, loss_curvature=jnp.array(H) if with_loss else None)
    assert_allclose(C, 1.5 * G + 0.2 * np.eye(3) + with_loss * H, atol=EXACT)
    P = np.random.default_rng(1).normal(size=(3, 3))
    models = [-g @ P @ g + (P @ g) @ C @ (P @ g) / 2 for g in np.asarray(gradients)]
    assert_allclose(apo.preconditioner_objective(jnp.array(P), gradients, C), np.mean(models))


@pytest.mark.parametrize("seed", range(2))
def test_optimal_step_size_is_the_best_of_all_step_sizes(seed):
    G, gradients, _ = problem(seed)
    C = apo.proximal_curvature(G, 1.0, 0.1)

    @jax.jit
    def slope(eta):
        return jax.grad(lambda eta: apo.preconditioner_objective(eta * jnp.eye(3), gradients, C))(
            eta
        )

    eta = apo.optimal_step_size(gradients, C)
    assert_allclose(slope(eta), 0, atol=EXACT)
    c = np.linalg.eigvalsh(C)
    assert 1 / c[-1] < eta < 1 / c[0]
    # Gradients along one eigenvector: the exact step for it.
    assert_allclose(apo.optimal_step_size(jnp.linalg.eigh(C)[1].T[:1], C), 1 / c[0], rtol=EXACT)


@pytest.mark.parametrize("num_gradients", [5, 2])
def test_learned_preconditioner_tends_to_the_optimal_one_on_the_span_of_gradients(num_gradients):
    G, gradients, _ = problem(2, num_gradients=num_gradients)
    C = apo.proximal_curvature(G, 1.0, 0.5)
    c, V = np.linalg.eigh(C)
    s, U = np.linalg.eigh(gradients.T @ gradients / num_gradients)
    beta, P_0 = 1 / (c[-1] * s[-1]), np.random.default_rng(2).normal(size=(3, 3))
    iterates = jax.jit(lambda P: apo.preconditioner_iterates(P, gradients, C, beta, 2000))(P_0)
    optimal = np.linalg.inv(C)
    assert iterates.shape == (2001, 3, 3)
    for k in (0, 1, 30, 2000):
        errors = (1 - beta * np.outer(c, s)) ** k * (V.T @ (P_0 - optimal) @ U)
        assert_allclose(iterates[k], optimal + V @ errors @ U.T, atol=1e-8)
    span = np.linalg.pinv(gradients) @ gradients
    # Slowest mode on the span: c s beta > 0.02, and 0.98^2000 = 3e-18.
    assert_allclose(iterates[-1] @ span, optimal @ span, atol=1e-8)
    assert_allclose(iterates[-1] @ (np.eye(3) - span), P_0 @ (np.eye(3) - span), atol=1e-8)


def test_optimal_preconditioner_is_covariant_if_only_functions_are_compared():
    """With w = T v, G_v = T^T G T and T P_v T^T is P_w; closeness of weights breaks that."""
    G, _, _ = problem(3)
    T = jnp.array(np.random.default_rng(3).normal(size=(3, 3)))
    for weight_weight, covariant in [(0.0, True), (0.3, False)]:
        P_w = apo.optimal_preconditioner(G, 2.0, weight_weight)
        P_v = apo.optimal_preconditioner(T.T @ G @ T, 2.0, weight_weight)
        assert np.allclose(T @ P_v @ T.T, P_w, rtol=1e-8) == covariant


# --- In a training loop --------------------------------------------------------------------------


def in_a_chain(rule, phi_0, meta_step_size) -> Any:
    """As a training loop would use it; optax's types say little of states."""
    return optax.chain(apo.amortized_optimizer(rule, phi_0, meta_step_size))


def test_first_two_steps_of_a_learned_learning_rate_are_those_by_hand():
    """L = h/2 w^2, phi the log of the rate: dL/dphi = -e^phi g h (w - e^phi g), at the new w."""
    h, beta, w, phi = 0.5, 0.3, 2.0, -1.0
    optimizer = in_a_chain(lambda phi, g: -jnp.exp(phi) * g, jnp.array(phi), beta)
    u, state = jnp.array(w), optimizer.init(jnp.array(w))
    for _ in range(2):
        g = h * w
        phi += beta * np.exp(phi) * g * h * (w - np.exp(phi) * g)
        w -= np.exp(phi) * g
        update, state = optimizer.update(h * u, state, u, objective=lambda u: h * u**2 / 2)
        u = u + update
        assert_allclose(state[0].phi, phi, atol=EXACT)
        assert_allclose(u, w, atol=EXACT)


def test_preconditioner_learned_on_the_way_is_the_optimal_one():
    """Noisy batches of a quadratic, their proximal objectives kept exact: P -> (H + F + I/5)^-1."""
    G, _, H = problem(4)
    function_weight, weight_weight = 1.0, 0.2
    optimizer = in_a_chain(lambda P, g: -P @ g, jnp.zeros((3, 3)), 0.03)

    def advance(carry, noise):
        w, state = carry

        def loss(u):
            return u @ H @ u / 2 - noise @ u

        objective = partial(
            apo.proximal_objective,
            loss,
            lambda u, w: (u - w) @ G @ (u - w) / 2,
            w=w,
            function_weight=function_weight,
            weight_weight=weight_weight,
        )
        updates, state = optimizer.update(jax.grad(loss)(w), state, w, objective=objective)
        # Stays near the start, so that it is the noise that makes gradients span the space.
        return (w + 0.01 * updates, state), None

    noises = np.random.default_rng(4).normal(size=(3000, 3))
    start = (jnp.ones(3), optimizer.init(jnp.ones(3)))
    (_, (state,)), _ = jax.jit(lambda: jax.lax.scan(advance, start, noises))()
    expected = np.linalg.inv(H + function_weight * G + weight_weight * np.eye(3))
    # dQ/dP vanishes at P* for every single batch, so the noise of P vanishes as well.
    assert_allclose(state.phi, expected, atol=1e-6)
