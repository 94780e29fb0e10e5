"""Both orders of descent-ascent against powers of their matrices on bilinear games."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from reference.differential_games import descent_ascent

EXACT = 1e-9  # float64, up to 40 steps that grow


def bilinear(B):
    return lambda z: (z[0] @ B @ z[1], -(z[0] @ B @ z[1]))


def any_game(shape=(2, 3), *, seed=0):
    rng = np.random.default_rng(seed)
    B = rng.normal(size=shape)
    return B, tuple(jnp.array(rng.normal(size=size)) for size in shape)


def together(z):
    return np.concatenate(z, axis=1)


def run(iterates, losses, z_0, step_size, num_steps):
    return jax.jit(lambda z: iterates(losses, z, step_size, num_steps))(z_0)


@pytest.mark.parametrize("shape", [(2, 3), (3, 1)])
def test_simultaneous_steps_are_powers_of_one_matrix(shape):
    B, z_0 = any_game(shape)
    D, E = shape
    J = np.block([[np.zeros((D, D)), B], [-B.T, np.zeros((E, E))]])
    z = run(descent_ascent.simultaneous_descent_iterates, bilinear(B), z_0, 0.3, 8)
    z = together(z)
    for k in range(9):
        step = np.linalg.matrix_power(np.eye(D + E) - 0.3 * J, k)
        assert_allclose(z[k], step @ z[0], rtol=EXACT)


@pytest.mark.parametrize("shape", [(2, 3), (3, 1)])
def test_alternating_steps_let_the_second_player_see_the_first(shape):
    B, z_0 = any_game(shape)
    x, y = (np.asarray(part) for part in z_0)
    xs, ys = run(descent_ascent.alternating_descent_iterates, bilinear(B), z_0, 0.3, 8)
    for k in range(9):
        assert_allclose(xs[k], x, rtol=EXACT)
        assert_allclose(ys[k], y, rtol=EXACT)
        x = x - 0.3 * B @ y
        y = y + 0.3 * B.T @ x


def test_players_alternate_in_their_order_whatever_their_number():
    def losses(z):
        a, b, c = z
        return a * b * c + a**2, b * c**2 - a, jnp.sin(a + b) * c

    a, b, c = 0.3, -0.2, 0.5
    z = run(
        descent_ascent.alternating_descent_iterates,
        losses,
        tuple(map(jnp.array, (a, b, c))),
        0.1,
        3,
    )
    for _ in range(3):
        a = a - 0.1 * (b * c + 2 * a)
        b = b - 0.1 * c**2
        c = c - 0.1 * np.sin(a + b)
    assert_allclose([part[-1] for part in z], [a, b, c], rtol=EXACT)


@pytest.mark.parametrize("step_size", [0.05, 0.5])
def test_simultaneous_descent_spirals_out_at_the_rate_of_the_largest_singular_value(step_size):
    Q = np.linalg.qr(np.random.default_rng(1).normal(size=(2, 2)))[0]
    _, z_0 = any_game((2, 2))
    # With 3 Q all planes turn alike, and every step grows by the same factor.
    z = run(descent_ascent.simultaneous_descent_iterates, bilinear(3 * Q), z_0, step_size, 20)
    norms = np.linalg.norm(together(z), axis=1)
    rate = descent_ascent.bilinear_growth_rate(jnp.array(3 * Q), step_size)
    assert_allclose(norms, norms[0] * (1 + 9 * step_size**2) ** (np.arange(21) / 2), rtol=EXACT)
    assert_allclose(norms[1:] / norms[:-1], rate, rtol=EXACT)


def test_growth_rate_is_the_spectral_radius_of_the_step():
    B, _ = any_game((2, 3), seed=2)
    J = np.block([[np.zeros((2, 2)), B], [-B.T, np.zeros((3, 3))]])
    radius = np.abs(np.linalg.eigvals(np.eye(5) - 0.7 * J)).max()
    assert_allclose(descent_ascent.bilinear_growth_rate(jnp.array(B), 0.7), radius, rtol=EXACT)


@pytest.mark.parametrize("fraction", [0.1, 0.9])
def test_alternating_descent_stays_on_an_ellipse(fraction):
    B, z_0 = any_game((2, 3), seed=3)
    s = np.linalg.svd(B, compute_uv=False)
    step_size = fraction * 2 / s[0]
    z = run(descent_ascent.alternating_descent_iterates, bilinear(B), z_0, step_size, 200)
    invariant = jax.vmap(descent_ascent.alternating_invariant, (None, 0, 0, None))
    values = invariant(jnp.array(B), z[0], z[1], step_size)
    assert_allclose(values, values[0], rtol=EXACT)
    squares = np.sum(together(z) ** 2, axis=1)
    assert np.all(squares * (1 - fraction) <= values + EXACT)
    assert np.all(squares * (1 + fraction) >= values - EXACT)


def test_alternating_descent_diverges_beyond_the_limit():
    z_0 = jnp.array([1.0]), jnp.array([0.5])
    z = run(descent_ascent.alternating_descent_iterates, bilinear(np.ones((1, 1))), z_0, 2.1, 60)
    assert np.abs(together(z))[-1].max() > 1e6
