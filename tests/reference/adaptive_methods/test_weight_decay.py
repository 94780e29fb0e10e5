"""Lecture 5: decay against penalty, AdamW against optax, and the predicted equilibrium."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from numpy.testing import assert_allclose

from reference.adaptive_methods import weight_decay
from reference.adaptive_methods.adaptive import adam, optimizer_iterates

EXACT = 1e-10  # float64
W_0 = {"a": np.array([1.0, -2.0]), "b": np.array([[0.3]])}


def loss(w):
    return jnp.sum(jnp.array([10.0, 0.1]) * (w["a"] - 1) ** 2) + jnp.sum(w["b"] ** 4)


def iterates(optimizer, loss, num_steps=15):
    start = jax.tree.map(jnp.asarray, W_0)
    return jax.jit(lambda w: optimizer_iterates(optimizer, loss, w, num_steps))(start)


def distance(x, y):
    return max(
        np.max(np.abs(a - b)) for a, b in zip(jax.tree.leaves(x), jax.tree.leaves(y), strict=True)
    )


def test_penalty_adds_lambda_w_to_the_gradient():
    w = jax.tree.map(jnp.asarray, W_0)
    penalized = jax.grad(weight_decay.l2_penalized(loss, penalty=0.3))(w)
    plain = jax.grad(loss)(w)
    expected = jax.tree.map(lambda g, w: g + 0.3 * w, plain, w)
    assert distance(penalized, expected) < EXACT


@pytest.mark.parametrize(
    ("make", "are_equal"),
    [(optax.sgd, True), (adam, False), (lambda a: optax.sgd(a, momentum=0.9), False)],
)
def test_decay_is_the_penalty_for_gradient_descent_but_not_for_adam_or_momentum(make, are_equal):
    penalized = iterates(make(0.03), weight_decay.l2_penalized(loss, penalty=0.5))
    decayed = iterates(weight_decay.with_weight_decay(make(0.03), 0.03, decay=0.5), loss)
    if are_equal:
        assert distance(penalized, decayed) < EXACT
    else:
        assert distance(penalized, decayed) > 1e-2


def test_adamw_is_that_of_optax():
    ours = iterates(weight_decay.adamw(0.03, decay=0.5, b1=0.8, b2=0.9, epsilon=1e-6), loss)
    peer = iterates(optax.adamw(0.03, b1=0.8, b2=0.9, eps=1e-6, weight_decay=0.5), loss)
    assert distance(ours, peer) < EXACT


def test_decay_acts_where_the_loss_does_not():
    optimizer = weight_decay.adamw(0.1, decay=0.5)
    w = iterates(optimizer, lambda w: 0.0 * jnp.sum(w["a"]), 4)
    assert_allclose(w["a"], np.outer(0.95 ** np.arange(5), W_0["a"]), rtol=EXACT)


# alpha, lambda, c, |w_0|
SETTINGS = [(0.5, 0.1, 2.0, 1.0), (0.05, 1.0, 0.3, 4.0), (0.8, 0.5, 1.0, 0.05)]


def angle_loss(c):
    """c times the angle of w in the plane: scale-invariant, its gradient of length c / |w|."""
    return lambda w: c * jnp.arctan2(w[1], w[0])


@pytest.mark.parametrize(("step_size", "decay", "c", "norm_0"), SETTINGS)
def test_descent_on_a_scale_invariant_loss_ends_at_the_equilibrium(step_size, decay, c, norm_0):
    penalized = weight_decay.l2_penalized(angle_loss(c), penalty=decay)
    w_0 = jnp.array([norm_0, 0.0])
    w = np.asarray(
        jax.jit(lambda w: optimizer_iterates(optax.sgd(step_size), penalized, w, 400))(w_0)
    )
    norms = np.linalg.norm(w, axis=1)
    recursion = weight_decay.decayed_norms(jnp.array(norm_0), step_size, decay, c, num_steps=400)
    assert_allclose(recursion, norms, rtol=1e-8)
    equilibrium = weight_decay.equilibrium_norm(step_size, decay, c)
    # Deviations shrink by at least 1 - 4 x 0.05 a step: long below rounding.
    assert_allclose(norms[-1], equilibrium, rtol=1e-9)

    cosine = w[-1] @ w[-2] / (norms[-1] * norms[-2])
    angle = weight_decay.equilibrium_angle(step_size, decay)
    assert_allclose(cosine, np.cos(angle), rtol=1e-9)
    assert_allclose(np.cos(angle), 1 - step_size * decay, rtol=EXACT)


@pytest.mark.parametrize("norm_0", [0.03, 1.0, 50.0])
def test_random_walk_has_the_predicted_norms_at_every_step(norm_0):
    w_0 = norm_0 * jnp.array([0.6, 0.0, 0.8, 0.0])
    walk = jax.jit(lambda key: weight_decay.scale_invariant_walk(key, w_0, 0.5, 0.1, 2.0, 300))(
        jax.random.key(0)
    )
    norms = np.linalg.norm(walk, axis=1)
    assert walk.shape == (301, 4)
    recursion = weight_decay.decayed_norms(jnp.array(norm_0), 0.5, 0.1, 2.0, num_steps=300)
    assert_allclose(norms, recursion, rtol=1e-8)
    assert_allclose(norms[-1], weight_decay.equilibrium_norm(0.5, 0.1, 2.0), rtol=1e-8)
    steps = np.asarray(walk[1:] - 0.95 * walk[:-1])
    # Normal to w and of length alpha c / |w|; and not always the same.
    assert_allclose(np.sum(steps * walk[:-1], axis=1), 0, atol=1e-10 * max(1, norm_0))
    assert_allclose(np.linalg.norm(steps, axis=1), 0.5 * 2.0 / norms[:-1], rtol=1e-8)
    assert np.linalg.norm(np.mean(steps / np.linalg.norm(steps, axis=1)[:, None], axis=0)) < 0.3


def test_equilibrium_is_the_usual_formula_for_slow_decay():
    equilibrium = weight_decay.equilibrium_norm(0.01, 1e-4, 3.0)
    assert_allclose(equilibrium**4, 0.01 * 9 / 2e-4, rtol=1e-6)  # alpha lambda / 2
    angle = weight_decay.equilibrium_angle(0.01, 1e-4)
    assert_allclose(angle, np.sqrt(2e-6), rtol=1e-6)
    # And not for fast decay.
    assert weight_decay.equilibrium_norm(1.0, 0.9, 1.0) ** 4 > 1.5 / 1.8


def test_deviations_from_the_equilibrium_shrink_at_the_rate_given():
    equilibrium = weight_decay.equilibrium_norm(0.1, 0.05, 2.0)
    norms = weight_decay.decayed_norms(1.001 * equilibrium, 0.1, 0.05, 2.0, num_steps=50)
    rate = ((norms[-1] - equilibrium) / (norms[0] - equilibrium)) ** (1 / 50)
    assert_allclose(rate, 1 - 4 * 0.1 * 0.05, rtol=1e-3)  # the next order in alpha lambda


def test_equilibrium_angle_keeps_its_digits_in_float32():
    angle = weight_decay.equilibrium_angle(jnp.float32(1e-3), jnp.float32(1e-6))
    assert angle.dtype == jnp.float32
    assert_allclose(angle, np.arccos(np.longdouble(1) - np.longdouble(1e-9)), rtol=1e-5)
