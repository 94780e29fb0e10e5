"""Hyperparameters by the million: distillation and augmentation against exact regressions."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from reference import linear_regression
from reference.talks import hyperparameter_gradients as tuning

EXACT = 1e-9  # float64, condition numbers below 1e4


def data(seed, *, num_synthetic=2, num_inputs=3, num_examples=6):
    """S, s, Phi and t."""
    rng = np.random.default_rng(seed)
    return (
        jnp.array(rng.normal(size=(num_synthetic, num_inputs))),
        jnp.array(rng.normal(size=num_synthetic)),
        jnp.array(rng.normal(size=(num_examples, num_inputs))),
        jnp.array(rng.normal(size=num_examples)),
    )


# --- Distillation --------------------------------------------------------------------------------


@pytest.mark.parametrize(("num_synthetic", "penalty"), [(2, 0.3), (5, 0.3), (2, 0.0)])
def test_distilled_weights_are_ridge_on_the_synthetic_rows(num_synthetic, penalty):
    S, s, Phi, t = data(0, num_synthetic=num_synthetic)
    w, loss = jax.jit(
        lambda S, s: (
            tuning.distilled_weights(S, s, penalty),
            tuning.distillation_loss(S, s, Phi, t, penalty),
        )
    )(S, s)
    expected = linear_regression.ridge_solution(S, s, penalty)
    assert_allclose(w, expected, atol=EXACT)
    assert_allclose(loss, np.sum((Phi @ expected - t) ** 2) / 12, atol=EXACT)


@pytest.mark.parametrize("num_synthetic", [1, 4])
def test_distillation_hypergradients_are_those_of_the_closed_form(num_synthetic):
    S, s, Phi, t = data(1, num_synthetic=num_synthetic)
    penalty = 0.2
    largest = np.linalg.eigvalsh(S.T @ S / len(S))[-1] + penalty

    @jax.jit
    def both(S, s):
        ours = tuning.distillation_hypergradients(
            S, s, Phi, t, penalty, step_size=1 / largest, num_terms=800
        )
        return ours, jax.grad(tuning.distillation_loss, (0, 1))(S, s, Phi, t, penalty)

    ours, expected = both(S, s)
    # (1 - lambda / h_max)^800 with h_max < 5 leaves 1e-14.
    assert_allclose(ours[0], expected[0], atol=EXACT)
    assert_allclose(ours[1], expected[1], atol=EXACT)


@pytest.mark.parametrize(("num_synthetic", "penalty"), [(1, 0.5), (2, 0.5), (3, 0.1), (3, 0.0)])
def test_distilled_targets_teach_the_weights_of_the_real_data(num_synthetic, penalty):
    S, _, Phi, t = data(2, num_synthetic=num_synthetic)
    # The first row goes along the weights, so that they are in the span whatever the others.
    w = jnp.linalg.lstsq(Phi, t)[0]
    S = S.at[0].set(3 * w)
    s = tuning.distilled_targets(S, w, penalty)
    trained = linear_regression.ridge_solution(S, s, penalty)
    assert_allclose(trained, w, atol=EXACT)
    slopes = jax.jit(jax.grad(tuning.distillation_loss, (0, 1)))(S, s, Phi, t, penalty)
    assert_allclose(
        jnp.append(slopes[0].ravel(), slopes[1]), np.zeros(4 * num_synthetic), atol=EXACT
    )


def test_distilled_targets_outside_the_span_teach_the_projection():
    S, _, _, _ = data(3, num_synthetic=2, num_inputs=4)
    w = jnp.array([1.0, -1.0, 2.0, 0.5])
    trained = linear_regression.ridge_solution(S, tuning.distilled_targets(S, w, 0.3), 0.3)
    assert_allclose(trained, np.linalg.pinv(S) @ S @ w, atol=EXACT)


# --- Tuning while training -----------------------------------------------------------------------


def test_targets_tuned_while_training_become_the_exact_ones():
    S, s, Phi, t = data(4, num_synthetic=3)
    penalty = 0.3

    def inner_loss(w, s):
        return jnp.mean((S @ w - s) ** 2) / 2 + penalty * w @ w / 2

    def outer_loss(w, s):
        return jnp.mean((Phi @ w - t) ** 2) / 2

    ws, targets = jax.jit(
        lambda w, s: tuning.alternating_iterates(
            inner_loss,
            outer_loss,
            w,
            s,
            inner_step_size=0.3,
            outer_step_size=1.0,
            num_inner_steps=30,
            num_terms=30,
            num_outer_steps=3000,
        )
    )(jnp.zeros(3), s)
    w = jnp.linalg.lstsq(Phi, t)[0]
    assert ws.shape == targets.shape == (3001, 3)
    assert_allclose(targets[0], s)
    assert_allclose(targets[-1], tuning.distilled_targets(S, w, penalty), rtol=1e-6)
    assert_allclose(ws[-1], w, rtol=1e-6)


def test_an_outer_step_trains_first_and_then_follows_the_series():
    """L_t = h/2 (w - theta)^2, L_v = 1/2 w^2 + theta: all by hand."""
    h, alpha, beta = 0.5, 0.4, 0.1

    def inner_loss(w, theta):
        return h * (w - theta) ** 2 / 2

    ws, thetas = jax.jit(
        lambda w, theta: tuning.alternating_iterates(
            inner_loss,
            lambda w, theta: w**2 / 2 + theta,
            w,
            theta,
            inner_step_size=alpha,
            outer_step_size=beta,
            num_inner_steps=3,
            num_terms=2,
            num_outer_steps=2,
        )
    )(2.0, -1.0)
    w, theta = [2.0], [-1.0]
    for _ in range(2):
        w.append(theta[-1] + (1 - alpha * h) ** 3 * (w[-1] - theta[-1]))
        inverse = alpha * (1 + (1 - alpha * h))
        theta.append(theta[-1] - beta * (1 + h * inverse * w[-1]))
    assert_allclose(ws, w, atol=EXACT)
    assert_allclose(thetas, theta, atol=EXACT)


# --- Augmentation --------------------------------------------------------------------------------


def test_augmented_loss_is_the_mean_over_draws_of_augmented_inputs():
    _, _, Phi, t = data(5)
    rng = np.random.default_rng(5)
    w, L = jnp.array(rng.normal(size=3)), jnp.array(rng.normal(size=(3, 2)))
    keys = jax.random.split(jax.random.key(5), 4000)

    @jax.jit
    def losses(keys):
        inputs = jax.vmap(partial(tuning.augmented_inputs, Phi=Phi, L=L))(keys)
        return inputs, jnp.mean((inputs @ w - t) ** 2, axis=1) / 2

    inputs, draws = losses(keys)
    exact = tuning.augmented_loss(w, L, Phi, t)
    assert abs(np.mean(draws) - exact) < 4 * np.std(draws) / np.sqrt(len(draws))
    # Independent from one example to another, too. An entry of a sample covariance has a standard
    # error of at most sqrt(2 / 4000) times the largest variance.
    noise, covariance = np.asarray(inputs - Phi).reshape(4000, 18), np.kron(np.eye(6), L @ L.T)
    error = 4 * np.sqrt(2 / 4000) * covariance.max()
    assert_allclose(noise.T @ noise / 4000, covariance, atol=error)


def test_augmented_weights_minimise_the_augmented_loss_and_isotropic_noise_is_ridge():
    _, _, Phi, t = data(6)
    L = jnp.array(np.random.default_rng(6).normal(size=(3, 2)))
    slopes = jax.jit(
        lambda L: jax.grad(tuning.augmented_loss)(tuning.augmented_weights(L, Phi, t), L, Phi, t)
    )(L)
    assert_allclose(slopes, np.zeros(3), atol=EXACT)
    assert_allclose(
        tuning.augmented_weights(jnp.sqrt(0.3) * jnp.eye(3), Phi, t),
        linear_regression.ridge_solution(Phi, t, 0.3),
        atol=EXACT,
    )
