"""The heavy ball against optax, against powers of its companion matrices and against a search."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from numpy.testing import assert_allclose

from reference.momentum import heavy_ball

EXACT = 1e-10  # float64
DOUBLE = 1e-6  # a double root is good to the square root of the rounding, 1.5e-8
EIGENVALUES = np.array([1.0, 2.5, 7.0, 16.0])
companion_eigenvalues = jax.jit(heavy_ball.heavy_ball_companion_eigenvalues)
heavy_ball_rate = jax.jit(heavy_ball.heavy_ball_rate)


def smooth_loss(w):
    return jnp.sum(jnp.cos(w["x"])) + jnp.sum(w["x"] ** 2) / 2 + jnp.sum(w["y"] ** 4)


def any_parameters(seed=0):
    rng = np.random.default_rng(seed)
    return {"x": jnp.array(rng.normal(size=3)), "y": jnp.array(rng.normal(size=(2, 1)))}


def trained(optimizer, loss, w, num_steps):
    """Parameters along a training loop, the start included."""

    def advance(carry, _):
        w, state = carry
        updates, state = optimizer.update(jax.grad(loss)(w), state, w)
        return (optax.apply_updates(w, updates), state), w

    start = w, optimizer.init(w)
    return jax.jit(lambda start: jax.lax.scan(advance, start, length=num_steps + 1)[1])(start)


def quadratic_iterates(a, step_size, momentum, num_steps):
    def loss(w):
        return jnp.sum(a * w**2) / 2

    def iterates(w_0, step_size, momentum):
        return heavy_ball.heavy_ball_iterates(loss, w_0, step_size, momentum, num_steps)

    return jax.jit(iterates)(jnp.ones(len(a)), step_size, momentum)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_training_loop_polyak_form_and_optax_agree(momentum):
    w_0 = any_parameters()
    ours = trained(heavy_ball.heavy_ball_optimizer(0.1, momentum), smooth_loss, w_0, 20)
    peer = trained(optax.sgd(0.1, momentum), smooth_loss, w_0, 20)
    iterates = jax.jit(lambda w: heavy_ball.heavy_ball_iterates(smooth_loss, w, 0.1, momentum, 20))(
        w_0
    )
    for name in w_0:
        assert ours[name].shape == (21, *w_0[name].shape)
        assert_allclose(ours[name], peer[name], atol=EXACT)
        assert_allclose(iterates[name], peer[name], atol=EXACT)


def test_a_change_of_step_size_leaves_the_velocity_gained():
    # With the gradient gone, the velocity -alpha g of the first step goes on as beta^k: what
    # alpha becomes is no matter. A trace of gradients times the new alpha would shrink at once.
    w, g = jnp.ones(1), jnp.ones(1)
    _, v = heavy_ball.heavy_ball_optimizer(0.5, 0.8).update(g, jnp.zeros(1), w)
    step, _ = heavy_ball.heavy_ball_optimizer(0.05, 0.8).update(0 * g, v, w)
    assert_allclose(np.array(step), -0.5 * 0.8, rtol=EXACT)


@pytest.mark.parametrize(("step_size", "momentum"), [(0.05, 0.5), (0.12, 0.9), (0.2, 0.1)])
def test_eigenvalues_advance_every_mode(step_size, momentum):
    z = companion_eigenvalues(EIGENVALUES, step_size, momentum)
    w = quadratic_iterates(EIGENVALUES, step_size, momentum, 12)
    # w_k = c_1 z_1^k + c_2 z_2^k, with w_0 = 1 and w_1 = 1 - alpha a.
    c_1 = (1 - step_size * EIGENVALUES - z[:, 1]) / (z[:, 0] - z[:, 1])
    k = np.arange(13)[:, None]
    expected = c_1 * z[:, 0] ** k + (1 - c_1) * z[:, 1] ** k
    assert_allclose(w, expected.real, atol=1e-9)
    assert_allclose(expected.imag, 0, atol=1e-9)


def test_best_constants_give_all_modes_the_best_rate():
    step_size, momentum = heavy_ball.optimal_heavy_ball(jnp.array(1.0), jnp.array(16.0))
    z = heavy_ball.heavy_ball_companion_eigenvalues(jnp.array(EIGENVALUES), step_size, momentum)
    rate = heavy_ball.optimal_heavy_ball_rate(jnp.array(16.0))
    assert_allclose(rate, 3 / 5, rtol=EXACT)
    assert_allclose(np.abs(z), rate, rtol=DOUBLE)
    assert_allclose(heavy_ball_rate(EIGENVALUES, step_size, momentum), rate, rtol=DOUBLE)


def test_no_other_constants_are_better():
    mu, L = 1.0, 16.0
    step_size, momentum = heavy_ball.optimal_heavy_ball(mu, L)
    best = heavy_ball_rate(EIGENVALUES, step_size, momentum)
    alphas, betas = np.meshgrid(np.linspace(0.5, 1.5, 41), np.linspace(0.5, 1.5, 41))
    rates = jax.jit(jax.vmap(heavy_ball.heavy_ball_rate, (None, 0, 0)))(
        EIGENVALUES, step_size * alphas.ravel(), momentum * betas.ravel()
    )
    # The grid holds the best constants themselves, in its middle.
    assert_allclose(rates.min(), best, rtol=DOUBLE)
    assert np.argmin(rates) == 41 * 41 // 2


def test_equal_eigenvalues_need_one_exact_step():
    step_size, momentum = heavy_ball.optimal_heavy_ball(3.0, 3.0)
    assert_allclose([step_size, momentum], [1 / 3, 0], atol=EXACT)


def test_error_shrinks_at_the_rate_times_the_number_of_steps():
    step_size, momentum = heavy_ball.optimal_heavy_ball(1.0, 16.0)
    w = quadratic_iterates(EIGENVALUES, step_size, momentum, 60)
    k = np.arange(61)
    # A double root of modulus 0.6 makes (1 + c k) 0.6^k; here |c| <= 1.6.
    assert np.all(np.abs(w).max(axis=1) <= (1 + 1.6 * k) * 0.6**k * (1 + DOUBLE))
    assert np.abs(w[60]).max() > 0.6**60


@pytest.mark.parametrize(("factor", "converges"), [(0.99, True), (1.01, False)])
@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9])
def test_stability_limit_divides_convergence_from_divergence(momentum, factor, converges):
    limit = heavy_ball.heavy_ball_stability_limit(jnp.array(EIGENVALUES), momentum)
    rate = heavy_ball_rate(EIGENVALUES, factor * limit, momentum)
    assert bool(rate < 1) == converges
