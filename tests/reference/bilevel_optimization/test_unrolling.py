"""Lecture 11: unrolled hypergradients against recursions in NumPy, differences and the limit."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from numpy.testing import assert_allclose

from reference.bilevel_optimization import implicit, unrolling

EXACT = 1e-10  # float64, some tens of contracting steps
ALPHA = 0.3
MODES = [unrolling.reverse_mode_hypergradient, unrolling.forward_mode_hypergradient]


def problem(seed):
    """L_t and L_v of a regression with a penalty a weight, w_0, theta, H(theta), w*(theta)."""
    rng = np.random.default_rng(seed)
    Phi, t = rng.normal(size=(8, 3)), rng.normal(size=8)

    def inner_loss(w, theta):
        penalties = jnp.exp(jnp.append(theta["first"], theta["rest"]))
        return jnp.mean((Phi @ w["w"] - t) ** 2) / 2 + penalties @ w["w"] ** 2 / 2

    def outer_loss(w, theta):
        return jnp.sum(jnp.cos(w["w"])) + theta["rest"] @ theta["rest"]

    theta = {"first": np.array([-1.0]), "rest": rng.normal(size=2) - 1}
    H = Phi.T @ Phi / 8 + np.diag(np.exp(flat(theta)))
    optimum = {"w": np.linalg.solve(H, Phi.T @ t / 8)}
    return inner_loss, outer_loss, {"w": rng.normal(size=3)}, theta, H, optimum


def flat(theta):
    return np.append(theta["first"], theta["rest"])


def tangent_recursion(H, w_0, optimum, theta, num_steps, momentum):
    """w_T and dw_T/dtheta of momentum on the quadratic, each written out in NumPy."""
    w, v = np.array(w_0["w"]), np.zeros(3)
    dw, dv = np.zeros((3, 3)), np.zeros((3, 3))
    for _ in range(num_steps):
        mixed = np.diag(np.exp(flat(theta)) * w)
        v, dv = (
            momentum * v - ALPHA * H @ (w - optimum["w"]),
            momentum * dv - ALPHA * (H @ dw + mixed),
        )
        w, dw = w + v, dw + dv
    return w, dw


@pytest.mark.parametrize(("num_steps", "momentum"), [(1, 0.6), (9, 0.0), (9, 0.6)])
def test_both_modes_are_the_tangent_recursion(num_steps, momentum):
    inner_loss, outer_loss, w_0, theta, H, optimum = problem(0)
    w, dw = tangent_recursion(H, w_0, optimum, theta, num_steps, momentum)
    expected = -np.sin(w) @ dw + np.append([0.0], 2 * theta["rest"])

    @jax.jit
    def hypergradients(w_0, theta):
        arguments = (inner_loss, outer_loss, w_0, theta, ALPHA, num_steps)
        return [mode(*arguments, momentum=momentum) for mode in MODES]

    for hypergradient in hypergradients(w_0, theta):
        assert jax.tree.structure(hypergradient) == jax.tree.structure(theta)
        assert_allclose(flat(hypergradient), expected, atol=EXACT)


@pytest.mark.parametrize("momentum", [0.0, 0.8])
def test_descended_weights_are_those_of_optax(momentum):
    inner_loss, _, w_0, theta, *_ = problem(1)
    optimizer = optax.sgd(ALPHA, momentum=momentum or None)
    w, state = w_0, optimizer.init(w_0)

    @jax.jit
    def advance(w, state):
        updates, state = optimizer.update(jax.grad(inner_loss)(w, theta), state)
        return optax.apply_updates(w, updates), state

    for _ in range(5):
        w, state = advance(w, state)
    ours = jax.jit(
        lambda w: unrolling.descended_weights(inner_loss, w, theta, ALPHA, 5, momentum=momentum)
    )(w_0)
    assert_allclose(ours["w"], w["w"], atol=EXACT)


@pytest.mark.parametrize(("seed", "momentum"), [(0, 0.0), (1, 0.5)])
def test_many_steps_give_the_implicit_hypergradient(seed, momentum):
    inner_loss, outer_loss, w_0, theta, _, optimum = problem(seed)

    @jax.jit
    def hypergradients(w_0, theta):
        losses = (inner_loss, outer_loss)
        unrolled = unrolling.reverse_mode_hypergradient(
            *losses, w_0, theta, ALPHA, 600, momentum=momentum
        )
        return unrolled, implicit.dense_hypergradient(*losses, optimum, theta)

    unrolled, expected = hypergradients(w_0, theta)
    # The slowest mode, h >= 0.1, contracts by 0.97 a step: 600 of them leave 1e-8.
    assert_allclose(flat(unrolled), flat(expected), atol=1e-6)


@pytest.mark.parametrize(
    ("num_differentiated", "momentum"), [(0, 0.0), (1, 0.6), (3, 0.6), (4, 0.0)]
)
def test_truncation_forgets_how_the_state_before_depends_on_theta(num_differentiated, momentum):
    inner_loss, outer_loss, w_0, theta, *_ = problem(2)

    def by_hand(theta_late, theta):
        w, v = w_0["w"], jnp.zeros(3)
        for k in range(4):
            used = theta_late if k >= 4 - num_differentiated else theta
            v = momentum * v - ALPHA * jax.grad(inner_loss)({"w": w}, used)["w"]
            w = w + v
        return outer_loss({"w": w}, theta_late)

    @jax.jit
    def both(theta):
        ours = unrolling.truncated_hypergradient(
            inner_loss,
            outer_loss,
            w_0,
            theta,
            ALPHA,
            4,
            num_differentiated=num_differentiated,
            momentum=momentum,
        )
        return ours, jax.grad(by_hand)(theta, theta)

    ours, expected = both(theta)
    assert_allclose(flat(ours), flat(expected), atol=EXACT)


@pytest.mark.parametrize("num_differentiated", [0, 5])
def test_bias_of_truncation_at_the_optimum_is_the_closed_form(num_differentiated):
    inner_loss, outer_loss, _, theta, _, optimum = problem(3)

    @jax.jit
    def biases(w, theta):
        arguments, n = (inner_loss, outer_loss, w, theta), num_differentiated
        return (
            unrolling.truncated_hypergradient(*arguments, ALPHA, 7, num_differentiated=n),
            implicit.dense_hypergradient(*arguments),
            unrolling.truncation_bias(*arguments, ALPHA, n),
        )

    truncated, exact, bias = biases(optimum, theta)
    assert_allclose(flat(truncated) - flat(exact), flat(bias), atol=EXACT)


def test_truncation_shrinks_the_response_of_every_mode_and_never_turns_its_sign():
    h, theta = np.array([0.1, 1.0, 3.0]), np.ones(3)

    def inner_loss(w, theta):
        return jnp.sum(h * w**2) / 2 - theta @ w

    def outer_loss(w, theta):
        return jnp.sum(w)

    @jax.jit
    def fractions_and_biases(theta):
        arguments = (inner_loss, outer_loss, theta / h, theta, ALPHA)
        truncated = [
            unrolling.truncated_hypergradient(*arguments, 8, num_differentiated=n)
            for n in (1, 4, 8)
        ]
        # The exact hypergradient is 1 / h.
        biases = [unrolling.truncation_bias(*arguments, n) for n in (1, 4, 8)]
        return h * jnp.stack(truncated), jnp.stack(biases)

    fractions, biases = fractions_and_biases(theta)
    assert np.all((fractions > 0) & (fractions < 1) & (biases < 0))
    assert np.all(np.diff(fractions, axis=1) > 0)
    assert_allclose(fractions, [1 - (1 - ALPHA * h) ** n for n in (1, 4, 8)], atol=EXACT)


def test_memory_grows_with_the_steps_in_reverse_mode_and_not_in_the_others():
    inner_loss, outer_loss, w_0, theta, *_ = problem(0)

    def temporary_bytes(function, num_steps, **options):
        program = jax.jit(
            lambda w, theta: function(inner_loss, outer_loss, w, theta, ALPHA, num_steps, **options)
        )
        analysis = program.lower(w_0, theta).compile().memory_analysis()
        assert analysis is not None
        return analysis.temp_size_in_bytes

    reverse, forward = (
        [temporary_bytes(mode, num_steps) for num_steps in (10, 500)] for mode in MODES
    )
    truncated = [
        temporary_bytes(unrolling.truncated_hypergradient, num_steps, num_differentiated=5)
        for num_steps in (10, 500)
    ]
    assert reverse[1] - reverse[0] >= 490 * 3 * 8  # an iterate of 3 doubles a step
    assert forward[1] == forward[0]
    assert truncated[1] == truncated[0]
