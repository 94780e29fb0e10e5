"""Deep linear dynamics: the closed form against its ODE by SciPy and against networks trained."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import solve_ivp

from reference.papers import deep_linear_dynamics

mode_strength = jax.jit(deep_linear_dynamics.mode_strength)
learning_time = jax.jit(deep_linear_dynamics.learning_time)
balanced_weights = jax.jit(deep_linear_dynamics.balanced_weights, static_argnums=2)
gradient_descent_products = jax.jit(
    deep_linear_dynamics.gradient_descent_products, static_argnames="num_steps"
)
mode_strengths = jax.jit(deep_linear_dynamics.mode_strengths)

SHAPES = [(3, 4, 5), (5, 3, 3), (2, 2, 2)]  # K, D, H


def correlations(shape, *, seed=0):
    """S of K x D with singular values 3, 2, 1 .."""
    rng, rank = np.random.default_rng(seed), min(shape)
    U, V = (np.linalg.qr(rng.normal(size=(n, rank)))[0] for n in shape)
    return jnp.array(U * np.arange(3.0, 3 - rank, -1) @ V.T)


@pytest.mark.parametrize("tau", [1.0, 2.5])
@pytest.mark.parametrize(("s", "u_0"), [(2.0, 0.01), (0.5, 0.4), (1.0, 3.0), (0.0, 0.3)])
def test_mode_strength_solves_its_differential_equation(s, u_0, tau):
    t = np.array([0.0, 0.3, 1.0, 4.0])
    accuracy = {"method": "DOP853", "rtol": 1e-11, "atol": 1e-13}
    u = solve_ivp(lambda _, u: 2 * u * (s - u) / tau, (0, 4), [u_0], t_eval=t, **accuracy).y[0]
    strength = mode_strength(jnp.array(t), jnp.array(s), jnp.array(u_0), tau=tau)
    assert_allclose(strength, u, rtol=1e-8)  # the solver's accuracy
    if s > 0:
        e = np.exp(2 * s * t / tau)
        assert_allclose(strength, s * e / (e - 1 + s / u_0), rtol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_mode_strength_does_not_overflow_and_ends_at_s(dtype):
    s = jnp.array([0.5, 3.0], dtype)
    u = mode_strength(jnp.array(1e6, dtype), s, jnp.array(1e-6, dtype))
    assert u.dtype == dtype
    assert_allclose(u, s, rtol=1e-6)


@pytest.mark.parametrize(("s", "u_0", "u_f"), [(2.0, 0.01, 1.9), (0.5, 0.1, 0.2), (1.0, 3.0, 1.5)])
def test_learning_time_is_when_the_mode_has_that_strength(s, u_0, u_f):
    t = learning_time(jnp.array(s), jnp.array(u_0), jnp.array(u_f), tau=1.7)
    assert t > 0
    assert_allclose(mode_strength(t, jnp.array(s), jnp.array(u_0), tau=1.7), u_f, rtol=1e-10)


def test_half_of_a_mode_is_learnt_after_the_logarithm_of_its_start():
    s, u_0 = jnp.array([1.0, 4.0]), jnp.array(1e-8)
    times = learning_time(s, u_0, s / 2)
    assert_allclose(times, np.log(s / u_0) / (2 * s), rtol=1e-8)
    assert times[1] < times[0]  # strong modes first


@pytest.mark.parametrize("shape", SHAPES)
def test_balanced_weights_are_balanced_and_have_all_modes_at_the_start(shape):
    K, D, H = shape
    S = correlations((K, D))
    W1, W2 = balanced_weights(jax.random.key(0), S, H, 0.04)
    assert (W1.shape, W2.shape) == ((H, D), (K, H))
    assert_allclose(W1 @ W1.T, W2.T @ W2, atol=1e-14)
    assert_allclose(mode_strengths((W2 @ W1)[None], S)[0], 0.04, rtol=1e-12)


@pytest.mark.parametrize("shape", SHAPES[:2])
def test_descent_on_weights_follows_the_closed_form_to_first_order_in_the_step(shape):
    K, D, H = shape
    S, u_0 = correlations((K, D)), 0.02
    W1, W2 = balanced_weights(jax.random.key(1), S, H, u_0)
    s = np.linalg.svd(S, compute_uv=False)

    def largest_error(num_steps):
        step_size = 2.0 / num_steps
        products = gradient_descent_products(S, W1, W2, step_size, num_steps=num_steps)
        t = step_size * jnp.arange(num_steps + 1)
        exact = mode_strength(t[:, None], s, jnp.array(u_0))
        return np.abs(mode_strengths(products, S) - exact).max()

    coarse, fine = largest_error(1000), largest_error(2000)
    assert fine < 0.01
    assert_allclose(coarse / fine, 2, rtol=0.05)


def test_products_are_those_of_descent_by_hand_from_any_weights():
    rng = np.random.default_rng(2)
    S, W1, W2 = rng.normal(size=(3, 4)), rng.normal(size=(2, 4)), rng.normal(size=(3, 2))
    products = gradient_descent_products(S, W1, W2, 0.05, num_steps=5)

    def loss(weights):
        W1, W2 = weights
        return jnp.sum((S - W2 @ W1) ** 2) / 2  # E|y - W2 W1 x|^2 / 2 less a constant

    weights, gradient = (jnp.array(W1), jnp.array(W2)), jax.jit(jax.grad(loss))
    for product in products:
        assert_allclose(product, weights[1] @ weights[0], rtol=1e-10, atol=1e-12)
        weights = tuple(w - 0.05 * g for w, g in zip(weights, gradient(weights), strict=True))


def test_aligned_weights_stay_aligned():
    S = correlations((3, 4))
    W1, W2 = balanced_weights(jax.random.key(2), S, 3, 0.1)
    products = gradient_descent_products(S, W1, W2, 0.01, num_steps=100)
    U, _, Vt = np.linalg.svd(S, full_matrices=False)
    rebuilt = np.einsum("kr,tr,rd->tkd", U, mode_strengths(products, S), Vt)
    assert_allclose(products, rebuilt, atol=1e-12)


def test_strong_modes_are_learnt_before_weak_ones():
    S = correlations((3, 4))
    W1, W2 = balanced_weights(jax.random.key(3), S, 3, 1e-4)
    u = mode_strengths(gradient_descent_products(S, W1, W2, 0.01, num_steps=800), S)
    half = np.argmax(np.asarray(u) > np.array([3.0, 2.0, 1.0]) / 2, axis=0)
    assert 0 < half[0] < half[1] < half[2]
    assert_allclose(u[-1], [3, 2, 1], rtol=1e-2)
