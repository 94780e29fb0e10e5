"""Consensus and symplectic adjustment against dense Jacobians, on games that tell them apart."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from reference.differential_games import game, gradient_adjustment
from reference.pytrees import as_vector

EXACT = 1e-9  # float64, products of products
consensus_gradient = gradient_adjustment.consensus_gradient
symplectic_gradient = gradient_adjustment.symplectic_gradient


def curved_game(z):
    """Three losses without symmetry, of players that are trees."""
    a, b, c = z[0]["a"], z[1]["b"], z[1]["c"]
    total = jnp.sum(a) * jnp.sum(b) + jnp.sum(jnp.sin(a)) * c
    return total + jnp.sum(a**4), total * c - jnp.sum(jnp.cos(b)), jnp.sum(z[2] ** 3) * total


def curved_players(seed=0):
    rng = np.random.default_rng(seed)
    a, b, c, d = (jnp.array(rng.normal(size=shape)) for shape in [(2, 2), (3,), (), (1,)])
    return {"a": a}, {"b": b, "c": c}, d


def spiral(pull, turn):
    """Two players with xi = pull z + turn (y, -x)."""

    def losses(z):
        x, y = z
        return pull * x**2 / 2 + turn * x * y, pull * y**2 / 2 - turn * x * y

    return losses


def alignment_sign(losses, z, bias=0.1):
    return jax.jit(lambda z, bias: gradient_adjustment.alignment_sign(losses, z, bias=bias))(
        z, bias
    )


@jax.jit
def dense(z):
    """xi and J of the curved game."""
    xi = as_vector(game.simultaneous_gradient(curved_game, z))
    return xi, game.game_jacobian(curved_game, z)


@pytest.mark.parametrize("seed", range(2))
def test_both_fields_are_those_of_the_dense_jacobian(seed):
    z = curved_players(seed)
    xi, J = dense(z)
    found = jax.jit(lambda z: consensus_gradient(curved_game, z, weight=0.7))(z)
    assert jax.tree.structure(found) == jax.tree.structure(z)
    scale = np.abs(J).max() * np.abs(xi).max()
    assert_allclose(as_vector(found), xi + 0.7 * J.T @ xi, atol=EXACT * scale)
    found = jax.jit(lambda z: symplectic_gradient(curved_game, z, weight=0.7))(z)
    adjustment = (J - J.T).T @ xi / 2
    assert_allclose(as_vector(found), xi + 0.7 * adjustment, atol=EXACT * scale)
    assert_allclose(xi @ adjustment, 0, atol=EXACT * scale * np.abs(xi).max())


def test_consensus_also_descends_half_the_square_of_the_field():
    z = curved_players()

    def energy(z):
        return jnp.sum(as_vector(game.simultaneous_gradient(curved_game, z)) ** 2) / 2

    pull = as_vector(jax.jit(jax.grad(energy))(z))
    fields = jax.jit(
        jax.vmap(lambda weight: as_vector(consensus_gradient(curved_game, z, weight=weight)))
    )(jnp.array([2.0, 0.0]))
    assert_allclose(fields[0] - fields[1], 2 * pull, rtol=EXACT, atol=EXACT)


def test_the_two_coincide_where_the_game_only_turns_and_not_elsewhere():
    z = jnp.array(0.4), jnp.array(1.1)
    for losses, coincide in [(spiral(0.0, 2.0), True), (spiral(0.5, 2.0), False)]:
        fields = [
            field(losses, z, weight=1.0) for field in (consensus_gradient, symplectic_gradient)
        ]
        assert np.allclose(*fields, rtol=EXACT) == coincide


def test_symplectic_field_of_a_potential_game_is_plain_descent():
    def potential(z):
        return jnp.sin(z[0]) * z[1] ** 2

    def losses(z):
        return potential(z), potential(z)

    z = jnp.array(0.4), jnp.array(1.1)
    assert_allclose(symplectic_gradient(losses, z, weight=1.0), jax.grad(potential)(z), rtol=EXACT)


def test_alignment_sign_is_that_of_the_dense_products():
    sign = jax.jit(lambda z, bias: gradient_adjustment.alignment_sign(curved_game, z, bias=bias))
    signs = set()
    for seed in range(20):
        z = curved_players(seed)
        xi, J = dense(z)
        h, adjustment = J.T @ xi, (J - J.T).T @ xi / 2
        alignment = (xi @ h) * (adjustment @ h) / len(xi)
        for bias in (0.0, -0.9 * alignment, -1.1 * alignment):
            assert_allclose(sign(z, bias), np.sign(alignment + bias))
        signs.add(float(np.sign(alignment)))
    assert signs == {-1.0, 1.0}


def test_alignment_is_divided_by_the_number_of_parameters():
    # At (x, 0): xi = (-x, -2 x), <xi, h> = -5 x^2, <A^T xi, h> = 20 x^2, so -50 x^4 over P = 2.
    losses, x = spiral(-1.0, 2.0), 1.0
    z = jnp.array(x), jnp.array(0.0)
    assert alignment_sign(losses, z, 49.0) == -1
    assert alignment_sign(losses, z, 51.0) == 1


@pytest.mark.parametrize(("pull", "sign"), [(0.3, 1), (0.0, 1), (-0.3, -1)])
def test_aligned_field_leaves_unstable_points_and_is_drawn_to_stable_ones(pull, sign):
    losses, z_0 = spiral(pull, 2.0), (jnp.array(3.0), jnp.array(-2.0))
    assert alignment_sign(losses, z_0) == sign

    def aligned(z):
        weight = gradient_adjustment.alignment_sign(losses, z)
        return symplectic_gradient(losses, z, weight=weight)

    z = jax.jit(lambda z: game.descent_iterates(aligned, z, 0.02, num_steps=100))(z_0)
    norms = np.hypot(*z)
    assert norms[-1] < norms[0] / 10 if sign == 1 else norms[-1] > 10 * norms[0]
