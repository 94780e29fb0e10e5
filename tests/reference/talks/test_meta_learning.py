"""Meta-learning: hypernetworks, warps, adaptation to batches, and weights shared by symmetry."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from reference.pytrees import as_vector
from reference.talks import meta_learning as meta

EXACT = 1e-10  # float64, short sums


# --- Hypernetworks -------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 3])
def test_hypernetwork_gradients_are_those_of_the_composition(size):
    rng = np.random.default_rng(size)
    inputs, t = rng.normal(size=(5, 2)), rng.normal(size=5)
    like = {"W": jnp.zeros((2, 3)), "v": jnp.zeros(3)}
    A, b, e = rng.normal(size=(size, 9)), rng.normal(size=9), rng.normal(size=size)

    def loss(w):
        return jnp.mean((jnp.tanh(inputs @ w["W"]) @ w["v"] - t) ** 2) / 2

    @jax.jit
    def both(A, b, e):
        def composed(A, b, e):
            return loss(meta.hypernetwork_weights(A, b, e, like=like))

        weights = meta.hypernetwork_weights(A, b, e, like=like)
        ours = meta.hypernetwork_gradients(loss, A, b, e, like=like)
        return weights, ours, jax.grad(composed, (0, 1, 2))(A, b, e)

    weights, ours, expected = both(A, b, e)
    flat = A.T @ e + b
    assert_allclose(weights["W"], flat[:6].reshape(2, 3), atol=EXACT)
    assert_allclose(weights["v"], flat[6:], atol=EXACT)
    for a, b in zip(ours, expected, strict=True):
        assert_allclose(a, b, atol=EXACT)


# --- Warped gradient descent ---------------------------------------------------------------------


def bent(theta):
    """A warp of 2 entries into 3, as a tree."""
    return {"a": jnp.sin(theta[:1]) + theta[1], "b": theta**2}


def test_warp_preconditioner_is_that_of_finite_differences():
    theta, step = np.array([0.3, -0.8]), 1e-6
    P = jax.jit(lambda theta: meta.warp_preconditioner(bent, theta))(theta)
    columns = [
        (as_vector(bent(theta + d)) - as_vector(bent(theta - d))) / (2 * step)
        for d in step * np.eye(2)
    ]
    D = np.stack(columns, axis=1)
    assert P.shape == (3, 3)
    assert_allclose(P, D @ D.T, atol=1e-8)  # central differences, 1e-10 of rounding
    assert abs(np.linalg.det(P)) < EXACT


def test_warped_step_moves_the_weights_along_the_preconditioner():
    rng = np.random.default_rng(0)
    M, target = rng.normal(size=(3, 3)), rng.normal(size=3)

    def loss(w):
        return jnp.sum(jnp.cosh(w - target))

    @jax.jit
    def moved(theta):
        linear = M @ meta.warped_step(loss, lambda theta: M @ theta, theta, 0.1)
        small = [
            jnp.tanh(meta.warped_step(loss, jnp.tanh, theta, step_size)) - jnp.tanh(theta)
            for step_size in (1e-3, 1e-4)
        ]
        return linear, small, meta.warp_preconditioner(jnp.tanh, theta)

    theta = rng.normal(size=3)
    linear, small, P = moved(theta)
    w = M @ theta
    assert_allclose(linear, w - 0.1 * M @ M.T @ np.sinh(w - target), atol=EXACT)
    direction = -P @ np.sinh(np.tanh(theta) - target)
    errors = [np.linalg.norm(s / a - direction) for s, a in zip(small, (1e-3, 1e-4), strict=True)]
    assert_allclose(errors[0] / errors[1], 10, rtol=0.05)  # an error of first order in the step


def test_best_linear_warp_makes_every_step_a_newton_step():
    """On 1/2 w^T H w the meta-loss is 0 if alpha phi phi^T = H^-1; the points count as given."""
    H, alpha = jnp.array([[2.0, 0.5], [0.5, 1.0]]), 0.3
    thetas = jnp.array(np.random.default_rng(1).normal(size=(4, 2)))

    def loss(w):
        return w @ H @ w / 2

    def meta_loss(phi, thetas):
        return meta.warp_meta_loss(loss, loss, lambda theta, phi: phi @ theta, thetas, phi, alpha)

    best = jnp.linalg.cholesky(jnp.linalg.inv(H) / alpha)
    value = jax.jit(jax.value_and_grad(meta_loss, (0, 1)))
    at_best, (slope, _) = value(best, thetas)
    assert_allclose(at_best, 0, atol=EXACT)
    assert_allclose(slope, np.zeros((2, 2)), atol=EXACT)
    at_identity, (_, in_points) = value(jnp.eye(2), thetas)
    after = np.asarray(thetas) @ (np.eye(2) - alpha * H)
    assert_allclose(at_identity, np.mean(np.einsum("ni,ij,nj->n", after, H, after)) / 2)
    assert_allclose(in_points, np.zeros((4, 2)))


def test_meta_loss_steps_on_one_loss_and_is_scored_on_the_other():
    thetas = jnp.array([1.0, 3.0])
    value = meta.warp_meta_loss(
        lambda w: w, lambda w: w**2, lambda theta, phi: phi * theta, thetas, jnp.array(2.0), 0.1
    )
    # theta - 0.1 * 2, doubled and squared.
    assert_allclose(value, np.mean((2 * (np.array([1.0, 3.0]) - 0.2)) ** 2))


# --- Adaptive risk minimisation ------------------------------------------------------------------


def groups(seed):
    """Groups that differ by a shift of the inputs, which does not change what is asked."""
    rng = np.random.default_rng(seed)
    centred = rng.normal(size=(3, 8, 2))
    centred -= centred.mean(axis=1, keepdims=True)
    w = rng.normal(size=(2, 1))
    return centred + 5 * rng.normal(size=(3, 1, 2)), centred @ w, w


def test_adaptation_to_the_inputs_alone_removes_a_shift_between_groups():
    inputs, targets, w = groups(0)

    @jax.jit
    def risks(w):
        adapted = meta.adaptive_risk(lambda x: x, lambda x, c: (x - c) @ w, inputs, targets)
        plain = meta.adaptive_risk(lambda x: x, lambda x, c: x @ w, inputs, targets)
        return adapted, plain

    adapted, plain = risks(w)
    assert_allclose(adapted, 0, atol=EXACT)
    assert_allclose(plain, np.mean((inputs @ w - targets) ** 2) / 2, rtol=1e-12)
    assert plain > 1


def test_contextual_outputs_are_permuted_with_the_batch_and_use_the_mean_feature():
    inputs = groups(1)[0][0]
    rng = np.random.default_rng(1)
    order = rng.permutation(len(inputs))

    @jax.jit
    def outputs(inputs):
        return meta.contextual_outputs(jnp.sin, lambda x, c: jnp.append(x * c, jnp.sum(c)), inputs)

    context = np.sin(inputs).mean(axis=0)
    expected = np.column_stack([inputs * context, np.full(len(inputs), context.sum())])
    assert_allclose(outputs(inputs), expected, atol=EXACT)
    assert_allclose(outputs(inputs[order]), expected[order], atol=EXACT)


# --- Symmetries by weight sharing ----------------------------------------------------------------


def cyclic_shifts(size):
    return jnp.array([np.roll(np.eye(size), k, axis=0) for k in range(size)])


def signs(size):
    return jnp.array([np.eye(size), -np.eye(size)])


def test_shared_weights_of_cyclic_shifts_are_convolutions():
    shifts = cyclic_shifts(4)
    U = meta.sharing_projector(shifts, shifts)
    W = np.random.default_rng(0).normal(size=(4, 4))
    projected = np.asarray(U @ W.ravel()).reshape(4, 4)
    # A circulant matrix, whose first column holds means along the diagonals of W.
    column = [np.mean([W[(k + i) % 4, i] for i in range(4)]) for k in range(4)]
    expected = np.stack([np.roll(column, k) for k in range(4)], axis=1)
    assert_allclose(projected, expected, atol=EXACT)
    assert np.linalg.matrix_rank(U) == 4


@pytest.mark.parametrize(
    ("on_outputs", "on_inputs", "num_shared"),
    [
        (lambda: signs(2), lambda: signs(3), 6),  # every matrix commutes with a sign
        (lambda: jnp.ones((2, 1, 1)), lambda: signs(3), 0),  # no even linear map
        (lambda: jnp.ones((3, 2, 2)) * jnp.eye(2), lambda: cyclic_shifts(3), 2),  # sums
    ],
)
def test_sharing_projector_projects_onto_the_equivariant_maps(on_outputs, on_inputs, num_shared):
    on_outputs, on_inputs = on_outputs(), on_inputs()
    U = jax.jit(meta.sharing_projector)(on_outputs, on_inputs)
    assert_allclose(U, U.T, atol=EXACT)
    assert_allclose(U @ U, U, atol=EXACT)
    assert_allclose(jnp.trace(U), num_shared, atol=EXACT)
    v = np.random.default_rng(0).normal(size=len(U))
    W = np.asarray(U @ v).reshape(on_outputs.shape[1], on_inputs.shape[1])
    for R_out, R_in in zip(on_outputs, on_inputs, strict=True):
        assert_allclose(R_out @ W, W @ R_in, atol=EXACT)


def test_adapting_shared_weights_moves_the_matrix_along_the_projected_gradient():
    shifts, rng = cyclic_shifts(3), np.random.default_rng(2)
    U = meta.sharing_projector(shifts, shifts)
    target, v = rng.normal(size=(3, 3)), rng.normal(size=9)
    later = jax.jit(
        lambda v: meta.shared_weights_step(
            lambda W: jnp.sum((W - target) ** 2) / 2, U, v, 0.1, num_inputs=3
        )
    )(v)
    W = np.asarray(U @ v)
    assert_allclose(U @ later, W - 0.1 * U @ (W - target.ravel()), atol=EXACT)


def test_adapted_weights_of_a_ragged_matrix_are_laid_out_in_rows():
    v = meta.shared_weights_step(lambda W: W[1, 0], jnp.eye(6), jnp.zeros(6), 0.1, num_inputs=3)
    assert_allclose(v, [0, 0, 0, -0.1, 0, 0])
