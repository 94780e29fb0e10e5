"""Ridges through a crossing of eigenvalues, eigenpairs against LAPACK, Lyapunov exponents."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from reference.pytrees import as_vector
from reference.talks import ridge_rider

EXACT = 1e-9  # float64


def ride(loss, w_0, index, step_size, num_steps):
    return jax.jit(lambda w: ridge_rider.ridge_ride(loss, w, index, step_size, num_steps))(w_0)


def separable(w):
    """Curvature 3 x^2 - 2 along x and -1 along y: the first crosses the second at x^2 = 1/3."""
    return w["x"] ** 4 / 4 - w["x"] ** 2 - w["y"] ** 2 / 2


def saddle():
    return {"x": jnp.array(0.0), "y": jnp.array(0.0)}


def warped(w):
    """No symmetry and no axis: a saddle at 0 whose ridges bend."""
    x, y, z = w
    return x**4 - x**2 + y**4 - 0.6 * y**2 + z**2 + 0.3 * x * y * z + 0.2 * x**2 * z + 0.1 * y * z


def test_a_ridge_goes_on_through_a_crossing_of_eigenvalues_and_ends_where_it_turns():
    found = ride(separable, saddle(), 0, 0.05, 25)
    x = np.array(found.points["x"])
    k = np.arange(26)
    # Curvature vanishes at x = sqrt(2/3) = 0.816: the last step from below it, then none.
    assert_allclose(x, 0.05 * np.minimum(k, 17), atol=EXACT)
    assert_allclose(found.points["y"], 0, atol=EXACT)
    assert_allclose(found.eigenvalues, 3 * x**2 - 2, rtol=EXACT)
    assert_allclose(found.overlaps, 1, rtol=EXACT)
    assert_allclose(found.directions, np.tile([1.0, 0.0], (26, 1)), atol=EXACT)


def test_the_other_ridge_and_the_other_way_lead_elsewhere():
    second = ride(separable, saddle(), 1, 0.05, 5)
    assert_allclose(second.points["y"], 0.05 * np.arange(6), atol=EXACT)
    assert_allclose(second.eigenvalues, -1, rtol=EXACT)
    backwards = ride(separable, saddle(), 0, -0.05, 5)
    assert_allclose(backwards.points["x"], -0.05 * np.arange(6), atol=EXACT)


@pytest.mark.parametrize("index", [0, 1])
def test_every_direction_is_an_eigenvector_turned_to_the_last(index):
    found = ride(warped, jnp.zeros(3), index, 0.05, 12)
    H = jax.jit(jax.vmap(jax.hessian(warped)))(found.points)
    Hv = np.einsum("tij,tj->ti", H, found.directions)
    assert_allclose(Hv, found.eigenvalues[:, None] * found.directions, atol=EXACT)
    assert_allclose(np.linalg.norm(found.directions, axis=1), 1, rtol=EXACT)
    overlaps = np.sum(found.directions[1:] * found.directions[:-1], axis=1)
    assert_allclose(found.overlaps[1:], overlaps, rtol=EXACT)
    assert np.all(overlaps > 0.9)
    moves = np.diff(found.points, axis=0)
    going = np.array(found.eigenvalues[:-1]) < 0
    assert_allclose(moves, 0.05 * found.directions[:-1] * going[:, None], atol=EXACT)
    assert 3 < going.sum() < 12


def test_the_loss_falls_along_a_ridge_from_a_saddle():
    found = ride(warped, jnp.zeros(3), 0, 0.05, 12)
    losses = jax.vmap(warped)(found.points)
    going = np.array(found.eigenvalues[:-1]) < 0
    assert np.all(np.diff(losses)[going] < 0)


# --- In a game -----------------------------------------------------------------------------------


def matrix_with(eigenvalues, seed=0):
    """A real matrix, not normal, with a pair a +- ib for each complex a + ib given."""
    blocks = np.zeros((0, 0))
    for z in eigenvalues:
        block = [[z.real, z.imag], [-z.imag, z.real]] if z.imag else [[z.real]]
        size = len(blocks) + len(block)
        blocks = np.block(
            [
                [blocks, np.zeros((len(blocks), len(block)))],
                [np.zeros((len(block), len(blocks))), np.array(block)],
            ]
        )
        assert len(blocks) == size
    T = np.random.default_rng(seed).normal(size=blocks.shape) + 2 * np.eye(len(blocks))
    return T @ blocks @ np.linalg.inv(T)


@pytest.mark.parametrize("wanted", [1 + 2j, 0.5 + 0j])
def test_tracked_eigenpair_is_that_of_lapack_nearby(wanted):
    before = matrix_with([1 + 2j, 0.5 + 0j, -1 + 0.3j])
    after = before + 0.02 * np.random.default_rng(1).normal(size=before.shape)
    values, vectors = np.linalg.eig(before)
    chosen = np.argmin(np.abs(values - wanted))
    v_before = vectors[:, chosen].astype(complex) * np.exp(0.7j)
    value, v = jax.jit(ridge_rider.tracked_eigenpair)(
        after, values[chosen].astype(complex), v_before
    )
    expected = np.linalg.eigvals(after)
    assert_allclose(value, expected[np.argmin(np.abs(expected - wanted))], rtol=EXACT)
    assert_allclose(after @ v, value * v, atol=EXACT)
    assert_allclose(np.linalg.norm(v), 1, rtol=EXACT)
    overlap = np.vdot(v_before, v)
    assert overlap.real > 0.9
    assert_allclose(overlap.imag, 0, atol=EXACT)


def game_field(z):
    """Rotation about 0 with a pull that grows: J is not symmetric, its pair complex."""
    x, y, w = z["x"], z["y"], z["w"]
    return {"x": -x + 2 * y + x**3, "y": -2 * x - 0.5 * y + w * x, "w": w + 0.3 * x * y}


def test_a_ride_in_a_game_follows_one_eigenpair_of_the_jacobian():
    z_0 = {name: jnp.array(0.1) for name in "xyw"}

    def flat(vector):
        w, x, y = vector
        return as_vector(game_field({"x": x, "y": y, "w": w}))

    values, vectors = np.linalg.eig(jax.jit(jax.jacfwd(flat))(as_vector(z_0)))
    chosen = np.argmax(np.imag(values))
    found = jax.jit(
        lambda z, value, v: ridge_rider.game_ridge_ride(game_field, z, value, v, 0.05, 20)
    )(z_0, values[chosen], vectors[:, chosen])
    points = np.stack([found.points["w"], found.points["x"], found.points["y"]], axis=1)
    J = jax.jit(jax.vmap(jax.jacfwd(flat)))(jnp.array(points))
    Jv = np.einsum("tij,tj->ti", J, found.directions)
    assert_allclose(Jv, found.eigenvalues[:, None] * found.directions, atol=EXACT)
    assert_allclose(found.residual_norms, 0, atol=EXACT)
    assert np.all(np.imag(found.eigenvalues) > 0.5)
    assert np.abs(np.diff(found.eigenvalues)).max() > 1e-3
    real = np.real(found.directions)
    steps = 0.05 * real / np.linalg.norm(real, axis=1, keepdims=True)
    assert_allclose(np.diff(points, axis=0), steps[:-1], atol=EXACT)


# --- Where trajectories part ---------------------------------------------------------------------


def exponent(step, z_0, direction, num_steps):
    return jax.jit(lambda z, d: ridge_rider.lyapunov_exponent(step, z, d, num_steps))(
        z_0, direction
    )


def henon(z):
    return jnp.stack([1 - 1.4 * z[0] ** 2 + z[1], 0.3 * z[0]])


def test_exponent_of_few_steps_is_the_growth_of_a_product_of_jacobians():
    z, product = np.array([0.3, 0.1]), np.eye(2)
    for _ in range(5):
        product = np.array([[-2.8 * z[0], 1.0], [0.3, 0.0]]) @ product
        z = np.array(henon(z))
    d = np.array([0.6, -3.0])
    expected = np.log(np.linalg.norm(product @ d) / np.linalg.norm(d)) / 5
    found = exponent(henon, jnp.array([0.3, 0.1]), jnp.array(d), 5)
    assert_allclose(found, expected, rtol=EXACT)


def test_exponents_of_a_linear_map_are_logarithms_of_its_moduli():
    M = matrix_with([0.5 + 0.4j, 1.2 + 0j, -0.3 + 0j], seed=2)
    found = jax.jit(lambda z: ridge_rider.lyapunov_exponents(lambda z: M @ z, z, 4000))(jnp.ones(4))
    moduli = np.array([1.2, abs(0.5 + 0.4j), abs(0.5 + 0.4j), 0.3])
    # The transient of Q_0 = I adds O(1) / 4000; exactly nothing to the sum.
    assert_allclose(found, np.log(moduli), atol=2e-3)
    assert_allclose(found.sum(), np.linalg.slogdet(M)[1], rtol=EXACT)


def test_exponents_of_maps_known_to_be_chaotic():
    # The logistic map at 4 has log 2, its orbit's mean of log |4 - 8 z| converging as 1/sqrt(K).
    z = {"z": jnp.array(0.3)}
    found = exponent(lambda z: {"z": 4 * z["z"] * (1 - z["z"])}, z, {"z": jnp.array(-2.0)}, 20_000)
    assert_allclose(found, np.log(2), atol=0.02)
    # Henon's map contracts areas by 0.3 everywhere; 0.419 is the accepted largest exponent.
    found = jax.jit(lambda z: ridge_rider.lyapunov_exponents(henon, z, 20_000))(jnp.zeros(2))
    assert_allclose(found[0], 0.419, atol=0.01)
    assert_allclose(found.sum(), np.log(0.3), rtol=EXACT)


def test_gradient_descent_parts_at_a_saddle_and_nowhere_else():
    def step(z):
        return z - 0.1 * jax.grad(lambda z: z[0] ** 2 - z[1] ** 2 + z[1] ** 4)(z)

    across, along = jnp.array([0.0, 1.0]), jnp.array([1.0, 0.0])
    assert_allclose(exponent(step, jnp.zeros(2), across, 30), np.log(1.2), rtol=EXACT)
    assert_allclose(exponent(step, jnp.zeros(2), along, 30), np.log(0.8), rtol=EXACT)
    minimum = jnp.array([0.0, 0.5**0.5])
    assert exponent(step, minimum, across, 30) < 0
