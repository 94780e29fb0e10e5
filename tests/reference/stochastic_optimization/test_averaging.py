"""Averages of iterates against loops, the general recursion, and means of autoregressions."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from numpy.testing import assert_allclose

from reference.stochastic_optimization import averaging, noisy_quadratic
from reference.stochastic_optimization.noisy_quadratic import NoisyQuadratic

EXACT = 1e-10  # float64, tens of operations
iterate_average_losses = jax.jit(averaging.iterate_average_losses, static_argnames="num_steps")


def model_of(num_modes, *, seed=0):
    """Curvatures in (0.1, 2), and any variances and starts; NumPy arrays."""
    rng = np.random.default_rng(seed)
    return NoisyQuadratic(*rng.uniform(0.1, 2, size=(3, num_modes)))


def trained(optimizer, num_steps):
    """The iterates of a loop on a small loss over a tree, and the last state."""
    w: Any = {"a": jnp.array([1.0, -2.0]), "b": jnp.array(3.0)}
    step = jax.jit(lambda w, state: optimizer.update(jax.tree.map(lambda x: x**3, w), state, w))
    state, iterates = optimizer.init(w), [w]
    for _ in range(num_steps):
        updates, state = step(iterates[-1], state)
        iterates.append(optax.apply_updates(iterates[-1], updates))
    return iterates, state


def test_average_is_the_one_that_optax_steps_to_and_the_iterates_are_undisturbed():
    optimizer = optax.chain(optax.sgd(0.05, 0.9), averaging.parameter_average(0.8))
    iterates, state = trained(optimizer, 6)
    average = iterates[0]
    for w in iterates[1:]:
        average = optax.incremental_update(w, average, 1 - 0.8)
    kept = averaging.averaged_parameters(state)
    jax.tree.map(lambda a, b: assert_allclose(a, b, rtol=EXACT), kept, average)
    plain, _ = trained(optax.sgd(0.05, 0.9), 6)
    jax.tree.map(lambda a, b: assert_allclose(a, b, rtol=0), iterates[-1], plain[-1])


def test_polyaks_average_is_the_mean_of_all_iterates_but_the_first():
    optimizer = optax.chain(optax.sgd(0.05), averaging.parameter_average(averaging.polyak_decay))
    iterates, state = trained(optimizer, 5)
    kept = averaging.averaged_parameters(state)
    mean = jax.tree.map(lambda *ws: np.mean(np.stack(ws), axis=0), *iterates[1:])
    jax.tree.map(lambda a, b: assert_allclose(a, b, rtol=EXACT), kept, mean)


def test_averaging_needs_the_parameters():
    transformation = averaging.parameter_average(0.9)
    with pytest.raises(ValueError, match="params"):
        transformation.update(jnp.ones(2), transformation.init(jnp.ones(2)))


@pytest.mark.parametrize(("step_size", "decay"), [(0.4, 0.9), (0.9, 0.0), (0.1, 0.5)])
def test_ema_risk_is_where_the_expected_losses_end(step_size, decay):
    model = model_of(3)
    losses = jax.jit(noisy_quadratic.expected_losses)(
        model, np.full(2000, step_size), np.full(2000, 4.0), ema_decay=decay
    )
    risk = averaging.ema_steady_state_risk(model, step_size, 4.0, decay)
    # The slowest mode has (1 - 0.01)^4000 of its start left.
    assert_allclose(risk, losses[-1], rtol=1e-9)


def test_a_long_average_divides_the_floor_as_announced():
    model, step_size, decay = model_of(3, seed=1), 1e-3, 1 - 1e-6
    _, c, _ = model
    risk = averaging.ema_steady_state_risk(model, step_size, 1.0, decay)
    # gamma phi ~ 1 - alpha h: what is left is (1 - gamma) c / (2 h^2), to alpha h relatively.
    expected = np.sum(model.curvatures * (1 - decay) * c / (2 * model.curvatures**2)) / 2
    assert_allclose(risk, expected, rtol=2e-2)


@pytest.mark.parametrize("step_size", [0.05, 0.7])
def test_mean_of_iterates_is_a_sum_of_covariances(step_size):
    h, c, s_0 = model = model_of(3, seed=2)
    num_steps, expected = 7, []
    for i in range(3):
        # x = phi^t x_0 + L n with L lower triangular; the mean's variance is read off.
        phi = 1 - step_size * h[i]
        t = np.arange(1, num_steps + 1)
        L = -step_size * np.tril(phi ** np.clip(t[:, None] - t, 0, None))
        covariance = s_0[i] * np.outer(phi**t, phi**t) + c[i] / 2 * L @ L.T
        expected.append([h[i] / 2 * covariance[:k, :k].mean() for k in t])
    losses = iterate_average_losses(model, step_size, 2.0, num_steps)
    assert_allclose(losses, np.sum(expected, axis=0), rtol=EXACT)


@pytest.mark.parametrize("step_size", [0.3, 0.9])
def test_mean_of_iterates_forgets_the_step_size(step_size):
    h, c, _ = model = model_of(3, seed=3)
    loss = iterate_average_losses(model, step_size, 4.0, 100_000)[-1]
    # Corrections are 1 / (alpha h t), here up to 1e-3.
    assert_allclose(100_000 * loss, np.sum(c / h) / (2 * 4.0), rtol=5e-3)


def test_runs_with_averages_have_the_expected_loss():
    model = NoisyQuadratic(*map(jnp.array, model_of(2, seed=4)))
    optimizer = optax.chain(optax.sgd(0.5), averaging.parameter_average(averaging.polyak_decay))

    def final_average(key):
        x_0 = jnp.sqrt(model.initial_second_moments)

        def advance(carry, key):
            x, state = carry
            g = noisy_quadratic.noisy_gradient(key, model, x, 2.0)
            updates, state = optimizer.update(g, state, x)
            return (x + updates, state), None

        (_, state), _ = jax.lax.scan(advance, (x_0, optimizer.init(x_0)), jax.random.split(key, 8))
        return averaging.averaged_parameters(state)

    averages = jax.jit(jax.vmap(final_average))(jax.random.split(jax.random.key(0), 2000))
    losses = averages**2 @ model.curvatures / 2
    expected = iterate_average_losses(model, 0.5, 2.0, 8)[-1]
    # A z-test at 4 standard errors.
    assert abs(losses.mean() - expected) < 4 * losses.std() / np.sqrt(2000)
