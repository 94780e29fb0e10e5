"""Proximal points against closed forms and SciPy, and the limits that name the other methods."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize
from numpy.testing import assert_allclose

from reference.metrics import proximal
from reference.metrics.bregman import categorical_divergence, mean_output_dissimilarity
from reference.metrics.natural_gradients import natural_gradient
from reference.pytrees import as_tree, as_vector
from reference.taylor import Ending

EXACT = 1e-10  # float64 and condition numbers below 100
OPTIONS = {"tolerance": 1e-11, "max_steps": 20}


def quadratic(seed=0, eigenvalues=(0.5, 2.0, 7.0)):
    """A, b and w."""
    rng, D = np.random.default_rng(seed), len(eigenvalues)
    Q = np.linalg.qr(rng.normal(size=(D, D)))[0]
    return jnp.array(Q * np.array(eigenvalues) @ Q.T), *jnp.array(rng.normal(size=(2, D)))


def quadratic_loss(A, b):
    return lambda u: u @ A @ u / 2 - b @ u


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("penalty", [0.01, 1.0, 300.0])
def test_quadratic_proximal_point_is_a_damped_newton_step_and_stationary(seed, penalty):
    A, b, w = quadratic(seed)
    u = proximal.quadratic_proximal_point(A, b, w, penalty)
    assert_allclose(A @ u - b + penalty * (u - w), 0, atol=1e-9)  # penalty * eps
    newton = w - np.linalg.solve(A + penalty * np.eye(3), A @ w - b)
    assert_allclose(u, newton, atol=EXACT)


@pytest.mark.parametrize("penalty", [0.1, 10.0])
def test_proximal_point_of_a_quadratic_is_the_closed_form_in_one_newton_step(penalty):
    A, b, w = quadratic()
    result = proximal.proximal_point(
        quadratic_loss(A, b),
        proximal.half_squared_distance,
        w,
        penalty=penalty,
        tolerance=1e-8,
        max_steps=20,
    )
    assert (result.ending, result.steps) == (Ending.CONVERGED, 1)
    expected = proximal.quadratic_proximal_point(A, b, w, penalty)
    assert_allclose(result.solution, expected, atol=1e-7)
    gradient = A @ result.solution - b + penalty * (result.solution - w)
    assert_allclose(result.gradient_norm, np.linalg.norm(gradient), rtol=1e-3, atol=1e-14)


def logistic_problem(seed=0):
    """A loss of pytree parameters, the divergence of predictions, and the parameters."""
    rng = np.random.default_rng(seed)
    inputs, labels = jnp.array(rng.normal(size=(12, 2))), rng.integers(0, 3, size=12)
    w = {"W": jnp.array(rng.normal(size=(2, 2))) / 2, "bias": jnp.array(rng.normal(size=2)) / 2}
    divergence = partial(mean_output_dissimilarity, lambda w: pinned(w, inputs))
    return inputs, labels, w, lambda u, w: divergence(categorical_divergence, u, w)


def pinned(w, inputs):
    """Softmax regression with the last logit fixed at 0, so that the Fisher is regular."""
    return jnp.pad(inputs @ w["W"] + w["bias"], ((0, 0), (0, 1)))


def cross_entropy(inputs, labels):
    return lambda w: -jnp.mean(jax.nn.log_softmax(pinned(w, inputs))[np.arange(12), labels])


@pytest.mark.parametrize("dissimilarity", ["distance", "divergence"])
def test_proximal_point_on_trees_is_the_minimum_that_scipy_finds(dissimilarity):
    inputs, labels, w, divergence = logistic_problem()
    loss = cross_entropy(inputs, labels)
    # KL is not convex in its first argument, but is with this loss and penalty.
    rho = divergence if dissimilarity == "divergence" else proximal.half_squared_distance
    result = jax.jit(lambda w: proximal.proximal_point(loss, rho, w, penalty=2.0, **OPTIONS))(w)
    objective = jax.jit(
        jax.value_and_grad(lambda x: loss(as_tree(x, like=w)) + 2 * rho(as_tree(x, like=w), w))
    )
    expected = scipy.optimize.minimize(objective, as_vector(w), jac=True, tol=1e-10).x
    assert result.ending == Ending.CONVERGED
    assert 1 < result.steps < 10
    # SciPy stops at a gradient of 1e-10; the curvature is above 0.1.
    assert_allclose(as_vector(result.solution), expected, atol=1e-7)


@pytest.mark.parametrize("metric", ["euclidean", "fisher"])
def test_large_penalties_give_the_gradient_in_the_metric_of_the_dissimilarity(metric):
    inputs, labels, w, divergence = logistic_problem()
    loss, penalty = cross_entropy(inputs, labels), 1e5
    rho = divergence if metric == "fisher" else proximal.half_squared_distance
    result = jax.jit(lambda w: proximal.proximal_point(loss, rho, w, penalty=penalty, **OPTIONS))(w)
    step = penalty * (as_vector(w) - as_vector(result.solution))
    expected = as_vector(
        jax.jit(natural_gradient, static_argnums=0)(pinned, w, inputs, labels)
        if metric == "fisher"
        else jax.grad(loss)(w)
    )
    # The next terms are a curvature over the penalty.
    assert_allclose(step, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("loss", "w", "ending", "steps"),
    [
        (lambda u: jnp.sum(u**2), [0.0, 0.0], Ending.CONVERGED, 0),
        (lambda u: jnp.sum(u**2), [1.0, 2.0], Ending.CONVERGED, 1),
        (lambda u: jnp.sum(u**4), [1.0, 2.0], Ending.STEP_LIMIT, 3),
        (lambda u: -jnp.sum(u**2), [1.0, 2.0], Ending.NONPOSITIVE_CURVATURE, 0),
        (lambda u: jnp.nan * jnp.sum(u), [1.0, 2.0], Ending.NOT_FINITE, 1),
    ],
)
def test_proximal_point_says_how_it_ended(loss, w, ending, steps):
    w = jnp.array(w)
    result = proximal.proximal_point(
        loss, proximal.half_squared_distance, w, penalty=1.0, tolerance=1e-13, max_steps=3
    )
    assert (Ending(int(result.ending)), int(result.steps)) == (ending, steps)
    if steps == 0:
        assert_allclose(result.solution, w)


@pytest.mark.parametrize("step_size", [0.1, 100.0])
def test_implicit_descent_shrinks_every_mode_at_every_step_size(step_size):
    A, b, w_0 = quadratic()
    iterates = jax.jit(
        lambda w: proximal.proximal_point_iterates(
            quadratic_loss(A, b), proximal.half_squared_distance, w, 1 / step_size, 4, **OPTIONS
        )
    )(w_0)
    a, Q = np.linalg.eigh(A)
    errors = (iterates - np.linalg.solve(A, b)) @ Q
    rates = (1 / step_size) / (a + 1 / step_size)
    assert iterates.shape == (5, 3)
    # CG leaves 1e-11 of the gradient.
    assert_allclose(errors, errors[0] * rates ** np.arange(5)[:, None], atol=1e-8)


def test_implicit_descent_takes_the_gradient_where_the_step_ends():
    inputs, labels, w, _ = logistic_problem()
    loss = cross_entropy(inputs, labels)
    iterates = jax.jit(
        lambda w: proximal.proximal_point_iterates(
            loss, proximal.half_squared_distance, w, 0.5, 2, **OPTIONS
        )
    )(w)
    assert_allclose(iterates["W"][0], w["W"])
    for k in range(2):
        before, after = (jax.tree.map(lambda x, k=k: x[k], iterates) for k in (k, k + 1))
        step = as_vector(before) - as_vector(after)
        assert_allclose(step, 2 * as_vector(jax.grad(loss)(after)), atol=1e-9)


def test_half_squared_distance_is_that_of_the_vectors():
    _, _, w, _ = logistic_problem()
    u = jax.tree.map(lambda x: 3 * x + 1, w)
    expected = np.sum((as_vector(u) - as_vector(w)) ** 2) / 2
    assert_allclose(proximal.half_squared_distance(u, w), expected, rtol=EXACT)
