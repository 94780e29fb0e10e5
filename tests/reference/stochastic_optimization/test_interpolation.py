"""SGD on a finite set against all its possible batches, one by one."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from reference.stochastic_optimization import interpolation

EXACT = 1e-10  # float64, a few steps on well-scaled data
expected_sgd_losses = jax.jit(interpolation.expected_sgd_losses, static_argnames="num_steps")
expected_sgd_second_moments = jax.jit(
    interpolation.expected_sgd_second_moments, static_argnames="num_steps"
)


def examples(shape, *, seed=0, noise=0.0):
    """Inputs, targets that `noise` keeps from being realisable, a solution, and a start."""
    rng = np.random.default_rng(seed)
    inputs, w_true, w_0 = (
        rng.normal(size=shape),
        rng.normal(size=shape[1]),
        rng.normal(size=shape[1]),
    )
    return inputs, inputs @ w_true + noise * rng.normal(size=shape[0]), w_true, w_0


def all_outcomes(inputs, targets, w_0, step_size, batch_size, num_steps):
    """Every equally likely w after `num_steps`, one for each sequence of batches."""
    outcomes = [w_0]
    for _ in range(num_steps):
        outcomes = [
            w
            - step_size * np.mean([inputs[n] * (inputs[n] @ w - targets[n]) for n in batch], axis=0)
            for w in outcomes
            for batch in itertools.product(range(len(inputs)), repeat=batch_size)
        ]
    return np.stack(outcomes)


@pytest.mark.parametrize(
    ("shape", "batch_size", "num_steps"),
    [((3, 2), 1, 4), ((3, 2), 2, 3), ((2, 4), 3, 2), ((1, 1), 1, 1)],
)
def test_expected_moments_are_means_over_all_sequences_of_batches(shape, batch_size, num_steps):
    inputs, targets, _, w_0 = examples(shape, noise=1.0)
    outcomes = all_outcomes(inputs, targets, w_0, 0.3, batch_size, num_steps)
    extended = np.concatenate([outcomes, np.ones((len(outcomes), 1))], axis=1)
    moments = expected_sgd_second_moments(inputs, targets, w_0, 0.3, batch_size, num_steps)
    expected = extended.T @ extended / len(outcomes)
    assert_allclose(moments[-1], expected, rtol=EXACT, atol=EXACT)
    losses = expected_sgd_losses(inputs, targets, w_0, 0.3, batch_size, num_steps)
    assert_allclose(losses[-1], np.mean((outcomes @ inputs.T - targets) ** 2) / 2, rtol=EXACT)


def test_an_infinite_batch_is_gradient_descent():
    inputs, targets, _, w_0 = examples((7, 3), noise=1.0)
    w, losses = w_0, []
    for _ in range(6):
        losses.append(np.mean((inputs @ w - targets) ** 2) / 2)
        w = w - 0.2 * inputs.T @ (inputs @ w - targets) / 7
    expected = expected_sgd_losses(inputs, targets, w_0, 0.2, np.inf, 5)
    assert_allclose(expected, losses, rtol=EXACT)


@pytest.mark.parametrize("shape", [(6, 3), (3, 5)])
@pytest.mark.parametrize(("noise", "vanishes"), [(0.0, True), (1.0, False)])
def test_a_constant_step_size_converges_if_and_only_if_targets_are_realisable(
    noise, vanishes, shape
):
    inputs, targets, _, w_0 = examples(shape, seed=1, noise=noise)
    vanishes = vanishes or shape[0] < shape[1]  # more inputs than examples fit any targets
    step_size = interpolation.interpolation_step_size(jnp.array(inputs), 1.0)
    losses = expected_sgd_losses(inputs, targets, w_0, step_size, 1.0, 4000)
    minimum = np.mean((inputs @ np.linalg.lstsq(inputs, targets)[0] - targets) ** 2) / 2
    excess = losses[-1] - minimum
    assert excess < 1e-8 if vanishes else excess > 0.1 * minimum > 1e-3


def test_the_floor_is_proportional_to_the_noise_that_is_left():
    inputs, targets, _, w_0 = examples((6, 3), seed=2, noise=1.0)
    w_best = np.linalg.lstsq(inputs, targets)[0]
    residuals = targets - inputs @ w_best

    def floor(scale):
        fitted = inputs @ w_best + scale * residuals
        return expected_sgd_losses(inputs, fitted, w_0, 0.1, 1.0, 3000)[-1]

    assert_allclose(floor(2.0), 4 * floor(1.0), rtol=1e-8)


def test_noise_of_the_gradient_vanishes_at_the_minimum_only_where_all_examples_are_fitted():
    inputs, targets, w_true, _ = examples((6, 3), seed=3)
    noisy = examples((6, 3), seed=3, noise=1.0)[1]

    def covariance(w, targets):
        def losses(w):
            return (inputs @ w["w"] - targets) ** 2 / 2

        return interpolation.gradient_noise_covariance(losses, {"w": jnp.array(w)})

    assert_allclose(covariance(w_true, targets), 0, atol=EXACT)
    w_best = np.linalg.lstsq(inputs, noisy)[0]
    assert np.trace(covariance(w_best, noisy)) > 0.1


@pytest.mark.parametrize("batch_size", [1, 2])
def test_noise_covariance_is_that_of_all_batches_times_their_size(batch_size):
    inputs, targets, _, w = examples((4, 3), seed=4, noise=1.0)

    def losses(w):
        return (inputs @ w - targets) ** 2 / 2

    covariance = interpolation.gradient_noise_covariance(losses, jnp.array(w))
    after = all_outcomes(inputs, targets, w, 1.0, batch_size, 1)
    assert_allclose(covariance, batch_size * np.cov(after.T, bias=True), rtol=EXACT, atol=EXACT)


def test_runs_have_the_expected_loss():
    inputs, targets, _, w_0 = examples((5, 3), seed=5, noise=0.5)
    inputs, targets, w_0 = map(jnp.array, (inputs, targets, w_0))

    def run(key):
        return interpolation.sgd_iterates(key, inputs, targets, w_0, 0.1, 2, 8)

    w = jax.jit(jax.vmap(run))(jax.random.split(jax.random.key(0), 2000))
    losses = np.mean((w @ inputs.T - targets) ** 2, axis=-1) / 2
    expected = expected_sgd_losses(inputs, targets, w_0, 0.1, 2.0, 8)
    assert_allclose(losses[:, 0], np.full(2000, expected[0]), rtol=EXACT)
    # A z-test at 4 standard errors.
    standard_errors = losses[:, 1:].std(axis=0) / np.sqrt(2000)
    assert_allclose((losses.mean(axis=0) - expected)[1:] / standard_errors, 0, atol=4)


@pytest.mark.parametrize("batch_size", [1.0, 3.0, 100.0])
@pytest.mark.parametrize("shape", [(6, 3), (3, 5)])
def test_distance_to_the_solution_shrinks_at_least_as_announced(shape, batch_size):
    inputs, targets, _, w_0 = examples(shape, seed=6)
    step_size = interpolation.interpolation_step_size(jnp.array(inputs), batch_size)
    rate = interpolation.interpolation_rate(jnp.array(inputs), batch_size)
    U = expected_sgd_second_moments(inputs, targets, w_0, step_size, batch_size, 20)
    solution = w_0 + np.linalg.pinv(inputs) @ (targets - inputs @ w_0)
    to_solution = np.concatenate([np.eye(shape[1]), -solution[:, None]], axis=1)
    distances = np.einsum("de,tef,df->t", to_solution, U, to_solution)
    assert 0 < rate < 1
    assert np.all(distances[1:] <= rate * distances[:-1] * (1 + EXACT))


def test_the_announced_rate_is_attained_by_equal_orthogonal_inputs():
    inputs = 2.0 * np.eye(3)
    step_size = interpolation.interpolation_step_size(jnp.array(inputs), 1.0)
    assert_allclose(step_size, 1 / 4, rtol=EXACT)
    U = expected_sgd_second_moments(inputs, np.zeros(3), np.ones(3), step_size, 1.0, 5)
    distances = np.trace(U[:, :3, :3], axis1=1, axis2=2)
    rate = interpolation.interpolation_rate(jnp.array(inputs), 1.0)
    assert_allclose(distances[1:] / distances[:-1], np.full(5, rate), rtol=EXACT)


def test_step_size_goes_to_that_of_full_batches():
    inputs, _, _, _ = examples((6, 3), seed=7)
    a_max = np.linalg.eigvalsh(inputs.T @ inputs / 6)[-1]
    step_size = interpolation.interpolation_step_size(jnp.array(inputs), 1e9)
    assert_allclose(step_size, 1 / a_max, rtol=1e-7)
