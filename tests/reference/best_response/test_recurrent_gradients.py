"""Gradients through a recurrence against backpropagation, and against sums over all signs."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from reference.best_response import recurrent_gradients

EXACT = 1e-10  # float64, a few steps


def recurrence(num_states, num_hypers, seed):
    rng = np.random.default_rng(seed)
    A, B = rng.normal(size=(num_states, num_states)), rng.normal(size=(num_states, num_hypers))

    def step(s, theta, t):
        s = jnp.tanh(jnp.array(A) @ s + jnp.array(B) @ theta + 0.1 * t)
        return s, jnp.sum(s**3) + 0.1 * t * jnp.sum(theta**2) + jnp.sum(s) * theta[0]

    return step, jnp.array(rng.normal(size=num_hypers)), jnp.array(rng.normal(size=num_states))


def loss_in_a_loop(step, theta, s, num_steps, truncation=None):
    total = 0.0
    for t in range(num_steps):
        if truncation and t % truncation == 0:
            s = jax.lax.stop_gradient(s)
        s, loss = step(s, theta, t)
        total = total + loss
    return total


def test_unrolling_in_parts_is_unrolling():
    step, theta, s_0 = recurrence(3, 2, seed=0)
    whole = recurrent_gradients.unrolled_loss(step, theta, s_0, num_steps=5)
    s, first = recurrent_gradients.unroll(step, theta, s_0, jnp.array(0), num_steps=2)
    _, second = recurrent_gradients.unroll(step, theta, s, jnp.array(2), num_steps=3)
    assert_allclose(whole, loss_in_a_loop(step, theta, s_0, 5), rtol=EXACT)
    assert_allclose(first + second, whole, rtol=EXACT)


@pytest.mark.parametrize(("num_states", "num_hypers", "num_steps"), [(3, 2, 5), (1, 3, 1)])
def test_forward_accumulation_is_backpropagation(num_states, num_hypers, num_steps):
    step, theta, s_0 = recurrence(num_states, num_hypers, seed=1)
    forward = jax.jit(
        lambda theta: recurrent_gradients.real_time_recurrent_gradient(
            step, theta, s_0, num_steps=num_steps
        )
    )
    backward = jax.jit(jax.grad(lambda theta: loss_in_a_loop(step, theta, s_0, num_steps)))
    assert_allclose(forward(theta), backward(theta), rtol=EXACT)


def test_rank_one_estimates_average_to_the_gradient_over_all_signs():
    step, theta, s_0 = recurrence(2, 3, seed=2)
    signs = np.array(list(itertools.product([-1.0, 1.0], repeat=6))).reshape(64, 3, 2)
    estimates = jax.jit(
        jax.vmap(lambda signs: recurrent_gradients.rank_one_gradient(step, theta, s_0, signs))
    )(jnp.array(signs))
    backward = jax.jit(jax.grad(lambda theta: loss_in_a_loop(step, theta, s_0, 3)))
    assert_allclose(jnp.mean(estimates, axis=0), backward(theta), rtol=1e-9)
    assert np.std(estimates, axis=0).min() > 1e-3  # and no single one is


def test_rank_one_estimate_is_exact_before_two_products_have_to_be_added():
    step, theta, s_0 = recurrence(1, 2, seed=3)
    signs = jnp.array([[1.0], [-1.0], [-1.0], [1.0]])
    # One state, so the Jacobian has rank one; after the first step it is nu^2 F_theta.
    estimate = jax.jit(
        lambda theta: recurrent_gradients.rank_one_gradient(step, theta, s_0, signs[:2])
    )
    backward = jax.jit(jax.grad(lambda theta: loss_in_a_loop(step, theta, s_0, 2)))
    assert_allclose(estimate(theta), backward(theta), rtol=1e-9)


@pytest.mark.parametrize(("truncation", "num_truncations"), [(2, 3), (1, 4), (5, 1)])
def test_truncated_gradient_leaves_out_what_crosses_the_windows(truncation, num_truncations):
    step, theta, s_0 = recurrence(3, 2, seed=4)
    num_steps = truncation * num_truncations
    truncated = jax.jit(
        lambda theta: recurrent_gradients.truncated_backpropagation_gradient(
            step, theta, s_0, truncation=truncation, num_truncations=num_truncations
        )
    )
    stopped = jax.jit(
        jax.grad(lambda theta: loss_in_a_loop(step, theta, s_0, num_steps, truncation))
    )
    assert_allclose(truncated(theta), stopped(theta), rtol=EXACT)
    full = jax.jit(jax.grad(lambda theta: loss_in_a_loop(step, theta, s_0, num_steps)))(theta)
    assert (np.abs(truncated(theta) - full).max() > 1e-2) == (num_truncations > 1)


def test_truncation_is_short_sighted_where_the_state_only_accumulates():
    # s_t = t theta, L_t = s_{t+1}: the full gradient is M (M + 1) / 2, and window by window
    # K (K + 1) / 2 for each.
    def step(s, theta, t):
        return s + theta, jnp.sum(s + theta)

    for truncation in (1, 2, 4):
        truncated = recurrent_gradients.truncated_backpropagation_gradient(
            step, jnp.ones(1), jnp.zeros(1), truncation=truncation, num_truncations=8 // truncation
        )
        assert_allclose(truncated, [8 * (truncation + 1) / 2], rtol=EXACT)
