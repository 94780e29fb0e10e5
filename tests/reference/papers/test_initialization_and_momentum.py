"""Sutskever et al. (2013): the schedule's values, its method written out, and counts of weights."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from numpy.testing import assert_allclose

from reference.momentum import heavy_ball_iterates
from reference.papers import initialization_and_momentum

EXACT = 1e-10  # float64


def smooth_loss(w):
    return jnp.sum(jnp.cos(w["x"])) + jnp.sum(w["x"] ** 2) / 2 + jnp.sum(w["y"] ** 4)


def any_parameters():
    rng = np.random.default_rng(0)
    return {"x": jnp.array(rng.normal(size=3)), "y": jnp.array(rng.normal(size=(2, 1)))}


def sparse_weights(seed, *shape, **options):
    return np.array(
        jax.jit(lambda key: initialization_and_momentum.sparse_weights(key, *shape, **options))(
            jax.random.key(seed)
        )
    )


@pytest.mark.parametrize("maximum", [0.0, 0.9, 0.995])
def test_momentum_is_that_of_the_formula(maximum):
    t = np.array([0, 1, 249, 250, 499, 500, 1249, 1250, 25_000, 10**6])
    expected = np.minimum(1 - 2.0 ** (-1 - np.log2(np.floor(t / 250) + 1)), maximum)
    momenta = jax.vmap(lambda t: initialization_and_momentum.momentum_at(t, maximum=maximum))
    assert_allclose(momenta(jnp.array(t)), expected, rtol=EXACT)
    assert_allclose(momenta(jnp.array(t, float)), expected, rtol=EXACT)


def test_iterates_are_those_of_the_equations_and_the_optimizer_looks_ahead():
    # 300 steps, so that the momentum goes from 0.5 to 0.75 on the way.
    w_0, steps, maximum = any_parameters(), 300, 0.99
    thetas = jax.jit(
        lambda w: initialization_and_momentum.scheduled_nesterov_iterates(
            smooth_loss, w, 1e-3, steps, maximum=maximum
        )
    )(w_0)
    optimizer = initialization_and_momentum.scheduled_nesterov_optimizer(1e-3, maximum=maximum)

    def train(carry, _):
        y, state = carry
        updates, state = optimizer.update(jax.grad(smooth_loss)(y), state, y)
        return (optax.apply_updates(y, updates), state), y

    start = w_0, optimizer.init(w_0)
    ys = jax.jit(lambda start: jax.lax.scan(train, start, length=steps + 1)[1])(start)

    x, v = np.array(w_0["x"]), np.zeros(3)
    for t in range(steps + 1):
        mu = 0.5 if t < 250 else 0.75
        assert_allclose(thetas["x"][t], x, rtol=EXACT)
        assert_allclose(ys["x"][t], x + mu * v, rtol=EXACT)
        ahead = x + mu * v
        v = mu * v - 1e-3 * (ahead - np.sin(ahead))
        x = x + v
    assert thetas["y"].shape == (steps + 1, 2, 1)


def test_on_a_quadratic_it_is_a_heavy_ball_with_the_effective_momentum():
    curvatures, step_size = jnp.array([0.1, 1.0, 4.0]), 0.3
    # The schedule is constant, 1/2, for the first 250 steps.
    momenta = initialization_and_momentum.effective_momentum(curvatures, step_size, 0.5)

    @jax.jit
    def both(w):
        nesterov = initialization_and_momentum.scheduled_nesterov_iterates(
            lambda w: jnp.sum(curvatures * w**2) / 2, w, step_size, 20, maximum=0.9
        )
        balls = [
            heavy_ball_iterates(lambda w, a=a: a * w**2 / 2, w_0, step_size, momentum, 20)
            for a, w_0, momentum in zip(curvatures, w, momenta, strict=True)
        ]
        return nesterov, jnp.stack(balls, axis=1)

    nesterov, balls = both(jnp.array([1.0, -2.0, 0.5]))
    assert_allclose(nesterov, balls, atol=EXACT)
    assert momenta[2] < 0


@pytest.mark.parametrize(("shape", "connections"), [((40, 30), 15), ((9, 20), 4), ((3, 5), 15)])
def test_every_unit_has_as_many_incoming_weights(shape, connections):
    W = sparse_weights(0, *shape, connections=connections)
    assert W.shape == shape
    assert np.all(np.count_nonzero(W, axis=0) == min(connections, shape[0]))


def test_places_are_uniform_and_independent_between_units():
    num_inputs, num_units, connections = 8, 4000, 3
    chosen = sparse_weights(1, num_inputs, num_units, connections=connections) != 0
    p = connections / num_inputs
    error = np.sqrt(p * (1 - p) / num_units)
    assert np.all(np.abs(chosen.mean(axis=1) - p) < 4 * error)
    # Units side by side share a given input as often as independent ones.
    shared = (chosen[:, 1:] & chosen[:, :-1]).mean()
    assert abs(shared - p**2) < 4 * np.sqrt(p**2 * (1 - p**2) / (num_inputs * num_units)) * 2


def test_weights_are_normal_of_the_scale_given():
    W = sparse_weights(2, 20, 1000, scale=0.25)
    weights = W[W != 0] / 0.25
    assert abs(weights.mean()) < 4 / np.sqrt(len(weights))
    assert abs((weights**2).mean() - 1) < 4 * np.sqrt(2 / len(weights))
    assert len(weights) == 15 * 1000
    assert sparse_weights(2, 2, 2, dtype=jnp.float32).dtype == jnp.float32
