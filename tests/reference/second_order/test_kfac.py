"""Lecture 4: K-FAC where it is exact, and what its trajectories must not see."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from reference.second_order import kfac
from reference.second_order.kronecker_factors import (
    Likelihood,
    exact_factors,
    tapped_perceptron,
    with_homogeneous,
)
from reference.second_order.kronecker_products import Factors

EXACT = 1e-9  # float64; condition numbers below 1e4


def regression(*, seed=0, num_examples=12, num_in=3, num_out=2):
    rng = np.random.default_rng(seed)
    inputs = jnp.array(rng.normal(size=(num_examples, num_in)) + 1)
    targets = jnp.array(rng.normal(size=(num_examples, num_out)))
    return [jnp.array(rng.normal(size=(num_in + 1, num_out)))], inputs, targets


@partial(jax.jit, static_argnames=("network", "optimizer", "num_steps"))
def trained(weights, inputs, targets, *, network, optimizer, num_steps):
    """Weights after steps on the mean of 1/2 |z - t|^2, with the exact Gaussian factors."""

    def loss(weights):
        z = network(weights, inputs, [0.0] * len(weights))[0]
        return jnp.mean(jnp.sum((z - targets) ** 2, axis=1)) / 2

    state = optimizer.init(weights)
    for _ in range(num_steps):
        factors = exact_factors(network, weights, inputs, likelihood=Likelihood.GAUSSIAN)
        steps, state = optimizer.update(jax.grad(loss)(weights), state, factors=factors)
        weights = [W + step for W, step in zip(weights, steps, strict=True)]
    return weights


@pytest.mark.parametrize("shape", [(3, 2), (1, 4)])
def test_one_step_solves_linear_regression(shape):
    weights, inputs, targets = regression(num_in=shape[0], num_out=shape[1])
    (W,) = trained(
        weights,
        inputs,
        targets,
        network=tapped_perceptron,
        optimizer=kfac.kfac_optimizer(1.0, damping=1e-24),
        num_steps=1,
    )
    solution = np.linalg.lstsq(with_homogeneous(inputs), targets)[0]
    assert_allclose(W, solution, rtol=EXACT, atol=EXACT)


@pytest.mark.parametrize("decay", [0.5, 0.95])
def test_average_is_a_mean_at_first_and_exponential_later(decay):
    batches = np.random.default_rng(0).normal(size=(6, 2, 2))
    average, expected = jnp.full((2, 2), 7.0), np.zeros((2, 2))
    for k, batch in enumerate(batches, start=1):
        average = kfac.averaged_factors(average, batch, jnp.int32(k), decay=decay)
        weight = max(1 / k, 1 - decay)
        expected = (1 - weight) * expected + weight * batch
        assert_allclose(average, expected, rtol=EXACT, atol=EXACT)
    if decay == 0.95:  # 1 - 1/6 is less
        assert_allclose(average, batches.mean(axis=0), rtol=EXACT, atol=EXACT)


def test_two_updates_precondition_by_the_mean_of_both_factors():
    rng = np.random.default_rng(1)
    V = [jnp.array(rng.normal(size=(3, 2))), jnp.array(rng.normal(size=(2, 1)))]

    def batch():
        roots = [[rng.normal(size=(n, n + 3)) for n in W.shape] for W in V]
        return [Factors(*(jnp.array(root @ root.T) for root in pair)) for pair in roots]

    first, second = batch(), batch()
    optimizer = kfac.kfac_optimizer(0.3, damping=0.01)

    @jax.jit
    def two_updates(V):
        _, state = optimizer.update(V, optimizer.init(V), factors=first)
        return optimizer.update(V, state, factors=second)

    steps, state = two_updates(V)
    assert state.num_batches == 2
    for W, step, one, two in zip(V, steps, first, second, strict=True):
        A, G = (np.asarray(x + y) / 2 for x, y in zip(one, two, strict=True))
        pi = np.sqrt(np.trace(A) / len(A) * len(G) / np.trace(G))
        A, G = A + 0.1 * pi * np.eye(len(A)), G + 0.1 / pi * np.eye(len(G))
        expected = -0.3 * np.linalg.inv(A) @ W @ np.linalg.inv(G)
        assert_allclose(step, expected, rtol=EXACT)


def transformed_network(M, m, C, E, e):
    """The two-layer network on inputs x M + m, with pre-activations s C, activations a E + e."""

    def network(weights, inputs, taps):
        first_inputs = with_homogeneous(inputs @ M + m)
        s = first_inputs @ weights[0] + taps[0]
        second_inputs = with_homogeneous(jnp.tanh(s @ np.linalg.inv(C)) @ E + e)
        return second_inputs @ weights[1] + taps[1], [first_inputs, second_inputs]

    return network


def homogeneous(M, m):
    """The matrix that takes (x, 1) to (x M + m, 1)."""
    return np.block([[M, np.zeros((len(M), 1))], [m[None], np.ones((1, 1))]])


@pytest.mark.parametrize(("damping", "is_invariant"), [(1e-24, True), (0.1, False)])
def test_undamped_trajectory_does_not_see_affine_changes_of_the_layers(damping, is_invariant):
    rng = np.random.default_rng(2)
    M, C, E = (rng.normal(size=(n, n)) + 2 * np.eye(n) for n in (2, 3, 3))
    m, e = rng.normal(size=2), rng.normal(size=3)
    to_first, to_second = homogeneous(M, m), homogeneous(E, e)
    inputs, targets = rng.normal(size=(9, 2)), rng.normal(size=(9, 4))
    weights = [jnp.array(rng.normal(size=(3, 3))), jnp.array(rng.normal(size=(4, 4)))]

    settings = {"optimizer": kfac.kfac_optimizer(0.2, damping=damping), "num_steps": 3}
    changed = [np.linalg.solve(to_first, weights[0] @ C), np.linalg.solve(to_second, weights[1])]
    plain = trained(weights, inputs, targets, network=tapped_perceptron, **settings)
    other = trained(
        changed, inputs, targets, network=transformed_network(M, m, C, E, e), **settings
    )
    back = [to_first @ other[0] @ np.linalg.inv(C), to_second @ other[1]]
    difference = max(np.max(np.abs(x - y)) for x, y in zip(back, plain, strict=True))
    assert max(np.max(np.abs(x - y)) for x, y in zip(weights, plain, strict=True)) > 0.1
    # The condition number of the factors, 1e5 here, times rounding, over three steps.
    assert difference < 1e-8 if is_invariant else difference > 1e-3


@pytest.mark.parametrize("seed", range(3))
def test_step_size_and_momentum_minimise_the_quadratic_model_in_their_plane(seed):
    rng = np.random.default_rng(seed)
    B = np.diag([1.0, 2.0, 0.0, 7.0])
    g, d, v = rng.normal(size=(3, 4))
    alpha, mu = kfac.step_size_and_momentum(lambda x: jnp.array(B) @ x, g, d, v, damping=0.3)
    step = alpha * d + mu * v
    # Stationary: the model's gradient at the step is normal to the plane.
    model_gradient = g + (B + 0.3 * np.eye(4)) @ step
    assert_allclose([model_gradient @ d, model_gradient @ v], 0, atol=EXACT)


def test_first_step_has_no_momentum():
    h, g = jnp.array([1.0, 4.0]), jnp.array([1.0, 1.0])
    alpha, mu = kfac.step_size_and_momentum(lambda x: h * x, g, -g, jnp.zeros(2), damping=0.5)
    assert_allclose([alpha, mu], [2 / 6, 0], rtol=EXACT, atol=EXACT)
