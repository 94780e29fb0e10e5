"""Batch sizes against counts along the expected losses, and the noise filtered exactly."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from reference.stochastic_optimization import batch_size, noisy_quadratic
from reference.stochastic_optimization.noisy_quadratic import NoisyQuadratic

EXACT = 1e-10  # float64, a few operations
expected_losses = jax.jit(noisy_quadratic.expected_losses)
steps_to_target = jax.jit(batch_size.steps_to_target, static_argnames="max_steps")
fewest_steps = jax.jit(batch_size.fewest_steps, static_argnames="max_steps")
greedy_schedule = jax.jit(batch_size.greedy_schedule, static_argnames="num_steps")


def model_of(num_modes, *, seed=0):
    """Curvatures in (0.1, 2), and any variances and starts; NumPy arrays."""
    rng = np.random.default_rng(seed)
    return NoisyQuadratic(*rng.uniform(0.1, 2, size=(3, num_modes)))


@pytest.mark.parametrize(
    ("target", "step_size", "momentum"), [(0.3, 0.3, 0.0), (0.05, 0.1, 0.5), (100.0, 0.3, 0.0)]
)
def test_steps_to_target_are_the_first_below_it(target, step_size, momentum):
    model = model_of(4)
    schedule = np.full(300, step_size), np.full(300, 20.0)
    losses = expected_losses(model, *schedule, momentum=momentum)
    steps, reached = steps_to_target(
        model, target, step_size, 20.0, momentum=momentum, max_steps=300
    )
    assert bool(reached)
    assert steps == np.argmax(losses <= target)


@pytest.mark.parametrize(
    ("what", "step_size", "batch"), [("unstable", 5.0, 9.0), ("a floor too high", 0.3, 0.01)]
)
def test_a_target_out_of_reach_ends_at_the_limit_and_says_so(what, step_size, batch):
    steps, reached = steps_to_target(model_of(4), 0.05, step_size, batch, max_steps=2000)
    assert (int(steps), bool(reached)) == (2000, False), what


def test_fewest_steps_are_those_of_the_best_step_size():
    model, step_sizes = model_of(4, seed=1), np.array([0.01, 0.1, 0.5, 3.0])
    fewest = fewest_steps(model, 0.2, step_sizes, 30.0, momentum=0.2, max_steps=500)
    each = [
        steps_to_target(model, 0.2, step_size, 30.0, momentum=0.2, max_steps=500)
        for step_size in step_sizes
    ]
    assert fewest.steps == min(int(one.steps) for one in each)
    assert bool(fewest.reached)
    assert not all(bool(one.reached) for one in each)


def test_critical_batch_size_is_found_between_two_that_were_tried():
    B = np.array([1.0, 3.0, 10.0, 300.0])
    critical = batch_size.critical_batch_size(jnp.array(B), jnp.array(7 * (1 + 20 / B)), 7.0)
    assert_allclose(critical, 20, rtol=EXACT)


def test_momentum_and_preconditioning_gain_more_from_large_batches():
    # Curvatures over two decades, each mode with as much of the loss; noise as curvature.
    h = jnp.logspace(-2, 0, 5)
    model = NoisyQuadratic(h, h, 1 / h)
    batches, step_sizes = jnp.array([1.0, jnp.inf]), 2.0 ** jnp.arange(-7, 1.1, 0.5)

    @jax.jit
    def speedup(model, step_sizes, momentum):
        def count(B):
            return fewest_steps(model, 0.1, step_sizes, B, momentum=momentum, max_steps=1200)

        steps, reached = jax.vmap(count)(batches)
        return steps, reached

    sgd, reached = speedup(model, step_sizes, 0.0)
    with_momentum, reached_too = speedup(model, step_sizes / 5, 0.9)
    newtonian, reached_again = speedup(noisy_quadratic.preconditioned(model, 0.5), step_sizes, 0.0)
    assert bool(jnp.all(reached & reached_too & reached_again))
    # At B = 1 momentum saves a tenth at the most, without noise nearly half or more.
    assert 0.9 < with_momentum[0] / sgd[0] < 1.1
    assert with_momentum[1] / sgd[1] < 0.6
    assert newtonian[1] / sgd[1] < 0.8 * newtonian[0] / sgd[0]


@pytest.mark.parametrize("seed", range(3))
def test_greedy_step_size_has_the_least_expected_loss_of_all(seed):
    h, c, s = model = NoisyQuadratic(*map(jnp.array, model_of(4, seed=seed)))

    def loss(step_size):
        return h @ ((1 - step_size * h) ** 2 * s + step_size**2 * c / 3) / 2

    best = batch_size.greedy_step_size(model, s, 3.0)
    assert_allclose(jax.grad(loss)(best), 0, atol=EXACT)


def test_greedy_step_size_is_half_the_noiseless_one_at_the_noise_scale():
    model = NoisyQuadratic(*map(jnp.array, model_of(4, seed=3)))
    s = model.initial_second_moments
    scale = batch_size.curvature_noise_scale(model, s)
    at_scale = batch_size.greedy_step_size(model, s, scale)
    assert_allclose(at_scale, batch_size.greedy_step_size(model, s, jnp.inf) / 2, rtol=EXACT)


def test_noise_scale_is_that_of_sampled_gradients():
    h, c, s = model = NoisyQuadratic(*map(jnp.array, model_of(3, seed=4)))
    # Two-point distributions with the right variances make the expectations finite sums.
    signs = np.array(np.meshgrid(*[[-1, 1]] * 3)).reshape(3, -1).T
    gradients, noise = h * np.sqrt(s) * signs, np.sqrt(c) * signs
    expected = np.mean(noise**2 @ h) / np.mean(gradients**2 @ h)
    assert_allclose(batch_size.curvature_noise_scale(model, s), expected, rtol=EXACT)


def test_greedy_steps_filter_one_mode_as_kalman_does():
    h, c, s_0 = model = model_of(1, seed=5)
    step_sizes = greedy_schedule(model, 2.0, num_steps=30)
    losses = expected_losses(model, step_sizes, np.full(30, 2.0))
    precision = 1 / s_0 + np.arange(31) * h**2 * 2.0 / c
    assert_allclose(losses, h / precision / 2, rtol=EXACT)


def test_greedy_steps_descend_further_at_every_step_than_other_schedules():
    model = model_of(4, seed=6)
    step_sizes = np.asarray(greedy_schedule(model, 2.0, num_steps=1))
    for factor in [0.9, 1.1]:
        one, other = (
            expected_losses(model, factor_ * step_sizes, np.full(1, 2.0))[1]
            for factor_ in (1, factor)
        )
        assert one < other
