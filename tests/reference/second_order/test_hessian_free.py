"""Lecture 4: steps by conjugate gradients against dense solves of the same system."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from numpy.testing import assert_allclose

from reference import problems
from reference.pytrees import as_tree, as_vector, on_vectors
from reference.second_order import hessian_free
from reference.taylor import Ending, gauss_newton_vector_product

WIDTHS, NUM_EXAMPLES = (2, 3, 2), 6
INPUTS = np.random.default_rng(0).normal(size=(NUM_EXAMPLES, WIDTHS[0]))
LABELS = np.array([0, 1, 1, 0, 1, 0])
TIGHT = {"tolerance": 1e-10, "max_steps": 80}


def network(w):
    return problems.perceptron_outputs(w, jnp.asarray(INPUTS))


def cross_entropy(z):
    return -jnp.mean(jax.nn.log_softmax(z)[jnp.arange(NUM_EXAMPLES), LABELS])


def loss(w):
    return cross_entropy(network(w))


GAUSS_NEWTON = partial(gauss_newton_vector_product, network, cross_entropy)


def parameters(seed=0):
    return jax.jit(problems.perceptron_parameters, static_argnums=(1, 2))(
        jax.random.key(seed), WIDTHS, "float64"
    )


@jax.jit
def gradient_and_gauss_newton(w):
    """g and G, dense, by sums over the examples with the softmax's own formula."""
    J = jax.jacobian(on_vectors(network, like=w))(as_vector(w))
    p = jax.nn.softmax(network(w))
    H = jax.vmap(lambda p: jnp.diag(p) - jnp.outer(p, p))(p)
    return as_vector(jax.grad(loss)(w)), jnp.einsum("nkp,nkl,nlq->pq", J, H, J) / NUM_EXAMPLES


def updated(optimizer, w, state, **given):
    """One update; the gradient in it is that of `loss`."""
    return jax.jit(lambda w, state: optimizer.update(jax.grad(loss)(w), state, w, **given))(
        w, state
    )


@pytest.mark.parametrize("damping", [0.05, 3.0])
def test_step_is_the_dense_solution(damping):
    w = parameters()
    g, G = gradient_and_gauss_newton(w)
    optimizer = hessian_free.hessian_free_optimizer(damping=damping, **TIGHT)
    step, state = updated(
        optimizer, w, optimizer.init(w), loss=loss, curvature_product=GAUSS_NEWTON
    )
    expected = np.linalg.solve(G + damping * np.eye(len(g)), -g)
    assert jax.tree.structure(step) == jax.tree.structure(w)
    # A residual of 1e-10, over the least eigenvalue, lambda.
    assert_allclose(as_vector(step), expected, rtol=1e-7, atol=1e-9)
    assert state.ending == Ending.CONVERGED


def test_any_curvature_product_serves():
    w = parameters(1)
    g, _ = gradient_and_gauss_newton(w)
    B = jnp.diag(jnp.linspace(1, 5, len(g)))
    optimizer = hessian_free.hessian_free_optimizer(damping=0.5, damping_factor=1.0, **TIGHT)
    step, state = updated(
        optimizer,
        w,
        optimizer.init(w),
        loss=loss,
        curvature_product=lambda w, v: as_tree(B @ as_vector(v), like=v),
    )
    assert_allclose(as_vector(step), -g / (np.diag(B) + 0.5), rtol=1e-7, atol=1e-9)
    assert state.damping == 0.5


def test_step_says_where_it_met_negative_curvature_or_its_limit():
    h, g = jnp.array([1.0, -2.0, 5.0]), jnp.array([1.0, 1.0, 1.0])

    @jax.jit
    def step(damping):
        return hessian_free.hessian_free_step(
            lambda v: h * v, g, damping=damping, tolerance=1e-8, max_steps=2
        )

    assert step(0.0).ending == Ending.NONPOSITIVE_CURVATURE
    assert step(2.5).ending == Ending.STEP_LIMIT
    assert step(2.5).solution @ g < 0  # downhill, though not converged


def test_second_update_starts_from_a_multiple_of_the_first_step():
    h, g = jnp.array([1.0, 2.0, 5.0]), jnp.array([3.0, -1.0, 1.0])
    optimizer = hessian_free.hessian_free_optimizer(
        damping=0.0, tolerance=1e-9, max_steps=1, warm_start=0.5
    )

    @jax.jit
    def steps(w):
        first, state = optimizer.update(
            g, optimizer.init(w), w, loss=jnp.sum, curvature_product=lambda w, v: h * v
        )
        return first, optimizer.update(
            g, state, w, loss=jnp.sum, curvature_product=lambda w, v: h * v
        )[0]

    first, second = steps(jnp.zeros(3))
    h, g = np.asarray(h), np.asarray(g)
    # One step of steepest descent on the model, with exact line search, from 0 and from v_1 / 2.
    assert_allclose(first, -g * (g @ g) / (g @ (h * g)), rtol=1e-10)
    r = -g - h * first / 2
    assert_allclose(second, first / 2 + r * (r @ r) / (r @ (h * r)), rtol=1e-10)


def test_start_at_the_solution_takes_no_steps():
    h, g = jnp.array([1.0, 2.0, 5.0]), jnp.array([3.0, -1.0, 1.0])
    result = jax.jit(
        lambda start: hessian_free.hessian_free_step(
            lambda v: h * v, g, start, damping=1.0, tolerance=1e-8, max_steps=9
        )
    )(-g / (h + 1))
    assert (int(result.steps), int(result.ending)) == (0, Ending.CONVERGED)


def test_damping_follows_the_reduction_ratio_and_training_reaches_a_low_loss():
    w = parameters(2)
    optimizer = hessian_free.hessian_free_optimizer(damping=1.0, **TIGHT)

    @jax.jit
    def update(w, state):
        step, state = optimizer.update(
            jax.grad(loss)(w), state, w, loss=loss, curvature_product=GAUSS_NEWTON
        )
        return optax.apply_updates(w, step), state

    state: Any = optimizer.init(w)
    for _ in range(20):
        g, G = gradient_and_gauss_newton(w)
        before, (new, new_state) = loss(w), update(w, state)
        v = np.asarray(as_vector(new_state.step))
        ratio = (loss(new) - before) / (g @ v + v @ G @ v / 2)
        expected = 1.5 if ratio < 0.25 else 1 / 1.5 if ratio > 0.75 else 1.0
        assert_allclose(new_state.ratio, ratio, rtol=1e-6)  # of a small difference of losses
        assert_allclose(new_state.damping / state.damping, expected, rtol=1e-10)
        w, state = new, new_state
    assert state.damping != 1
    assert loss(w) < 0.3 * loss(parameters(2))
