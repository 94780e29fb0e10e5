"""Awareness of the others' learning against matrices on quadratic games, and told apart."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from reference.differential_games import game, gradient_adjustment, opponent_shaping
from reference.pytrees import as_vector

EXACT = 1e-10  # float64
ALPHA = 0.3
FIELDS = [
    opponent_shaping.look_ahead_gradient,
    opponent_shaping.first_order_lola_gradient,
    opponent_shaping.exact_lola_gradient,
]


def quadratic_game(sizes, *, seed=0):
    """l_i = z^T M_i z / 2, with a slice of the flat z for every player."""
    rng, P = np.random.default_rng(seed), sum(sizes)
    M = rng.normal(size=(len(sizes), P, P))
    M = M + M.transpose(0, 2, 1)
    ends = np.cumsum((0, *sizes))
    own = [slice(ends[i], ends[i + 1]) for i in range(len(sizes))]
    z = tuple(jnp.array(rng.normal(size=size)) for size in sizes)

    def losses(z):
        z = jnp.concatenate(z)
        return tuple(z @ M_i @ z / 2 for M_i in M)

    return losses, M, own, z


def expected_fields(M, own, z):
    """The three fields with all matrices at hand, from the definitions."""
    P = len(z)
    J = np.concatenate([M_i[own_i] for M_i, own_i in zip(M, own, strict=True)])
    fields = np.zeros((3, P))
    for M_i, i in zip(M, own, strict=True):
        others_step = -ALPHA * J
        others_step[i] = 0
        moved = np.eye(P) + others_step  # z to (z_i, the others after their step)
        fields[0, i] = (M_i @ moved @ z)[i]
        # l_i + <grad l_i, others' step>, only the step differentiated.
        fields[1, i] = (M_i @ z)[i] + (others_step.T @ M_i @ z)[i]
        fields[2, i] = (moved.T @ M_i @ moved @ z)[i]
    return fields


def curved_game(z):
    a, b = z[0]["a"], z[1]
    return jnp.sum(jnp.sin(a)) * jnp.sum(b**2) + jnp.sum(a**4), jnp.sum(a**2 * b) - jnp.cos(b[0])


def curved_players(seed=0):
    rng = np.random.default_rng(seed)
    return {"a": jnp.array(rng.normal(size=2))}, jnp.array(rng.normal(size=2))


def compiled(field, losses, alpha=ALPHA):
    return jax.jit(lambda z: field(losses, z, opponent_step_size=alpha))


@pytest.mark.parametrize("sizes", [(2, 3), (2, 1, 3)])
def test_fields_of_a_quadratic_game_are_those_of_its_matrices(sizes):
    losses, M, own, z = quadratic_game(sizes)
    expected = expected_fields(M, own, np.concatenate(z))
    for field, values in zip(FIELDS, expected, strict=True):
        assert_allclose(as_vector(compiled(field, losses)(z)), values, rtol=EXACT)


def test_exact_field_is_a_central_difference_of_the_foreseen_loss():
    z = curved_players()
    a, b = z[0]["a"], z[1]
    found = compiled(opponent_shaping.exact_lola_gradient, curved_game)(z)

    def foreseen(a):
        step = jax.grad(lambda b: curved_game(({"a": a}, b))[1])(b)
        return curved_game(({"a": a}, b - ALPHA * step))[0]

    foreseen = jax.jit(foreseen)
    e = 1e-5 * np.eye(2)
    differences = [(foreseen(a + e_j) - foreseen(a - e_j)) / 2e-5 for e_j in e]
    # Truncation e^2 and rounding eps/e are both near 1e-10, times values near 10.
    assert_allclose(found[0]["a"], differences, atol=1e-7)


def test_exact_field_is_the_sum_of_both_terms_to_second_order():
    z = curved_players(1)
    xi = as_vector(game.simultaneous_gradient(curved_game, z))

    @jax.jit
    def remainder(alpha):
        look_ahead, shaping, exact = (
            as_vector(field(curved_game, z, opponent_step_size=alpha)) for field in FIELDS
        )
        return jnp.linalg.norm(exact - look_ahead - shaping + xi)

    assert_allclose(remainder(1e-3) / remainder(5e-4), 4, rtol=0.02)


def test_look_ahead_and_shaping_are_the_blocks_of_the_jacobian_to_first_order():
    z, alpha = curved_players(2), 1e-6
    xi = as_vector(game.simultaneous_gradient(curved_game, z))
    J = np.array(game.game_jacobian(curved_game, z))
    J[:2, :2] = J[2:, 2:] = 0
    look_ahead = as_vector(compiled(FIELDS[0], curved_game, alpha)(z))
    # Second-order terms of the look ahead remain, of size alpha.
    assert_allclose((look_ahead - xi) / alpha, -J @ xi, atol=1e-3)
    gradients = [as_vector(jax.grad(lambda z, i=i: curved_game(z)[i])(z)) for i in range(2)]
    chi = [J[2:, :2].T @ gradients[0][2:], J[:2, 2:].T @ gradients[1][:2]]
    shaping = as_vector(compiled(FIELDS[1], curved_game, alpha)(z))
    assert_allclose((shaping - xi) / alpha, -np.concatenate(chi), rtol=1e-6, atol=1e-6)


def test_the_remedies_coincide_on_a_bilinear_game_and_differ_on_others():
    B = np.random.default_rng(3).normal(size=(2, 3))
    z = jnp.array([1.0, -0.5]), jnp.array([0.3, 0.8, -1.0])

    def all_fields(losses):
        """Look ahead, first-order LOLA, consensus, symplectic."""
        adjusted = gradient_adjustment.consensus_gradient, gradient_adjustment.symplectic_gradient

        @jax.jit
        def fields(z):
            return [
                *[field(losses, z, opponent_step_size=1.0) for field in FIELDS[:2]],
                *[field(losses, z, weight=1.0) for field in adjusted],
            ]

        return np.stack([as_vector(field) for field in fields(z)])

    fields = all_fields(game.zero_sum(lambda x, y: x @ B @ y))
    xi = np.concatenate([B @ z[1], -B.T @ z[0]])
    pull = np.concatenate([B @ B.T @ z[0], B.T @ B @ z[1]])
    assert_allclose(fields, np.tile(xi + pull, (4, 1)), rtol=EXACT)

    # Zero-sum: xi + A^T xi for LOLA as well, and consensus adds S xi.
    fields = all_fields(game.zero_sum(lambda x, y: x @ B @ y + x @ x - y @ y))
    assert_allclose(fields[1], fields[3], rtol=EXACT)
    assert_allclose(fields[2] - fields[3], 2 * (xi + 2 * np.concatenate(z)), rtol=EXACT)

    fields = all_fields(lambda z: (z[0] @ B @ z[1] + z[0] @ z[0], z[1] @ z[1] + z[0][0] * z[1][1]))
    distances = np.linalg.norm(fields[:, None] - fields[None], axis=2)
    assert np.all(distances[np.triu_indices(4, 1)] > 0.1)


def test_exact_lola_pulls_twice_as_much_on_a_bilinear_game():
    losses = game.zero_sum(lambda x, y: 2 * x * y)
    z = jnp.array(1.0), jnp.array(0.5)
    exact = compiled(FIELDS[2], losses)(z)
    expected = 2 * z[1] + 2 * ALPHA * 4 * z[0], -2 * z[0] + 2 * ALPHA * 4 * z[1]
    assert_allclose(exact, expected, rtol=EXACT)


@pytest.mark.parametrize("field", FIELDS)
def test_without_a_step_of_the_others_it_is_plain_descent(field):
    z = curved_players(3)
    xi = as_vector(game.simultaneous_gradient(curved_game, z))
    assert_allclose(as_vector(compiled(field, curved_game, 0.0)(z)), xi, rtol=EXACT)
