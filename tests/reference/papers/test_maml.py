"""MAML against dense products of Hessians, finite differences and quadratics solved exactly."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from reference.papers import maml
from reference.pytrees import as_tree, as_vector

EXACT = 1e-10  # float64, a few steps
ALPHA = 0.3


def regression(w, examples):
    """A perceptron of 5 parameters, so that Hessians differ from step to step."""
    inputs, t = examples
    outputs = jnp.tanh(inputs @ w["W"]) @ w["v"]
    return jnp.mean((outputs - t) ** 2) / 2


def tasks(seed, *, num_tasks=3, num_examples=4):
    rng = np.random.default_rng(seed)

    def draw():
        inputs = rng.normal(size=(num_tasks, num_examples, 2))
        return inputs, rng.normal(size=(num_tasks, num_examples))

    w = {"W": jnp.array(rng.normal(size=(2, 2))), "v": jnp.array(rng.normal(size=2))}
    return w, draw(), draw()


def of_task(examples, n):
    return jax.tree.map(lambda leaf: leaf[n], examples)


@pytest.mark.parametrize("num_steps", [0, 1, 3])
@pytest.mark.parametrize("num_tasks", [1, 3])
def test_meta_gradient_is_the_product_of_dense_hessian_factors(num_steps, num_tasks):
    w, support, query = tasks(0, num_tasks=num_tasks)
    flat = jax.jit(lambda vector, examples: regression(as_tree(vector, like=w), examples))
    gradient, hessian = jax.jit(jax.grad(flat)), jax.jit(jax.hessian(flat))
    full, first_order = [], []
    for n in range(num_tasks):
        u, factors = np.asarray(as_vector(w)), np.eye(6)
        for _ in range(num_steps):
            factors = factors @ (np.eye(6) - ALPHA * hessian(u, of_task(support, n)))
            u = u - ALPHA * gradient(u, of_task(support, n))
        first_order.append(gradient(u, of_task(query, n)))
        full.append(factors @ first_order[-1])

    @jax.jit
    def ours(w):
        arguments = (regression, w, support, query, ALPHA, num_steps)
        return maml.meta_gradient(*arguments), maml.first_order_meta_gradient(*arguments)

    meta_gradient, first_order_meta_gradient = ours(w)
    assert jax.tree.structure(meta_gradient) == jax.tree.structure(w)
    assert_allclose(as_vector(meta_gradient), np.mean(full, axis=0), atol=EXACT)
    assert_allclose(as_vector(first_order_meta_gradient), np.mean(first_order, axis=0), atol=EXACT)
    differ = np.abs(as_vector(meta_gradient) - as_vector(first_order_meta_gradient)).max() > 1e-2
    assert differ == (num_steps > 0)


def test_meta_gradient_is_the_finite_difference_of_the_meta_loss():
    w, support, query = tasks(1)

    @jax.jit
    def value(vector):
        return maml.meta_loss(regression, as_tree(vector, like=w), support, query, ALPHA, 2)

    step = 1e-5
    differences = [
        (value(as_vector(w) + e) - value(as_vector(w) - e)) / (2 * step) for e in step * np.eye(6)
    ]
    gradient = jax.jit(lambda w: maml.meta_gradient(regression, w, support, query, ALPHA, 2))(w)
    # Central differences: 1e-10 of truncation and 1e-11 of rounding.
    assert_allclose(as_vector(gradient), differences, atol=1e-8)


@pytest.mark.parametrize("num_steps", [1, 4])
def test_quadratic_tasks_have_the_closed_form_meta_loss(num_steps):
    """L = 1/2 (w - c)^T A (w - c): u_T - c = (I - alpha A)^T (w - c)."""
    rng = np.random.default_rng(2)
    A = np.array([[2.0, 0.5], [0.5, 1.0]])
    support, query = rng.normal(size=(5, 2)), rng.normal(size=(5, 2))
    w = rng.normal(size=2)

    def loss(w, centre):
        return (w - centre) @ A @ (w - centre) / 2

    power = np.linalg.matrix_power(np.eye(2) - ALPHA * A, num_steps)
    u = support + (w - support) @ power
    value, adapted = jax.jit(
        lambda w: (
            maml.meta_loss(loss, w, support, query, ALPHA, num_steps),
            maml.adapted_parameters(loss, w, support[0], ALPHA, num_steps),
        )
    )(w)
    assert_allclose(adapted, u[0], atol=EXACT)
    assert_allclose(value, np.mean(np.einsum("ni,ij,nj->n", u - query, A, u - query)) / 2)


def test_full_and_first_order_gradients_agree_on_losses_linear_in_the_parameters():
    slopes = np.random.default_rng(3).normal(size=(4, 3))

    @jax.jit
    def both(w):
        arguments = (lambda w, slope: slope @ w, w, slopes, slopes, ALPHA, 2)
        return maml.meta_gradient(*arguments), maml.first_order_meta_gradient(*arguments)

    full, first_order = both(np.ones(3))
    assert_allclose(full, np.mean(slopes, axis=0), atol=EXACT)
    assert_allclose(first_order, np.mean(slopes, axis=0), atol=EXACT)


def test_meta_descent_reaches_the_best_initialisation_which_the_first_order_variant_misses():
    """Tasks a/2 (w - c)^2: M weights them by a (1 - alpha a)^2, FOMAML by a (1 - alpha a)."""
    a, c, alpha = np.array([0.5, 2.0]), np.array([-1.0, 1.0]), 0.4

    def loss(w, task):
        return task["a"] * (w - task["c"]) ** 2 / 2

    task = {"a": a, "c": c}
    meta_descent = partial(maml.meta_descent_iterates, meta_step_size=0.5, num_meta_steps=200)
    iterates, first_order = jax.jit(
        lambda w: (
            meta_descent(loss, w, task, task, alpha, 1),
            maml.first_order_meta_gradient(loss, w, task, task, alpha, 1),
        )
    )(2.0)
    weights = a * (1 - alpha * a) ** 2
    best = weights @ c / weights.sum()
    assert iterates.shape == (201,)
    assert_allclose(iterates[0], 2.0)
    assert_allclose(iterates[1], 2.0 - 0.5 * np.mean(weights * (2.0 - c)), atol=EXACT)
    # The error falls by 1 - beta mean(weights) = 0.9 a step, 7e-10 in all.
    assert_allclose(iterates[-1], best, atol=1e-8)
    assert_allclose(first_order, np.mean(a * (1 - alpha * a) * (2.0 - c)), atol=EXACT)
