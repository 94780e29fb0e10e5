"""Coupling blocks against dense Jacobians, and what float32 makes of their inverses."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from reference import problems
from reference.talks import invertible_networks

EXACT = 1e-10  # float64, condition numbers below 1e3


def networks(size, seed):
    """A scale and a shift for blocks of this size, and an input; ragged where it is odd."""
    rng = np.random.default_rng(seed)
    num_in, num_out = size // 2, size - size // 2
    W_s, W_t = rng.normal(size=(2, num_out, num_in))

    def scale(x_1):
        return jnp.exp(jnp.sin(jnp.array(W_s, x_1.dtype) @ x_1))

    def shift(x_1):
        return jnp.tanh(jnp.array(W_t, x_1.dtype) @ x_1) + x_1[0] ** 2

    return scale, shift, jnp.array(rng.normal(size=size))


@pytest.mark.parametrize("size", [2, 5, 6])
def test_inverses_undo_the_blocks_both_ways(size):
    scale, shift, x = networks(size, seed=0)
    y = invertible_networks.additive_coupling(shift, x)
    assert_allclose(invertible_networks.additive_coupling_inverse(shift, y), x, rtol=EXACT)
    x_again = invertible_networks.additive_coupling_inverse(shift, x)
    assert_allclose(invertible_networks.additive_coupling(shift, x_again), x, rtol=EXACT)
    y = invertible_networks.affine_coupling(scale, shift, x)
    assert_allclose(invertible_networks.affine_coupling_inverse(scale, shift, y), x, rtol=EXACT)
    x_again = invertible_networks.affine_coupling_inverse(scale, shift, x)
    assert_allclose(invertible_networks.affine_coupling(scale, shift, x_again), x, rtol=EXACT)


def test_blocks_keep_the_first_half_and_have_the_volume_of_their_scales():
    scale, shift, x = networks(5, seed=1)
    for block, log_volume in (
        (lambda x: invertible_networks.additive_coupling(shift, x), 0.0),
        (
            lambda x: invertible_networks.affine_coupling(scale, shift, x),
            jnp.sum(jnp.log(scale(x[:2]))),
        ),
    ):
        assert_allclose(block(x)[:2], x[:2], rtol=EXACT)
        _, logdet = np.linalg.slogdet(jax.jit(jax.jacfwd(block))(x))
        assert_allclose(logdet, log_volume, rtol=EXACT, atol=EXACT)
    expected = scale(x[:2]) * x[2:] + shift(x[:2])
    assert_allclose(invertible_networks.affine_coupling(scale, shift, x)[2:], expected, rtol=EXACT)


def test_a_stack_is_undone_by_its_inverses_and_moves_every_coordinate():
    scale, shift, x = networks(6, seed=2)
    blocks = [
        lambda x: invertible_networks.affine_coupling(scale, shift, x),
        lambda x: invertible_networks.additive_coupling(shift, x),
        lambda x: invertible_networks.affine_coupling(scale, shift, 2 * x),
    ]
    inverses = [
        lambda y: invertible_networks.affine_coupling_inverse(scale, shift, y),
        lambda y: invertible_networks.additive_coupling_inverse(shift, y),
        lambda y: invertible_networks.affine_coupling_inverse(scale, shift, y) / 2,
    ]
    y = invertible_networks.coupling_stack(blocks, x)
    assert_allclose(invertible_networks.coupling_stack_inverse(inverses, y), x, rtol=1e-9)
    by_hand = x
    for block in blocks:
        by_hand = jnp.flip(block(by_hand))
    assert_allclose(y, by_hand, rtol=EXACT)
    J = jax.jit(jax.jacfwd(lambda x: invertible_networks.coupling_stack(blocks[:2], x)))(x)
    assert np.all(np.abs(J - np.flip(np.eye(6), 0)).max(axis=1) > 1e-3)


@pytest.mark.parametrize("lower", [0.0, 0.3])
def test_bounded_scale_runs_from_its_floor_to_one(lower):
    raw = jnp.array([-50.0, -1.0, 0.0, 50.0])
    scale = invertible_networks.bounded_scale(raw, lower)
    expected = lower + (1 - lower) / (1 + np.exp(-np.asarray(raw)))
    assert_allclose(scale, expected, rtol=EXACT)


@pytest.mark.parametrize("shape", [(2, 2), (3, 2), (1, 4)])
def test_shear_norm_is_that_of_the_dense_matrix_and_of_its_inverse(shape):
    C = np.random.default_rng(3).normal(size=shape)
    num_out, num_in = shape
    M = np.block([[np.eye(num_in), np.zeros((num_in, num_out))], [C, np.eye(num_out)]])
    norm = invertible_networks.shear_norm(jnp.array(C))
    assert_allclose(norm, np.linalg.norm(M, 2), rtol=EXACT)
    assert_allclose(norm, np.linalg.norm(np.linalg.inv(M), 2), rtol=EXACT)
    assert np.linalg.norm(C, 2) < norm < 1 + np.linalg.norm(C, 2)


def test_inverse_jacobian_norm_is_that_of_the_inverse_function():
    scale, shift, x = networks(5, seed=4)

    def block(x):
        return invertible_networks.affine_coupling(scale, shift, x)

    def inverse(y):
        return invertible_networks.affine_coupling_inverse(scale, shift, y)

    J = jax.jit(jax.jacfwd(inverse))(block(x))
    norm = invertible_networks.inverse_jacobian_norm(block, x)
    assert_allclose(norm, np.linalg.norm(J, 2), rtol=1e-9)


def test_coupling_norms_are_within_their_bounds_and_above_half():
    bounds = jax.jit(
        lambda W, x: invertible_networks.coupling_norm_bounds(
            lambda x_1: jnp.exp(W[0] @ x_1), lambda x_1: jnp.sin(W[1] @ x_1), x
        )
    )
    jacobian = jax.jit(
        jax.jacfwd(
            lambda x, W: invertible_networks.affine_coupling(
                lambda x_1: jnp.exp(W[0] @ x_1), lambda x_1: jnp.sin(W[1] @ x_1), x
            )
        )
    )
    for seed in range(20):
        rng = np.random.default_rng(seed)
        W, x = jnp.array(rng.normal(size=(2, 3, 2))), jnp.array(rng.normal(size=5))
        J = np.asarray(jacobian(x, W))
        s, C = np.diag(J[2:, 2:]), np.linalg.norm(J[2:, :2], 2)
        forward, backward = bounds(W, x)
        assert_allclose(forward, max(1, s.max()) + C, rtol=1e-9)
        assert_allclose(backward, max(1, 1 / s.min()) + C / s.min(), rtol=1e-9)
        assert forward / 2 < np.linalg.norm(J, 2) <= forward * (1 + EXACT)
        assert np.linalg.norm(np.linalg.inv(J), 2) <= backward * (1 + EXACT)


def test_lipschitz_bound_of_a_perceptron_bounds_both_directions_of_an_additive_block():
    w = problems.perceptron_parameters(jax.random.key(0), [2, 4, 3], float)
    bound = invertible_networks.perceptron_lipschitz_bound(w)
    by_hand = [np.linalg.svd(layer["weights"], compute_uv=False)[0] for layer in w]
    assert_allclose(bound, np.prod(by_hand), rtol=EXACT)

    def block(x):
        shift = lambda x_1: problems.perceptron_outputs(w, x_1[None])[0]  # noqa: E731
        return invertible_networks.additive_coupling(shift, x)

    xs = jax.random.normal(jax.random.key(1), (50, 5)) * 2
    jacobians = jax.jit(jax.vmap(jax.jacfwd(block)))(xs)
    norms = np.linalg.norm(jacobians, 2, axis=(1, 2))
    inverse_norms = np.linalg.norm(np.linalg.inv(jacobians), 2, axis=(1, 2))
    assert_allclose(norms, inverse_norms, rtol=1e-9)
    assert norms.max() < 1 + bound
    assert_allclose(norms[0], invertible_networks.shear_norm(jacobians[0][2:, :2]), rtol=1e-9)


def test_reconstruction_error_is_the_distance_to_what_comes_back():
    error = invertible_networks.reconstruction_error(
        lambda x: 2 * x, lambda y: y / 2 + jnp.array([3.0, 4.0]), jnp.array([10.0, -7.0])
    )
    assert_allclose(error, 5, rtol=EXACT)


def test_affine_inverses_explode_in_float32_and_additive_ones_do_not():
    rng = np.random.default_rng(5)
    x = jnp.array(rng.normal(size=6), jnp.float32)
    W = jnp.array(rng.normal(size=(3, 3)), jnp.float32)
    num_blocks = 6

    def shift(x_1):
        return jnp.sin(W @ x_1)

    def errors(scale):
        forward = [lambda x: invertible_networks.affine_coupling(scale, shift, x)] * num_blocks
        back = [lambda y: invertible_networks.affine_coupling_inverse(scale, shift, y)] * num_blocks

        def stack(x):
            return invertible_networks.coupling_stack(forward, x)

        def inverse(y):
            return invertible_networks.coupling_stack_inverse(back, y)

        @jax.jit
        def measured(x):
            norm = invertible_networks.inverse_jacobian_norm(stack, x)
            error = invertible_networks.reconstruction_error(stack, inverse, x)
            return norm, error, jnp.linalg.norm(stack(x))

        return measured(x)

    eps = float(jnp.finfo(jnp.float32).eps)
    results = {
        "additive": errors(lambda x_1: jnp.ones_like(x_1)),
        "bounded": errors(lambda x_1: invertible_networks.bounded_scale(-9 + x_1, 0.5)),
        "affine": errors(lambda x_1: jnp.exp(-3 + 0 * x_1)),
    }
    for norm, error, size in results.values():
        # A few roundings in each of the blocks, each magnified by the rest of the inverse.
        assert error < 10 * num_blocks * eps * norm * (1 + size)
    assert results["additive"][1] < 1e-4
    assert results["bounded"][1] < 1e-2
    assert results["affine"][0] > 1e3  # e^{3 x 3}: half the blocks shrink each half
    assert results["affine"][1] > 10 * results["additive"][1]
