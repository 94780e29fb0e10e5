"""Backward-error analysis: the orders of the errors, which only the right loss has."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.integrate
import scipy.linalg
from numpy.testing import assert_allclose

from reference import problems
from reference.bayesian_inference import implicit_regularization

EXACT = 1e-10  # float64, a few operations
INPUTS = np.random.default_rng(0).normal(size=(6, 2))
W = np.array([0.8, -0.4, 0.3])
gradient_flow = jax.jit(
    implicit_regularization.gradient_flow, static_argnames=("loss", "num_steps")
)


def loss(w):
    """Neither quadratic nor even, three parameters."""
    return jnp.cos(w[0] * w[1]) + w[2] ** 4 / 4 + w[0] * w[2] + w[1] ** 2 * w[0] / 2


def batch_loss(w, batch):
    return jnp.mean(jnp.tanh(batch @ w[:2] + w[2]) ** 2 + w[0] * batch[:, 1])


def descended(gradient, w, step_size, num_steps):
    return jax.lax.fori_loop(0, num_steps, lambda _, w: w - step_size * gradient(w), w)


def penalised(w, step_size):
    return implicit_regularization.modified_loss(loss, w, step_size)


def test_modified_gradient_is_that_of_the_modified_loss():
    w = problems.perceptron_parameters(jax.random.key(0), [2, 3, 1])

    def network_loss(w):
        return jnp.mean(problems.perceptron_outputs(w, jnp.array(INPUTS)) ** 2) / 2

    expected = jax.jit(
        jax.grad(lambda w: implicit_regularization.modified_loss(network_loss, w, 0.3))
    )(w)
    found = jax.jit(lambda w: implicit_regularization.modified_gradient(network_loss, w, 0.3))(w)
    jax.tree.map(lambda a, b: assert_allclose(a, b, rtol=1e-9, atol=EXACT), found, expected)


def test_on_a_quadratic_they_are_the_first_terms_of_a_logarithm():
    H = problems.symmetric_matrix(jax.random.key(1), jnp.array([0.5, 1.0, 2.0]))
    step_size = 1e-3
    found = implicit_regularization.modified_gradient(lambda w: w @ H @ w / 2, W, step_size)
    # (I - alpha H) = exp(alpha F) for the flow dw/dt = F w that passes through every iterate.
    flow = np.asarray(scipy.linalg.logm(np.eye(3) - step_size * np.asarray(H))) / step_size
    # The next term is alpha^2 H^3 / 3, of size 3e-6.
    assert_allclose(found, -flow @ W, atol=1e-5)
    assert np.abs(H @ W + flow @ W).max() > 1e-4


@pytest.mark.parametrize(("modified", "order"), [(True, 3), (False, 2)])
def test_a_step_follows_the_modified_flow_to_one_order_more(modified, order):
    def error(step_size):
        def followed(w):
            return penalised(w, step_size if modified else 0.0)

        end = implicit_regularization.gradient_flow(followed, w, step_size, 4)
        return jnp.linalg.norm(w - step_size * jax.grad(loss)(w) - end)

    w = jnp.array(W)
    coarse, fine = jax.jit(jax.vmap(error))(jnp.array([0.04, 0.02]))
    # Halving the step divides the error by 2^order, up to a relative O(alpha).
    assert_allclose(np.log2(coarse / fine), order, atol=0.2)


@pytest.mark.parametrize(("modified", "order"), [(True, 2), (False, 1)])
def test_after_a_fixed_time_descent_is_on_the_modified_flow_to_one_order_more(modified, order):
    w, time = jnp.array(W), 0.8

    def error(num_steps):
        step_size = time / num_steps

        def followed(w):
            return penalised(w, step_size if modified else 0.0)

        end = implicit_regularization.gradient_flow(followed, w, time, 40)
        return jnp.linalg.norm(descended(jax.grad(loss), w, step_size, num_steps) - end)

    coarse, fine = jax.jit(lambda: (error(20), error(40)))()
    assert_allclose(np.log2(coarse / fine), order, atol=0.2)


@pytest.mark.parametrize(("modified", "order"), [(True, 3), (False, 2)])
def test_the_mean_epoch_follows_the_flow_that_punishes_noise(modified, order):
    batches, w = jnp.array(INPUTS.reshape(3, 2, 2)), jnp.array(W)
    orders = jnp.array(list(itertools.permutations(range(3))))

    def error(step_size):
        def epoch(order):
            after = w
            for k in range(3):
                after = after - step_size * jax.grad(batch_loss)(after, batches[order[k]])
            return after

        def followed(w):
            if modified:
                return implicit_regularization.modified_sgd_loss(batch_loss, w, batches, step_size)
            # Descent's own penalty is not enough: it lacks the variance between batches.
            return implicit_regularization.modified_loss(
                lambda w: jnp.mean(jax.vmap(batch_loss, (None, 0))(w, batches)), w, step_size
            )

        end = implicit_regularization.gradient_flow(followed, w, 3 * step_size, 4)
        return jnp.linalg.norm(jnp.mean(jax.vmap(epoch)(orders), axis=0) - end)

    coarse, fine = jax.jit(jax.vmap(error))(jnp.array([0.01, 0.005]))
    assert_allclose(np.log2(coarse / fine), order, atol=0.25)


def test_penalty_of_sgd_is_that_of_descent_and_the_variance_of_the_batches():
    batches, w = jnp.array(INPUTS.reshape(3, 2, 2)), jnp.array(W)

    def mean_loss(w):
        return jnp.mean(jax.vmap(batch_loss, (None, 0))(w, batches))

    @jax.jit
    def all_three(w):
        g = jax.vmap(jax.grad(batch_loss), (None, 0))(w, batches)
        plain = implicit_regularization.modified_loss(mean_loss, w, 0.2)
        return g, plain, implicit_regularization.modified_sgd_loss(batch_loss, w, batches, 0.2)

    g, plain, found = all_three(w)
    variance = np.sum(np.var(g, axis=0))
    assert_allclose(found, plain + 0.2 / 4 * variance, rtol=EXACT)


def test_flow_on_a_quadratic_is_a_matrix_exponential():
    H = problems.symmetric_matrix(jax.random.key(2), jnp.array([0.5, 1.0, 2.0]))
    end = jax.jit(
        lambda w: implicit_regularization.gradient_flow(lambda w: w @ H @ w / 2, w, 1.5, 100)
    )(jnp.array(W))
    # The error is of the order of (a_max dt)^4 = 8e-7 times 1/120.
    assert_allclose(end, scipy.linalg.expm(-1.5 * np.asarray(H)) @ W, atol=1e-8)


def test_flow_is_that_of_an_adaptive_solver():
    slope = jax.jit(jax.grad(loss))
    solution = scipy.integrate.solve_ivp(
        lambda _, w: -np.asarray(slope(jnp.array(w))), (0, 0.5), W, rtol=1e-9, atol=1e-11
    )
    end = gradient_flow(loss, jnp.array(W), 0.5, num_steps=50)
    assert_allclose(end, solution.y[:, -1], atol=1e-8)
