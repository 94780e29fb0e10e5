"""Cohen et al. (2021): sharpness against dense Hessians, and a small network at the edge."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from reference import problems
from reference.papers import edge_of_stability
from reference.taylor import hessian

EXACT = 1e-9  # float64, Lanczos run to the end


def network_loss(*widths):
    """A tanh network of these widths fitted to 16 points of a line, and its first parameters."""
    x = jnp.linspace(-1, 1, 16)[:, None]
    t = jnp.sin(3 * x) + jnp.cos(8 * x)

    def loss(w):
        return jnp.mean((problems.perceptron_outputs(w, x) - t) ** 2) / 2

    make = jax.jit(problems.perceptron_parameters, static_argnums=1)
    return loss, make(jax.random.key(1), (1, *widths, 1))


@jax.jit
def sharpnesses_of_quadratic(eigenvalues, v):
    """By 3 steps of Lanczos, and by 5, where 3 exhaust the space and two nodes are left over."""

    def loss(w):
        return jnp.sum(eigenvalues * w["w"] ** 2) / 2

    found = [edge_of_stability.sharpness(loss, v, v, num_lanczos_steps=steps) for steps in (3, 5)]
    return jnp.stack(found)


def scalar_model(w):
    return edge_of_stability.scalar_product_loss(w[0], w[1])


def record(loss, w, step_sizes, every=1, num_lanczos_steps=6):
    return jax.jit(
        lambda w, step_sizes: edge_of_stability.descent_with_sharpness(
            loss, w, step_sizes, sharpness_every=every, num_lanczos_steps=num_lanczos_steps
        )
    )(w, step_sizes)


@pytest.mark.parametrize("eigenvalues", [[1.0, 3.0, 7.0], [-9.0, 0.0, 2.0], [-3.0, -2.0, -1.0]])
def test_sharpness_is_the_algebraically_largest_eigenvalue(eigenvalues):
    v = {"w": jnp.array([1.0, -2.0, 0.5])}
    assert_allclose(
        sharpnesses_of_quadratic(jnp.array(eigenvalues), v), eigenvalues[-1], rtol=EXACT
    )


def test_sharpness_of_a_network_is_that_of_its_dense_hessian():
    loss, w = network_loss(6)
    found = jax.jit(
        lambda w: edge_of_stability.sharpness(loss, w, jax.grad(loss)(w), num_lanczos_steps=12)
    )(w)
    # 12 steps leave the largest of 19 eigenvalues, well apart from the next, to 6 digits.
    assert_allclose(found, np.linalg.eigvalsh(hessian(loss, w))[-1], rtol=1e-6)


def test_recorded_run_is_plain_descent_with_its_losses_and_sharpnesses():
    step_sizes = np.array([0.1, 0.2, 0.3, 0.1, 0.2, 0.3])
    run = record(scalar_model, jnp.array([0.5, 1.5]), jnp.array(step_sizes), 2, 2)
    w, losses, sharpnesses = np.array([0.5, 1.5]), [], []
    for k in range(7):
        u, v = w
        losses.append((1 - u * v) ** 2 / 2)
        H = [[v**2, 2 * u * v - 1], [2 * u * v - 1, u**2]]
        if k % 2 == 0:
            sharpnesses.append(np.linalg.eigvalsh(H)[-1])
        if k < 6:
            w = w + step_sizes[k] * (1 - u * v) * np.array([v, u])
    assert_allclose(run.parameters, w, rtol=EXACT)
    assert_allclose(run.losses, losses, rtol=EXACT)
    assert_allclose(run.sharpnesses, sharpnesses, rtol=EXACT)


def test_a_diverged_run_does_not_look_flat():
    run = record(scalar_model, jnp.array([9.0, 9.0]), jnp.ones(20), 10, 2)
    assert np.isfinite(run.sharpnesses[0])
    assert not np.isfinite(run.sharpnesses[-1])


@pytest.mark.parametrize("seed", range(3))
def test_sharpness_of_the_scalar_model_is_that_of_its_hessian(seed):
    u, v = np.random.default_rng(seed).normal(size=2)
    H = jax.jit(jax.hessian(scalar_model))(jnp.array([u, v]))
    found = edge_of_stability.scalar_product_sharpness(u, v)
    assert_allclose(found, np.linalg.eigvalsh(H)[-1], rtol=EXACT)
    at_minimum = edge_of_stability.scalar_product_sharpness(u, 1 / u)
    assert_allclose(at_minimum, u**2 + u**-2, rtol=EXACT)


@pytest.mark.parametrize("step_size", [0.5, 0.8])
def test_scalar_model_ends_flatter_than_the_edge(step_size):
    # Gradient flow conserves v^2 - u^2, so from (0.3, 2) it ends where u^2 + v^2 = 4.39.
    of_the_flow = np.hypot(2.0**2 - 0.3**2, 2)
    run = record(scalar_model, jnp.array([0.3, 2.0]), jnp.full(1000, step_size), 500, 2)
    assert run.losses[-1] < 1e-12
    assert run.sharpnesses[-1] < 2 / step_size < of_the_flow
    assert edge_of_stability.share_of_rises(run.losses) > 0


def test_share_of_rises_counts_strict_ones():
    losses = jnp.array([3.0, 2.0, 2.0, 2.5, 1.0, 1.5, 0.0])
    assert_allclose(edge_of_stability.share_of_rises(losses), 2 / 6, rtol=EXACT)


def test_network_sharpens_to_the_edge_stays_there_and_follows_it():
    loss, w = network_loss(16, 16)
    step_sizes = jnp.where(jnp.arange(4000) < 2500, 0.1, 0.05)
    run = record(loss, w, step_sizes, 250)
    sharpnesses, losses = np.array(run.sharpnesses), run.losses
    # At the edge rounding is amplified, so that only what does not hang on it is asked.
    # Progressive sharpening: from half the edge, 2 / 0.1 = 20, up to it ..
    assert sharpnesses[0] < 10
    assert np.all(np.diff(sharpnesses[:4]) > 0)
    # .. and there it stays, in the band that the paper's figures keep to ..
    assert np.all((sharpnesses[5:11] > 1.75 / 0.1) & (sharpnesses[5:11] < 2.2 / 0.1))
    # .. while the loss falls in the long run, and often rises in the short.
    assert losses[2500] < losses[1250] / 1.5
    assert 0.1 < edge_of_stability.share_of_rises(losses[1250:2501]) < 0.6
    # With half the step size the edge is at 40: the sharpness rises again, the loss only falls.
    assert np.all(np.diff(sharpnesses[10:]) > 0)
    assert sharpnesses[-1] > 1.2 * sharpnesses[10]
    assert edge_of_stability.share_of_rises(losses[2501:]) == 0
