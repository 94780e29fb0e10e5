"""The field of a game and its Jacobian against quadratic games, differences and blocks."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from reference.differential_games import game
from reference.pytrees import as_vector

EXACT = 1e-10  # float64, short sums of products
SIZES = (2, 3, 1)


def quadratic_game(sizes, *, seed=0):
    """l_i = z^T M_i z / 2 with any symmetric M_i: row block i of J is that of M_i."""
    rng, P = np.random.default_rng(seed), sum(sizes)
    M = rng.normal(size=(len(sizes), P, P))
    M = M + M.transpose(0, 2, 1)
    ends = np.cumsum((0, *sizes))
    J = np.concatenate([M[i, ends[i] : ends[i + 1]] for i in range(len(sizes))])
    z = tuple(jnp.array(rng.normal(size=size)) for size in sizes)

    def losses(z):
        z = jnp.concatenate(z)
        return tuple(z @ M_i @ z / 2 for M_i in M)

    return losses, J, z


def curved_game(z):
    """Three losses without symmetry, of players that are trees."""
    a, b, c = z[0]["a"], z[1]["b"], z[1]["c"]
    total = jnp.sum(a) * jnp.sum(b) + jnp.sum(jnp.sin(a)) * c
    return total + jnp.sum(a**4), total * c - jnp.sum(jnp.cos(b)), jnp.sum(z[2] ** 3) * total


def curved_players(seed=0):
    rng = np.random.default_rng(seed)
    a, b, c, d = (jnp.array(rng.normal(size=shape)) for shape in [(2, 2), (3,), (), (1,)])
    return {"a": a}, {"b": b, "c": c}, d


@pytest.mark.parametrize("sizes", [(2, 3), SIZES])
def test_field_and_jacobian_of_a_quadratic_game(sizes):
    losses, J, z = quadratic_game(sizes)
    xi = jax.jit(lambda z: game.simultaneous_gradient(losses, z))(z)
    assert [part.shape for part in xi] == [part.shape for part in z]
    assert_allclose(as_vector(xi), J @ as_vector(z), rtol=EXACT)
    assert_allclose(game.game_jacobian(losses, z), J, rtol=EXACT)


def test_every_player_takes_its_own_gradient():
    z = curved_players()
    xi = jax.jit(lambda z: game.simultaneous_gradient(curved_game, z))(z)
    assert jax.tree.structure(xi) == jax.tree.structure(z)
    for i in range(3):
        own = jax.grad(lambda z, i=i: curved_game(z)[i])(z)[i]
        assert_allclose(as_vector(xi[i]), as_vector(own), rtol=EXACT)


def test_products_are_those_of_the_matrix():
    z, v = curved_players(), curved_players(1)
    J = game.game_jacobian(curved_game, z)
    Jv = jax.jit(lambda z, v: game.game_jacobian_vector_product(curved_game, z, v))(z, v)
    JTv = jax.jit(lambda z, v: game.game_jacobian_transpose_product(curved_game, z, v))(z, v)
    assert_allclose(as_vector(Jv), J @ as_vector(v), atol=1e-9)
    assert_allclose(as_vector(JTv), J.T @ as_vector(v), atol=1e-9)
    assert np.abs(J - J.T).max() > 0.1


def test_transpose_product_with_the_field_is_the_gradient_of_half_its_square():
    z = curved_players()
    xi = game.simultaneous_gradient(curved_game, z)

    def energy(z):
        return jnp.sum(as_vector(game.simultaneous_gradient(curved_game, z)) ** 2) / 2

    product = game.game_jacobian_transpose_product(curved_game, z, xi)
    assert_allclose(as_vector(product), as_vector(jax.jit(jax.grad(energy))(z)), rtol=1e-9)


def test_parts_add_up_and_the_antisymmetric_one_turns():
    _, J, z = quadratic_game(SIZES, seed=1)
    S, A = game.symmetric_part(jnp.array(J)), game.antisymmetric_part(jnp.array(J))
    assert_allclose(S + A, J, rtol=EXACT)
    assert_allclose(S, S.T)
    assert_allclose(A, -A.T)
    v = as_vector(z)
    assert_allclose(v @ A @ v, 0, atol=EXACT)
    assert_allclose(v @ S @ v, v @ J @ v, rtol=EXACT)


def test_zero_sum_game_has_the_blocks_of_one_function():
    rng = np.random.default_rng(2)
    z = jnp.array(rng.normal(size=2)), jnp.array(rng.normal(size=3))
    B = rng.normal(size=(2, 3))

    def f(x, y):
        return jnp.sum(jnp.cos(x)) + x @ B @ y - jnp.sum(y**4)

    assert_allclose(game.zero_sum(f)(z), [f(*z), -f(*z)])
    J = game.game_jacobian(game.zero_sum(f), z)
    expected = np.block([[np.diag(-np.cos(z[0])), B], [-B.T, np.diag(12 * z[1] ** 2)]])
    assert_allclose(J, expected, atol=EXACT)


def test_descent_iterates_are_those_of_a_loop():
    losses, J, z_0 = quadratic_game((2, 3))
    x, y = jax.jit(
        lambda z: game.descent_iterates(
            lambda z: game.simultaneous_gradient(losses, z), z, 0.1, num_steps=5
        )
    )(z_0)
    z = as_vector(z_0)
    for k in range(6):
        assert_allclose(np.concatenate([x[k], y[k]]), z, rtol=EXACT)
        z = z - 0.1 * J @ z
