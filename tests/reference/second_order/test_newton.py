"""Lecture 4: Newton's steps against solved systems, and the ending against known landscapes."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from numpy.testing import assert_allclose

from reference import problems
from reference.second_order import newton

EXACT = 1e-9  # float64; condition numbers below 1e3
newton_step = jax.jit(newton.newton_step, static_argnums=0)
newton_iterates = jax.jit(newton.newton_iterates, static_argnums=(0, 2))


def quadratic(seed, *, eigenvalues=(0.5, 1.0, 3.0, 40.0)):
    """A loss on a tree of four numbers, its matrix and its stationary point."""
    keys = jax.random.split(jax.random.key(seed))
    A = problems.symmetric_matrix(keys[0], jnp.array(eigenvalues))
    w_star = jax.random.normal(keys[1], (4,))

    def loss(w):
        error = jnp.concatenate([w["a"], w["b"].ravel()]) - w_star
        return error @ A @ error / 2

    return loss, A, w_star


def flat(w):
    return jnp.concatenate([w["a"], w["b"].ravel()])


def start():
    return {"a": jnp.array([1.0, -2.0]), "b": jnp.array([[0.5], [3.0]])}


def banana(w):
    """Rosenbrock's: one minimum, at (1, 1)."""
    return (1 - w[0]) ** 2 + 10 * (w[1] - w[0] ** 2) ** 2


def two_wells(w):
    """Minima at (0, +-1), a saddle at 0."""
    return w[0] ** 2 - w[1] ** 2 + w[1] ** 4 / 2


@pytest.mark.parametrize("eigenvalues", [(0.5, 1.0, 3.0, 40.0), (-2.0, -1.0, 1.0, 5.0)])
def test_one_undamped_step_ends_at_the_stationary_point_of_a_quadratic(eigenvalues):
    loss, _, w_star = quadratic(0, eigenvalues=eigenvalues)
    iterates = newton_iterates(loss, start(), 1)
    assert iterates["b"].shape == (2, 2, 1)
    end = jax.tree.map(lambda w: w[-1], iterates)
    assert_allclose(flat(end), w_star, atol=EXACT)


@pytest.mark.parametrize("damping", [0.0, 0.3, 1e6])
def test_step_solves_the_damped_system(damping):
    loss, A, w_star = quadratic(1)
    step = newton_step(loss, start(), damping=damping)
    expected = np.linalg.solve(A + damping * np.eye(4), -A @ (flat(start()) - w_star))
    assert_allclose(flat(step), expected, rtol=EXACT)


def test_heavily_damped_step_is_a_short_gradient_step():
    step = newton_step(banana, jnp.array([-1.0, 0.5]), damping=1e8)
    g = jax.grad(banana)(jnp.array([-1.0, 0.5]))
    assert_allclose(1e8 * step, -g, rtol=1e-5)  # |H| / lambda


def test_error_is_squared_near_a_regular_minimum():
    iterates = newton_iterates(banana, jnp.array([1.1, 1.2]), 4)
    errors = np.linalg.norm(iterates - 1, axis=1)
    assert_allclose(iterates[-1], 1, atol=1e-12)
    assert np.all(errors[2:4] < 20 * errors[1:3] ** 2)


def test_iterates_do_not_depend_on_the_coordinates_unless_damped():
    T = jnp.array([[2.0, 1.0], [-0.5, 3.0]])
    v_0 = jnp.array([0.3, -0.2])
    in_v = newton_iterates(lambda v: banana(T @ v), v_0, 3)
    assert_allclose(in_v @ T.T, newton_iterates(banana, T @ v_0, 3), rtol=1e-7)
    damped = newton_iterates(lambda v: banana(T @ v), v_0, 3, damping=1.0) @ T.T
    assert np.max(np.abs(damped - newton_iterates(banana, T @ v_0, 3, damping=1.0))) > 0.1


def test_optimizer_in_a_training_loop_gives_the_iterates():
    loss, _, _ = quadratic(2)
    optimizer, w = newton.newton_optimizer(damping=0.7), start()

    @jax.jit
    def update(w, state):
        step, state = optimizer.update(jax.grad(loss)(w), state, w, loss=loss)
        return optax.apply_updates(w, step), state

    state = optimizer.init(w)
    for _ in range(3):
        w, state = update(w, state)
    expected = jax.tree.map(lambda w: w[-1], newton_iterates(loss, start(), 3, damping=0.7))
    assert_allclose(flat(w), flat(expected), rtol=EXACT)


def search(loss, w_0, *, damping, max_steps):
    optimizer = newton.newton_optimizer(damping=damping)
    return jax.jit(
        lambda w_0: newton.stationary_point(
            optimizer, w_0, loss=loss, tolerance=1e-8, max_steps=max_steps
        )
    )(w_0)


@pytest.mark.parametrize(
    ("loss", "w_0", "damping", "max_steps", "ending", "least_curvature"),
    [
        (banana, [1.2, 1.0], 0.0, 50, "MINIMUM", 0.3936762808),
        (two_wells, [1.0, 0.1], 0.0, 50, "SADDLE", -2.0),
        (two_wells, [1.0, 0.1], 3.0, 90, "MINIMUM", 2.0),
        (two_wells, [1.0, 0.1], 3.0, 4, "STEP_LIMIT", None),
        (lambda w: -jnp.sum(w**2), [1.0, 0.1], 0.0, 9, "SADDLE", -2.0),  # a maximum
        (lambda w: w[0] ** 4 + w[1] ** 2, [1.0, 0.1], 0.0, 90, "MINIMUM", None),  # degenerate
        (lambda w: jnp.sum(w * jnp.log(w)), [3.0, 0.1], 0.0, 9, "NOT_FINITE", None),
    ],
)
def test_search_says_how_it_ended(loss, w_0, damping, max_steps, ending, least_curvature):
    found = search(loss, jnp.array(w_0), damping=damping, max_steps=max_steps)
    assert newton.Ending(int(found.ending)).name == ending
    assert (found.gradient_norm <= 1e-8) == (ending in ("MINIMUM", "SADDLE"))
    if ending == "STEP_LIMIT":
        assert found.steps == max_steps
    if least_curvature is not None:
        # The gradient's tolerance is that of w, and of H's change with it.
        assert_allclose(found.least_curvature, least_curvature, rtol=1e-6)


def test_search_from_a_stationary_point_takes_no_step():
    found = search(two_wells, jnp.zeros(2), damping=0.0, max_steps=5)
    assert (int(found.steps), int(found.ending)) == (0, newton.Ending.SADDLE)
