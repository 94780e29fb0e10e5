"""Margins against LAPACK's eigenvalues, and a table of points of every kind."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from reference.differential_games import stationary_points

EXACT = 1e-9  # float64, one or two dense solves
stability_margin = jax.jit(stationary_points.stability_margin)
ORIGIN = (0.0, 0.0)


def at_the_origin(function):
    """`function` of the quadratic with these second derivatives and its stationary point."""

    def of_blocks(f_xx, f_xy, f_yy):
        def f(x, y):
            return x @ f_xx @ x / 2 + x @ f_xy @ y + y @ f_yy @ y / 2

        return function(f, (jnp.zeros(len(f_xx)), jnp.zeros(len(f_yy))))

    return jax.jit(of_blocks)


def any_blocks(D, E, *, seed):
    rng = np.random.default_rng(seed)
    f_xx, f_yy = rng.normal(size=(D, D)), rng.normal(size=(E, E))
    return f_xx + f_xx.T, rng.normal(size=(D, E)), f_yy + f_yy.T


@jax.jit
def classified(a, b, c):
    def f(x, y):
        return a * x**2 + b * y**2 + c * x * y + x**4 - y**4

    return stationary_points.classification(f, tuple(map(jnp.array, ORIGIN)))


@pytest.mark.parametrize(
    ("coefficients", "is_nash", "is_minimax", "is_stable", "is_spurious"),
    [
        pytest.param((1, -1, 9), 1, 1, 1, 0, id="Nash"),
        pytest.param((-3, -1, 4), 0, 1, 0, 0, id="minimax only"),
        pytest.param((-1, -2, 4), 0, 1, 1, 0, id="minimax and stable"),
        pytest.param((3, 1, 4), 0, 0, 1, 1, id="spurious"),
        pytest.param((-1, 1, 1), 0, 0, 0, 0, id="nothing"),
        pytest.param((0, 0, 1), 0, 0, 0, 0, id="a centre"),
        pytest.param((0, 0, 0), 0, 0, 0, 0, id="not strict"),
    ],
)
def test_points_of_every_kind(coefficients, is_nash, is_minimax, is_stable, is_spurious):
    found = classified(*map(float, coefficients))
    assert found == (is_nash, is_minimax, is_stable, is_spurious, 0)


def test_gradient_norm_tells_points_that_are_not_stationary():
    found = jax.jit(
        lambda z: stationary_points.classification(lambda x, y: 3 * x - 4 * y + x**2, z)
    )(tuple(map(jnp.array, ORIGIN)))
    assert_allclose(found.gradient_norm, 5)


@pytest.mark.parametrize("shape", [(2, 3), (1, 2)])
def test_margins_of_quadratics_are_those_of_their_blocks(shape):
    margins = at_the_origin(
        lambda f, z: (
            stationary_points.nash_margin(lambda z: (f(*z), -f(*z)), z),
            stationary_points.minimax_margin(f, z),
        )
    )
    for seed in range(4):
        f_xx, f_xy, f_yy = any_blocks(*shape, seed=seed)
        f_yy = f_yy - 4 * np.eye(shape[1]) * (seed % 2)
        nash, minimax = margins(f_xx, f_xy, f_yy)
        expected = min(np.linalg.eigvalsh(f_xx)[0], np.linalg.eigvalsh(-f_yy)[0])
        assert_allclose(nash, expected, rtol=EXACT)
        answered = f_xx - f_xy @ np.linalg.inv(f_yy) @ f_xy.T
        follower = np.linalg.eigvalsh(-f_yy)[0]
        expected = min(follower, np.linalg.eigvalsh(answered)[0]) if follower > 0 else follower
        assert_allclose(minimax, expected, rtol=EXACT)


def test_schur_complement_is_the_curvature_of_the_answered_loss():
    # max_y f has a closed form, x^2 + sin(x)^2 / 4, of second derivative 2 + 1/2 at 0.
    def f(x, y):
        return x**2 + y * jnp.sin(x) - y**2

    @jax.jit
    def margin(scale):
        z = tuple(map(jnp.array, ORIGIN))
        return stationary_points.minimax_margin(lambda x, y: f(x, scale * y), z)

    assert_allclose(margin(1.0), 2.0, rtol=EXACT)  # -f_yy, which is less
    assert_allclose(margin(2.0), 2.5, rtol=EXACT)  # -f_yy is 8


def test_nash_margin_looks_at_every_players_own_block():
    def losses(z):
        a, b, c = z
        return a @ a + a[0] * b, 4 * b**2 + 9 * jnp.sum(c) * b + 7 * a[1]

    @jax.jit
    def margin(weight):
        def weighed(z):
            return (*losses(z), weight * z[2] @ z[2])

        z = jnp.zeros(2), jnp.array(0.0), jnp.zeros(2)
        return stationary_points.nash_margin(weighed, z)

    assert_allclose(margin(7.0), 2.0, rtol=EXACT)
    assert_allclose(margin(0.7), 1.4, rtol=EXACT)
    assert_allclose(margin(-1e-3), -2e-3, rtol=EXACT)


@pytest.mark.parametrize("P", [1, 2, 5])
def test_stability_margin_has_the_sign_of_the_least_real_part_and_never_overstates(P):
    rng = np.random.default_rng(P)
    signs = set()
    for _ in range(20):
        J = rng.normal(size=(P, P)) + rng.uniform(-1, 3) * np.eye(P)
        least = np.linalg.eigvals(J).real.min()
        margin = stability_margin(J)
        assert np.sign(margin) == np.sign(least)
        assert np.abs(margin) <= np.abs(least) * (1 + EXACT)
        signs.add(float(np.sign(least)))
    assert signs == {-1.0, 1.0}


def test_stability_margin_of_a_normal_matrix_is_its_least_real_part():
    Q = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
    J = Q @ np.array([[0.5, 4.0, 0.0], [-4.0, 0.5, 0.0], [0.0, 0.0, 2.0]]) @ Q.T
    assert_allclose(stability_margin(J), 0.5, rtol=EXACT)


def test_a_rotation_has_no_margin():
    assert_allclose(stability_margin(np.array([[0.0, 2.0], [-2.0, 0.0]])), 0, atol=1e-12)
    assert_allclose(stability_margin(np.zeros((2, 2))), 0)


def test_a_nash_point_is_minimax_and_stable_whatever_the_coupling():
    found_at = at_the_origin(stationary_points.classification)
    for seed in range(5):
        f_xx, f_xy, f_yy = any_blocks(2, 2, seed=seed)
        found = found_at(f_xx @ f_xx + 0.1 * np.eye(2), 10 * f_xy, -f_yy @ f_yy - 0.1 * np.eye(2))
        assert found[:4] == (True, True, True, False)
