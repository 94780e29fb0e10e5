"""Attacks from a union of subspaces: the group lasso against other solvers, and recovery."""

import jax
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize

from reference.talks import attack_subspaces, sparse_recovery

EXACT = 1e-10  # float64, condition numbers below 1e3
block_sparse_loss = jax.jit(attack_subspaces.block_sparse_loss)
block_soft_threshold = jax.jit(attack_subspaces.block_soft_threshold)
smallest_silent_penalty = jax.jit(attack_subspaces.smallest_silent_penalty)
block_sparse_code = jax.jit(attack_subspaces.block_sparse_code, static_argnames="num_steps")
reversed_attack = jax.jit(attack_subspaces.reversed_attack, static_argnums=3)
subspace_distances = jax.jit(attack_subspaces.subspace_distances)

SHAPES = [(4, 9, 2), (3, 5, 3)]


def problem(shape, *, seed=0):
    rng = np.random.default_rng(seed)
    G, D, B = shape
    return rng.normal(size=shape), rng.normal(size=D), rng.normal(size=(G, B))


@pytest.mark.parametrize("shape", SHAPES)
def test_loss_is_that_of_the_dense_dictionary(shape):
    blocks, x, z = problem(shape)
    dense = blocks.transpose(1, 0, 2).reshape(shape[1], -1)
    expected = np.sum((x - dense @ z.ravel()) ** 2) / 2 + 0.3 * sum(np.linalg.norm(b) for b in z)
    assert_allclose(block_sparse_loss(z, blocks, x, 0.3), expected, rtol=EXACT)


@pytest.mark.parametrize("threshold", [0.5, 1.4])
def test_block_soft_threshold_minimises_its_sum(threshold):
    z = np.array([[0.6, 0.8], [1.2, -1.6], [0.0, 0.0]])
    u = block_soft_threshold(z, threshold)
    grid = np.linspace(-2, 2, 401)
    points = np.stack(np.meshgrid(grid, grid), axis=-1).reshape(-1, 2)
    for row, found in zip(z, np.asarray(u), strict=True):
        values = np.sum((points - row) ** 2, axis=1) / 2
        values += threshold * np.linalg.norm(points, axis=1)
        assert_allclose(found, points[values.argmin()], atol=0.011)  # the grid's spacing


@pytest.mark.parametrize("shape", SHAPES)
def test_code_is_that_of_another_solver(shape):
    blocks, x, _ = problem(shape)
    penalty = 0.4 * float(smallest_silent_penalty(blocks, x))
    code = block_sparse_code(blocks, x, penalty, num_steps=2000)
    assert code.violation < 1e-8
    dense = blocks.transpose(1, 0, 2).reshape(shape[1], -1)

    def smoothed(z):
        residual, norms = x - dense @ z, np.sqrt(np.sum(z.reshape(shape[::2]) ** 2, axis=1) + 1e-10)
        slope = (z.reshape(shape[::2]) / norms[:, None]).ravel()
        return residual @ residual / 2 + penalty * norms.sum(), penalty * slope - dense.T @ residual

    peer = minimize(smoothed, np.ones(dense.shape[1]), jac=True, method="BFGS", tol=1e-9)
    # Smoothing adds at most 1e-5 to each norm.
    least = block_sparse_loss(code.coefficients, blocks, x, penalty)
    assert least <= peer.fun + EXACT
    assert_allclose(least, peer.fun, atol=penalty * shape[0] * 1e-5 + 1e-9)
    assert_allclose(code.coefficients.ravel(), peer.x, atol=1e-3)
    moved = block_sparse_code(blocks, x, 1.2 * penalty, num_steps=0)
    assert moved.violation > 0.1  # at 0, not a minimum


def test_blocks_of_one_column_are_the_lasso():
    blocks, x, _ = problem((6, 4, 1))
    penalty = 0.3 * float(smallest_silent_penalty(blocks, x))
    z = block_sparse_code(blocks, x, penalty, num_steps=3000).coefficients[:, 0]
    # There the square is a mean over the 4 measurements.
    assert sparse_recovery.optimality_violation(z, blocks[:, :, 0].T, x, penalty / 4) < 1e-8


@pytest.mark.parametrize("shape", SHAPES)
def test_all_is_silent_from_the_silent_penalty_on(shape):
    blocks, x, _ = problem(shape)
    silent = float(smallest_silent_penalty(blocks, x))
    assert not np.any(block_sparse_code(blocks, x, 1.001 * silent, num_steps=50).coefficients)
    assert np.any(block_sparse_code(blocks, x, 0.99 * silent, num_steps=50).coefficients)


@pytest.mark.parametrize(("label", "attack_type"), [(0, 1), (2, 0), (3, 2)])
def test_class_and_attack_are_recovered(label, attack_type):
    num_classes, num_types, D, B = 4, 3, 40, 2
    rng = np.random.default_rng(label)
    blocks = np.linalg.qr(rng.normal(size=(num_classes + num_types, D, B)))[0]
    signal = blocks[label] @ np.array([2.0, -1.0])
    perturbation = blocks[num_classes + attack_type] @ np.array([-0.7, 0.7])
    x = signal + perturbation
    z = block_sparse_code(blocks, x, 0.1, num_steps=300).coefficients
    attack = reversed_attack(z, blocks, x, num_classes)
    assert (attack.label, attack.attack_type) == (label, attack_type)
    assert_allclose(attack.signal, signal, atol=EXACT)
    assert_allclose(attack.perturbation, perturbation, atol=EXACT)
    # What is left without the attack lies in the class's subspace; x itself in none.
    distances = subspace_distances(blocks[:num_classes], x - attack.perturbation)
    assert_allclose(distances[label], 0, atol=EXACT)
    assert np.argmin(distances) == label
    assert np.min(subspace_distances(blocks[:num_classes], x)) > 0.5


@pytest.mark.parametrize("shape", SHAPES)
def test_distances_are_those_of_least_squares(shape):
    blocks, x, _ = problem(shape)
    expected = [np.sqrt(np.linalg.lstsq(block, x)[1][0]) for block in blocks]
    assert_allclose(subspace_distances(blocks, x), expected, rtol=1e-8)
