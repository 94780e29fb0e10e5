"""Extragradient and optimism against optax, against their matrices and the implicit step."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from numpy.testing import assert_allclose

from reference.differential_games import extragradient, game

EXACT = 1e-10  # float64


def turning(B):
    """The field and its Jacobian of f = x^T B y."""
    D, E = B.shape

    def field(z):
        return B @ z[1], -B.T @ z[0]

    return field, np.block([[np.zeros((D, D)), B], [-B.T, np.zeros((E, E))]])


def curved_field(z):
    x, y = z
    return jnp.cos(y) * x + y**3, jnp.sin(x) - y * x


def any_game(shape=(2, 3), *, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=shape), tuple(jnp.array(rng.normal(size=size)) for size in shape)


def optimistic(field, z_0, step_size, num_steps):
    return jax.jit(lambda z: extragradient.optimistic_iterates(field, z, step_size, num_steps))(z_0)


def test_extragradient_takes_the_field_where_a_plain_step_leads():
    z = jnp.array(0.7), jnp.array(-1.2)
    xi = curved_field(z)
    expected = curved_field((z[0] - 0.3 * xi[0], z[1] - 0.3 * xi[1]))
    found = extragradient.extragradient_direction(curved_field, z, 0.3)
    assert_allclose(found, expected, rtol=EXACT)


def test_extragradient_is_the_implicit_step_to_second_order():
    B, z = any_game()
    field, J = turning(B)
    vector = np.concatenate(z)

    def error(step_size):
        direction = extragradient.extragradient_direction(field, z, step_size)
        implicit = np.linalg.solve(np.eye(5) + step_size * J, vector)
        return np.linalg.norm(vector - step_size * np.concatenate(direction) - implicit)

    # I - a + a^2 against (I + a)^-1: a third-order error, so an eighth for half the step.
    assert_allclose(error(1e-2) / error(5e-3), 8, rtol=0.02)


def test_optimistic_iterates_are_those_of_a_loop_and_of_optax():
    z_0 = jnp.array(0.7), jnp.array(-1.2)
    z = optimistic(curved_field, z_0, 0.1, 12)
    now, before = np.array(z_0), np.array(curved_field(z_0))
    for k in range(13):
        assert_allclose([z[0][k], z[1][k]], now, rtol=EXACT)
        xi = np.array(curved_field(now))
        now, before = now - 0.1 * (2 * xi - before), xi

    optimizer = optax.optimistic_gradient_descent(0.1)
    z_k, state = z_0, optimizer.init(z_0)
    for k in range(12):
        updates, state = optimizer.update(curved_field(z_k), state)
        z_k = optax.apply_updates(z_k, updates)
        assert_allclose(np.array(z_k), [z[0][k + 1], z[1][k + 1]], rtol=EXACT)


@pytest.mark.parametrize("shape", [(2, 2), (2, 3), (1, 1)])
@pytest.mark.parametrize("fraction", [0.1, 0.45, 0.55, 0.9])
def test_rates_on_bilinear_games_are_moduli_of_eigenvalues(shape, fraction):
    B, _ = any_game(shape, seed=1)
    step_size = fraction / np.linalg.norm(B, 2)
    a = 1j * step_size * np.linalg.svd(B, compute_uv=False)
    expected = np.abs(1 - a + a**2).max()
    rate = extragradient.bilinear_extragradient_rate(jnp.array(B), step_size)
    assert_allclose(rate, expected, rtol=EXACT)
    expected = max(np.abs(np.roots([1, 2 * a_j - 1, -a_j])).max() for a_j in a)
    rate = extragradient.bilinear_optimistic_rate(jnp.array(B), step_size)
    assert_allclose(rate, expected, rtol=EXACT)


@pytest.mark.parametrize(
    ("step_size", "extragradient_converges", "optimism_converges"),
    [(0.3, True, True), (0.57, True, True), (0.58, True, False), (0.99, True, False)],
)
def test_both_converge_where_descent_diverges_and_not_beyond_their_limits(
    step_size, extragradient_converges, optimism_converges
):
    B = np.eye(1)
    field, _ = turning(B)
    z_0 = jnp.ones(1), jnp.ones(1)
    z = jax.jit(
        lambda z: game.descent_iterates(
            lambda z: extragradient.extragradient_direction(field, z, step_size), z, step_size, 300
        )
    )(z_0)
    shrink = extragradient.bilinear_extragradient_rate(jnp.array(B), step_size)
    norms = np.hypot(*z)[:, 0]
    # The spiral of one plane shrinks by exactly its eigenvalue's modulus at each step.
    assert_allclose(norms[1:] / norms[:-1], shrink, rtol=1e-9)
    assert bool(shrink < 1) == extragradient_converges
    norms = np.hypot(*optimistic(field, z_0, step_size, 2000))[:, 0]
    assert bool(norms[-1] < 1e-3) == optimism_converges


def test_extragradient_has_a_limit_too():
    assert extragradient.bilinear_extragradient_rate(jnp.eye(2), 1.01) > 1
    assert_allclose(extragradient.bilinear_extragradient_rate(jnp.eye(2), 0.5**0.5) ** 2, 3 / 4)
    assert_allclose(extragradient.bilinear_optimistic_rate(jnp.eye(2), 0.5) ** 2, 1 / 2)
