"""Complex momentum against optax for real momenta, its matrix against runs and LAPACK."""

import cmath

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from numpy.testing import assert_allclose

from reference.talks import complex_momentum

EXACT = 1e-10  # float64
BETA = 0.8 * cmath.exp(1j * cmath.pi / 8)
spectral_radius = jax.jit(
    complex_momentum.complex_momentum_spectral_radius, static_argnames="momentum"
)


def loss(w):
    return jnp.sum(jnp.cos(w["x"])) + jnp.sum(w["x"] ** 2) / 2 + jnp.sum(w["y"] ** 4)


def any_parameters(dtype="float64"):
    rng = np.random.default_rng(0)
    shapes = {"x": 3, "y": (2, 1)}
    return {name: jnp.array(rng.normal(size=shape), dtype) for name, shape in shapes.items()}


def trained(optimizer, w, num_steps):
    """Parameters along a training loop, the start included."""

    def advance(carry, _):
        w, state = carry
        updates, state = optimizer.update(jax.grad(loss)(w), state, w)
        return (optax.apply_updates(w, updates), state), w

    start = w, optimizer.init(w)
    return jax.jit(lambda start: jax.lax.scan(advance, start, length=num_steps + 1)[1])(start)


def iterates(J, w_0, step_size, momentum, num_steps):
    return np.array(
        jax.jit(
            lambda w: complex_momentum.complex_momentum_iterates(
                lambda w: J @ w, w, step_size, momentum, num_steps
            )
        )(jnp.array(w_0))
    )


def rotation(turn=1.0, pull=0.0):
    return np.array([[pull, turn], [-turn, pull]])


@pytest.mark.parametrize("momentum", [0.9, -0.4])
def test_a_real_momentum_is_optaxs(momentum):
    ours = trained(complex_momentum.complex_momentum_optimizer(0.05, momentum), any_parameters(), 9)
    peer = trained(optax.sgd(0.05, momentum), any_parameters(), 9)
    assert_allclose(ours["x"], peer["x"], rtol=EXACT)
    assert_allclose(ours["y"], peer["y"], rtol=EXACT)


@pytest.mark.parametrize("step_size", [0.1, 0.1 * cmath.exp(0.3j)])
def test_iterates_are_those_of_complex_arithmetic(step_size):
    J = np.array([[0.3, 1.0], [-1.5, 0.2]])
    found = iterates(J, [1.0, -2.0], step_size, BETA, 8)
    w, mu = np.array([1.0, -2.0]), np.zeros(2, complex)
    for w_k in found:
        assert_allclose(w_k, w, rtol=EXACT)
        mu = BETA * mu - J @ w
        w = w + (step_size * mu).real


def test_memory_of_a_gradient_oscillates():
    # One gradient and then none: the step s later is alpha |beta|^s cos(s phi).
    optimizer, w = complex_momentum.complex_momentum_optimizer(0.5, BETA), jnp.ones(1)
    state = optimizer.init(w)
    for s in range(9):
        step, state = optimizer.update(jnp.ones(1) * (s == 0), state, w)
        assert_allclose(np.array(step), -0.5 * 0.8**s * np.cos(s * np.pi / 8), atol=EXACT)


def test_parameters_and_state_keep_their_precision():
    w = any_parameters("float32")
    for make in (
        complex_momentum.complex_momentum_optimizer,
        complex_momentum.complex_adam_optimizer,
    ):
        optimizer = make(0.1, BETA)
        updates, state = optimizer.update(w, optimizer.init(w), w)
        assert {leaf.dtype.name for leaf in jax.tree.leaves(updates)} == {"float32"}
        assert {leaf.dtype.name for leaf in jax.tree.leaves(state)} <= {
            "complex64", "float32", "int32",
        }  # fmt: skip


def test_complex_adam_is_its_equations():
    alpha, decay, epsilon = 0.1, 0.9, 1e-3
    optimizer = complex_momentum.complex_adam_optimizer(
        alpha, BETA, second_moment_decay=decay, epsilon=epsilon
    )
    gradients = np.random.default_rng(1).normal(size=(6, 3))
    w, state = jnp.zeros(3), optimizer.init(jnp.zeros(3))
    mu, v = np.zeros(3, complex), np.zeros(3)
    for t, g in enumerate(gradients, start=1):
        step, state = optimizer.update(jnp.array(g), state, w)
        mu, v = BETA * mu - g, decay * v + (1 - decay) * g**2
        expected = alpha * mu.real / (np.sqrt(v / (1 - decay**t)) + epsilon)
        assert_allclose(np.array(step), expected, rtol=EXACT)


@pytest.mark.parametrize("momentum", [0.0, 0.6])
def test_complex_adam_with_a_real_momentum_is_adam_but_for_the_averaging(momentum):
    ours = complex_momentum.complex_adam_optimizer(0.1, momentum)
    adam = optax.adam(0.1, b1=momentum)
    w = jnp.zeros(2)
    our_state, adam_state = ours.init(w), adam.init(w)
    for t in range(1, 6):
        g = jnp.array([0.3 * t, (-1.0) ** t])
        step, our_state = ours.update(g, our_state, w)
        adam_step, adam_state = adam.update(g, adam_state, w)
        factor = (1 - momentum**t) / (1 - momentum)
        assert_allclose(np.array(step), factor * np.array(adam_step), rtol=1e-9)


@pytest.mark.parametrize("momentum", [BETA, 0.9 + 0j, -0.5 + 0.3j])
def test_matrix_advances_the_run_and_the_radius_is_its_largest_eigenvalue(momentum):
    J = np.random.default_rng(2).normal(size=(3, 3))
    M = complex_momentum.complex_momentum_matrix(jnp.array(J), 0.1, momentum)
    w_0 = np.array([1.0, -2.0, 0.5])
    powers = [np.linalg.matrix_power(M, k) for k in range(7)]
    expected = [(power @ np.concatenate([np.zeros(6), w_0]))[6:] for power in powers]
    assert_allclose(iterates(J, w_0, 0.1, momentum, 6), expected, rtol=1e-9, atol=1e-9)
    radius = spectral_radius(J, 0.1, momentum=momentum)
    assert_allclose(radius, np.abs(np.linalg.eigvals(M)).max(), rtol=1e-9)


def test_radius_is_the_largest_root_of_the_cubic_of_any_eigenvalue():
    J = np.random.default_rng(3).normal(size=(3, 3))
    memory = [1, -2 * BETA.real, abs(BETA) ** 2]
    roots = [
        np.roots(np.polyadd(np.polymul([1, -1], memory), 0.1 * a * np.array([1, -BETA.real, 0])))
        for a in np.linalg.eigvals(J)
    ]
    assert_allclose(spectral_radius(J, 0.1, momentum=BETA), np.abs(roots).max(), rtol=1e-9)


def test_a_bilinear_game_converges_with_a_complex_momentum_and_with_no_real_one():
    assert spectral_radius(rotation(), 0.1, momentum=BETA) < 0.98
    for real in (-0.9, -0.3, 0.0, 0.5, 0.9):
        assert spectral_radius(rotation(), 0.1, momentum=complex(real)) > 1 + 1e-5
    w = iterates(rotation(), [1.0, 1.0], 0.1, BETA, 600)
    assert np.abs(w[-1]).max() < 1e-5
    # The same momentum serves minimisation: J symmetric and positive.
    assert spectral_radius(np.diag([1.0, 3.0]), 0.1, momentum=BETA) < 0.9
    # Too long a step loses both.
    assert spectral_radius(rotation(), 0.5, momentum=BETA) > 1
