"""The noisy quadratic model against impulse responses, Lyapunov's equation and simulation."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
import scipy.linalg
from numpy.testing import assert_allclose

from reference.stochastic_optimization import noisy_quadratic
from reference.stochastic_optimization.noisy_quadratic import NoisyQuadratic

EXACT = 1e-10  # float64, tens of steps of stable recursions
expected_losses = jax.jit(noisy_quadratic.expected_losses)
expected_second_moments = jax.jit(noisy_quadratic.expected_second_moments)
sgd_second_moments = jax.jit(noisy_quadratic.sgd_second_moments, static_argnames="num_steps")


def model_of(num_modes, *, seed=0):
    """Curvatures in (0.1, 2), and any variances and starts; NumPy arrays."""
    rng = np.random.default_rng(seed)
    return NoisyQuadratic(*rng.uniform(0.1, 2, size=(3, num_modes)))


def schedules(num_steps, *, seed=0):
    rng = np.random.default_rng(seed + 100)
    return rng.uniform(0.1, 0.9, size=num_steps), rng.uniform(1, 20, size=num_steps)


def averages(h, step_sizes, momentum, decay, x, impulses):
    """Every a_t, by the loop of the docstrings, the noise being given."""
    v, a = np.zeros_like(x), x
    found = [a]
    for step_size, n in zip(step_sizes, impulses, strict=True):
        v = momentum * v + h * x + n
        x = x - step_size * v
        a = decay * a + (1 - decay) * x
        found.append(a)
    return np.stack(found)


def moments_by_impulses(model, step_sizes, batch_sizes, momentum=0.0, decay=0.0):
    """E[a_t^2] = s_0 (response to x_0)^2 + sum_k c / B_k (response to the noise of step k)^2.

    `step_sizes` may have a column for every mode.
    """
    h, c, s_0 = model
    none, num_steps = np.zeros((len(step_sizes), len(h))), len(step_sizes)
    moments = s_0 * averages(h, step_sizes, momentum, decay, np.ones_like(h), none) ** 2
    for k in range(num_steps):
        impulse = none.copy()
        impulse[k] = np.sqrt(c / batch_sizes[k])
        moments += averages(h, step_sizes, momentum, decay, np.zeros_like(h), impulse) ** 2
    return moments


@pytest.mark.parametrize("num_modes", [4, 1])
@pytest.mark.parametrize(("momentum", "decay"), [(0.0, 0.0), (0.8, 0.0), (0.6, 0.9)])
def test_second_moments_are_sums_of_squared_impulse_responses(momentum, decay, num_modes):
    model, (step_sizes, batch_sizes) = model_of(num_modes), schedules(12)
    options = {"momentum": momentum, "ema_decay": decay}
    moments = expected_second_moments(model, step_sizes, batch_sizes, **options)
    expected = moments_by_impulses(model, step_sizes, batch_sizes, momentum, decay)
    assert_allclose(moments, expected, rtol=EXACT)
    losses = expected_losses(model, step_sizes, batch_sizes, **options)
    assert_allclose(losses, expected @ model.curvatures / 2, rtol=EXACT)


def test_one_step_moves_all_second_moments_of_the_state():
    h, c, _ = model = model_of(2, seed=1)
    rng = np.random.default_rng(1)
    z, draws = rng.normal(size=(2, 3)), np.array([-1.0, 1.0])  # draws of variance 1, enumerated
    expected = np.zeros((2, 3, 3))
    for draw in draws:
        v = 0.5 * z[:, 1] + h * z[:, 0] + draw * np.sqrt(c / 4)
        x = z[:, 0] - 0.3 * v
        after = np.stack([x, v, 0.7 * z[:, 2] + 0.3 * x], axis=1)
        expected += np.einsum("di,dj->dij", after, after) / len(draws)
    start = np.einsum("di,dj->dij", z, z)
    moments = jax.jit(noisy_quadratic.moments_after_step)(model, start, 0.3, 4.0, 0.5, 0.7)
    assert_allclose(moments, expected, rtol=EXACT)


def test_at_the_start_the_average_is_the_iterate_and_nothing_moves():
    model = model_of(3)
    moments = noisy_quadratic.initial_moments(NoisyQuadratic(*map(jnp.array, model)))
    kept = np.array([[1, 0, 1], [0, 0, 0], [1, 0, 1]])
    assert_allclose(moments, model.initial_second_moments[:, None, None] * kept)


@pytest.mark.parametrize(("step_size", "batch_size"), [(0.3, 1.0), (0.95, 16.0)])
def test_closed_form_is_the_recursion_at_a_constant_step_size(step_size, batch_size):
    model = model_of(5, seed=2)
    moments = sgd_second_moments(model, step_size, batch_size, num_steps=30)
    expected = moments_by_impulses(model, np.full(30, step_size), np.full(30, batch_size))
    assert_allclose(moments, expected, rtol=EXACT)


@pytest.mark.parametrize(("step_size", "momentum"), [(0.4, 0.0), (0.4, 0.9), (1.7, 0.5)])
def test_steady_state_solves_the_lyapunov_equation(step_size, momentum):
    h, c, _ = model = model_of(3, seed=3)
    batch_size, expected = 8.0, []
    for h_i, c_i in zip(h, c, strict=True):
        M = np.array([[1 - step_size * h_i, -step_size * momentum], [h_i, momentum]])
        k = np.array([-step_size, 1.0])
        S = scipy.linalg.solve_discrete_lyapunov(M, c_i / batch_size * np.outer(k, k))
        expected.append(S[0, 0])
    moments = noisy_quadratic.steady_state_moments(model, step_size, batch_size, momentum=momentum)
    # The solver inverts a matrix of condition number up to 1e4 here.
    assert_allclose(moments, expected, rtol=1e-9)
    risk = noisy_quadratic.steady_state_risk(model, step_size, batch_size, momentum=momentum)
    assert_allclose(risk, h @ np.array(expected) / 2, rtol=1e-9)


def test_floor_is_inverse_to_the_batch_size_and_not_lowered_by_momentum():
    model = model_of(4, seed=4)

    def risk(step_size, batch_size, momentum=0.0):
        return noisy_quadratic.steady_state_risk(model, step_size, batch_size, momentum=momentum)

    assert_allclose(risk(0.3, 6.0), risk(0.3, 1.0) / 6, rtol=EXACT)
    # At equal alpha / (1 - beta), to first order in alpha h.
    assert_allclose(risk(1e-4, 1.0, 0.9), risk(1e-3, 1.0), rtol=2e-3)


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0])
def test_preconditioning_is_a_step_size_for_every_mode(power):
    model, (step_sizes, batch_sizes) = model_of(4, seed=5), schedules(8, seed=5)
    losses = expected_losses(
        noisy_quadratic.preconditioned(model, power), step_sizes, batch_sizes, momentum=0.5
    )
    by_mode = step_sizes[:, None] * model.curvatures**-power
    moments = moments_by_impulses(model, by_mode, batch_sizes, 0.5)
    assert_allclose(losses, moments @ model.curvatures / 2, rtol=EXACT)


def test_newtons_method_without_noise_ends_in_one_step():
    model = model_of(4)._replace(noise_variances=np.zeros(4))
    newton = noisy_quadratic.preconditioned(model, 1.0)
    losses = expected_losses(newton, np.ones(1), np.ones(1))
    assert_allclose(losses[1], 0, atol=EXACT)


def test_a_decaying_step_size_goes_below_the_floor_of_a_constant_one():
    model, steps = model_of(3, seed=6), np.arange(2000)
    ones = np.ones(2000)
    decayed = expected_losses(model, 0.5 / (1 + 0.05 * steps), ones)[-1]
    assert decayed < 0.1 * noisy_quadratic.steady_state_risk(model, 0.5, 1.0)


def test_noise_of_the_gradient_has_the_variance_of_a_batch():
    model = NoisyQuadratic(*map(jnp.array, model_of(3, seed=7)))
    x, keys = jnp.array([1.0, -2.0, 0.5]), jax.random.split(jax.random.key(0), 4000)
    draw = jax.vmap(lambda key: noisy_quadratic.noisy_gradient(key, model, x, 5.0))
    noise = jax.jit(draw)(keys) - model.curvatures * x
    variances = model.noise_variances / 5
    # z-tests at 4 standard errors; the variance of a Gaussian's variance estimate is 2 s^4 / n.
    assert_allclose(noise.mean(axis=0) / np.sqrt(variances / 4000), 0, atol=4)
    assert_allclose((np.mean(noise**2, axis=0) / variances - 1) / np.sqrt(2 / 4000), 0, atol=4)


@pytest.mark.parametrize("momentum", [0.0, 0.7])
def test_runs_of_an_optimizer_have_the_expected_second_moments(momentum):
    model, num_steps = NoisyQuadratic(*map(jnp.array, model_of(3, seed=8))), 10
    optimizer = optax.sgd(lambda count: 0.6 / (1 + 0.1 * count), momentum)

    def run(key):
        return noisy_quadratic.simulated_iterates(key, model, optimizer, 4.0, num_steps)

    squares = jax.jit(jax.vmap(run))(jax.random.split(jax.random.key(1), 2000)) ** 2
    step_sizes = 0.6 / (1 + 0.1 * np.arange(num_steps))
    batch_sizes = np.full(num_steps, 4.0)
    expected = expected_second_moments(model, step_sizes, batch_sizes, momentum=momentum)
    assert_allclose(squares[:, 0], np.broadcast_to(expected[0], (2000, 3)), rtol=EXACT)
    standard_errors = np.std(squares[:, 1:], axis=0) / np.sqrt(2000)
    assert_allclose((squares.mean(axis=0) - expected)[1:] / standard_errors, 0, atol=4)
