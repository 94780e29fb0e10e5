"""Natural gradients against dense solves, and what natural descent does not see."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from reference import problems
from reference.metrics import natural_gradients
from reference.metrics.fisher import fisher_matrix, negative_log_likelihoods
from reference.pytrees import as_vector

EXACT = 1e-10  # float64; both sides are short sums of products
SIZES = [((3, 4, 3), 5), ((2, 2), 1)]  # widths, num_examples
NETWORK = problems.perceptron_outputs

parameters = jax.jit(problems.perceptron_parameters, static_argnums=(1, 2))
fisher_matrix = jax.jit(fisher_matrix, static_argnums=0)
natural_gradient = jax.jit(natural_gradients.natural_gradient, static_argnums=0)


@partial(jax.jit, static_argnums=0)
def loss_gradient(logits_fn, w, inputs, labels):
    def loss(w):
        return jnp.mean(negative_log_likelihoods(logits_fn(w, inputs), labels))

    return jax.grad(loss)(w)


def classifier(widths, num_examples, *, seed=0, dtype="float64"):
    """w, inputs, labels and a direction v for the network."""
    rng, keys = np.random.default_rng(seed), jax.random.split(jax.random.key(seed))
    w, v = (parameters(key, widths, dtype) for key in keys)
    inputs = jnp.asarray(rng.normal(size=(num_examples, widths[0])), dtype)
    return w, inputs, rng.integers(0, widths[-1], size=num_examples), v


def pinned_logits(w, inputs):
    """Softmax regression with the last logit fixed at 0, so that the Fisher is regular."""
    return jnp.pad(inputs @ w["W"] + w["bias"], ((0, 0), (0, 1)))


def regular_problem(seed):
    rng = np.random.default_rng(seed)
    w = {"W": jnp.array(rng.normal(size=(2, 2))) / 2, "bias": jnp.array(rng.normal(size=2)) / 2}
    return w, jnp.array(rng.normal(size=(12, 2))), jnp.array(rng.integers(0, 3, size=12))


@pytest.mark.parametrize("damping", [0.0, 0.3])
def test_natural_gradient_solves_with_the_damped_fisher(damping):
    w, inputs, labels = regular_problem(0)
    direction = natural_gradient(pinned_logits, w, inputs, labels, damping=damping)
    F = fisher_matrix(pinned_logits, w, inputs)
    gradient = loss_gradient(pinned_logits, w, inputs, labels)
    assert jax.tree.structure(direction) == jax.tree.structure(w)
    solved = F @ as_vector(direction) + damping * as_vector(direction)
    assert_allclose(solved, as_vector(gradient), atol=EXACT)


@pytest.mark.parametrize(("widths", "num_examples"), SIZES)
def test_natural_gradient_is_the_shortest_solution_where_the_fisher_is_singular(
    widths, num_examples
):
    w, inputs, labels, _ = classifier(widths, num_examples)
    direction = as_vector(natural_gradient(NETWORK, w, inputs, labels))
    F = fisher_matrix(NETWORK, w, inputs)
    gradient = as_vector(loss_gradient(NETWORK, w, inputs, labels))
    # Eigenvalues of F near the cutoff lose digits: 1e-7 is what the worst of these sizes keeps.
    assert_allclose(F @ direction, gradient, atol=1e-7)
    assert_allclose(np.linalg.pinv(F, hermitian=True, rtol=1e-12) @ gradient, direction, rtol=1e-4)


@pytest.mark.parametrize(
    ("damping", "invariant"), [(0.0, True), (0.1, False)], ids=["undamped", "damped"]
)
@pytest.mark.parametrize("seed", range(2))
def test_natural_descent_does_not_see_a_linear_change_of_coordinates(seed, damping, invariant):
    w_0, inputs, labels = regular_problem(seed)
    T = np.eye(6) + 0.3 * np.random.default_rng(seed + 10).normal(size=(6, 6))
    iterates_w, iterates_v = descend_in_both_coordinates(
        lambda logits_fn, w: natural_gradients.natural_gradient_descent_iterates(
            logits_fn, w, inputs, labels, 0.5, 8, damping=damping
        ),
        w_0,
        T,
    )
    assert iterates_w.shape == (9, 6)
    assert np.abs(iterates_w[-1] - iterates_w[0]).max() > 0.1
    assert np.allclose(iterates_v @ T.T, iterates_w, rtol=0, atol=1e-9) == invariant


def test_gradient_descent_does_see_a_linear_change_of_coordinates():
    w_0, inputs, labels = regular_problem(0)
    T = np.eye(6) + 0.3 * np.random.default_rng(10).normal(size=(6, 6))

    def one_step(logits_fn, w):
        return jnp.stack([w, w - 0.5 * loss_gradient(logits_fn, w, inputs, labels)])

    iterates_w, iterates_v = descend_in_both_coordinates(one_step, w_0, T)
    assert np.abs(iterates_v @ T.T - iterates_w).max() > 1e-2


def descend_in_both_coordinates(descend, w_0, T):
    """Flat iterates for w = T v, from w_0 in the coordinates w and from T^-1 w_0 in v."""

    def logits_of_vector(x, inputs):
        return pinned_logits({"W": x[:4].reshape(2, 2), "bias": x[4:]}, inputs)

    w_flat = as_vector(w_0)
    iterates_w = descend(logits_of_vector, w_flat)
    iterates_v = descend(lambda v, x: logits_of_vector(T @ v, x), jnp.linalg.solve(T, w_flat))
    return np.asarray(iterates_w), np.asarray(iterates_v)


def test_natural_descent_iterates_are_steps_along_natural_gradients_of_trees():
    w, inputs, labels = regular_problem(3)
    iterates = natural_gradients.natural_gradient_descent_iterates(
        pinned_logits, w, inputs, labels, 0.7, 3, damping=0.01
    )
    for k in range(4):
        jax.tree.map(lambda ws, w, k=k: assert_allclose(ws[k], w, atol=EXACT), iterates, w)
        direction = natural_gradient(pinned_logits, w, inputs, labels, damping=0.01)
        w = jax.tree.map(lambda w, d: w - 0.7 * d, w, direction)
