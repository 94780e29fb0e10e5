"""Following the ridge: a ridge in closed form, the field's eigenvalues, and where it ends."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from reference.differential_games import descent_ascent, follow_the_ridge, game

EXACT = 1e-9  # float64, one dense solve


def quadratic(D, E, *, seed):
    """f_xx, f_xy, f_yy and f, stationary at 0."""
    rng = np.random.default_rng(seed)
    f_xx, f_yy = rng.normal(size=(D, D)), rng.normal(size=(E, E))
    f_xx, f_xy, f_yy = f_xx + f_xx.T, rng.normal(size=(D, E)), f_yy + f_yy.T
    return f_xx, f_xy, f_yy, lambda x, y: x @ f_xx @ x / 2 + x @ f_xy @ y + y @ f_yy @ y / 2


@pytest.mark.parametrize("x", [0.3, -1.2])
def test_correction_is_the_slope_of_the_ridge_times_the_leaders_gradient(x):
    # max over y at y = sin(x), whatever the rest, so r'(x) = cos(x); on the ridge f_x = 4 x^3.
    def f(x, y):
        return x**4 - 3 * (y - jnp.sin(x)) ** 2

    z = jnp.array(x), jnp.sin(jnp.array(x))
    assert_allclose(follow_the_ridge.ridge_correction(f, z), np.cos(x) * 4 * x**3, rtol=EXACT)


def test_a_step_from_the_ridge_stays_on_it_to_second_order():
    def f(x, y):
        return x**4 - 3 * (y - jnp.sin(x)) ** 2

    def distance(step_size):
        z = jnp.array(0.8), jnp.sin(jnp.array(0.8))
        x, y = follow_the_ridge.follow_the_ridge_iterates(f, z, step_size, num_steps=1)
        return np.abs(y[1] - np.sin(x[1]))

    assert_allclose(distance(2e-3) / distance(1e-3), 4, rtol=0.01)


def test_field_of_trees_is_that_of_dense_blocks():
    f_xx, f_xy, f_yy, dense = quadratic(2, 3, seed=0)

    def f(x, y):
        return dense(x["a"], jnp.concatenate([y["b"], y["c"]]))

    rng = np.random.default_rng(1)
    x, y = rng.normal(size=2), rng.normal(size=3)
    z = {"a": jnp.array(x)}, {"b": jnp.array(y[:1]), "c": jnp.array(y[1:])}
    d_x, d_y = jax.jit(lambda z: follow_the_ridge.follow_the_ridge_gradient(f, z, ratio=0.7))(z)
    f_x, f_y = f_xx @ x + f_xy @ y, f_xy.T @ x + f_yy @ y
    expected = -0.7 * f_y - np.linalg.solve(f_yy, f_xy.T @ f_x)
    assert_allclose(d_x["a"], f_x, rtol=EXACT)
    assert_allclose(np.concatenate([d_y["b"], d_y["c"]]), expected, rtol=EXACT)


@pytest.mark.parametrize("seed", range(3))
def test_eigenvalues_are_real_those_of_the_schur_complement_and_of_the_follower(seed):
    f_xx, f_xy, f_yy, f = quadratic(2, 3, seed=seed)

    def field(z):
        parts = follow_the_ridge.follow_the_ridge_gradient(f, (z[:2], z[2:]), ratio=0.7)
        return jnp.concatenate(parts)

    J = jax.jit(jax.jacfwd(field))(jnp.zeros(5))
    eigenvalues = np.linalg.eigvals(J)
    schur = f_xx - f_xy @ np.linalg.inv(f_yy) @ f_xy.T
    expected = [*np.linalg.eigvalsh(schur), *(-0.7 * np.linalg.eigvalsh(f_yy))]
    # A non-symmetric matrix: its eigenvalues are conditioned worse than the blocks'.
    assert_allclose(np.sort(eigenvalues.real), np.sort(expected), rtol=1e-7)
    assert_allclose(eigenvalues.imag, 0, atol=1e-7)


@pytest.mark.parametrize(
    ("f", "ridge_converges", "descent_converges"),
    [
        pytest.param(lambda x, y: -3 * x**2 - y**2 + 4 * x * y, True, False, id="minimax"),
        pytest.param(lambda x, y: 3 * x**2 + y**2 + 4 * x * y, False, True, id="spurious"),
        pytest.param(lambda x, y: x**2 - y**2 + 9 * x * y, True, True, id="Nash"),
    ],
)
def test_it_ends_at_minimax_points_only_and_descent_ascent_elsewhere(
    f, ridge_converges, descent_converges
):
    z_0 = jnp.array(1e-2), jnp.array(-2e-2)
    followed, descended = jax.jit(
        lambda z: (
            follow_the_ridge.follow_the_ridge_iterates(f, z, 0.02, 600),
            descent_ascent.simultaneous_descent_iterates(game.zero_sum(f), z, 0.02, 600),
        )
    )(z_0)
    assert bool(np.hypot(*followed)[-1] < 1e-6) == ridge_converges
    assert bool(np.hypot(*descended)[-1] < 1e-6) == descent_converges


def test_iterates_are_steps_of_the_field_from_the_start():
    def f(x, y):
        return jnp.cos(x) * y - y**2 + x**3

    z = jnp.array(0.4), jnp.array(0.1)
    xs, ys = follow_the_ridge.follow_the_ridge_iterates(f, z, 0.1, num_steps=3, ratio=2.0)
    for k in range(4):
        assert_allclose([xs[k], ys[k]], z, rtol=EXACT)
        x, y = z
        f_x, f_y, f_yx = -np.sin(x) * y + 3 * x**2, np.cos(x) - 2 * y, -np.sin(x)
        z = x - 0.1 * f_x, y + 0.2 * f_y + 0.1 * f_yx * f_x / -2
