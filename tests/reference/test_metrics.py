"""Lecture 3: Fisher matrices against sums over labels, and what natural descent does not see."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.scipy.special import logsumexp
from numpy.testing import assert_allclose

from reference import metrics, problems, taylor
from reference.pytrees import as_vector

EXACT = 1e-10  # float64; both sides are short sums of products
SIZES = [((3, 4, 3), 5), ((2, 2), 1)]  # widths, num_examples
NETWORK = problems.perceptron_outputs

parameters = jax.jit(problems.perceptron_parameters, static_argnums=(1, 2))
fisher_matrix = jax.jit(metrics.fisher_matrix, static_argnums=0)
empirical_fisher_matrix = jax.jit(metrics.empirical_fisher_matrix, static_argnums=0)
fisher_vector_product = jax.jit(metrics.fisher_vector_product, static_argnums=0)
empirical_fisher_vector_product = jax.jit(metrics.empirical_fisher_vector_product, static_argnums=0)
natural_gradient = jax.jit(metrics.natural_gradient, static_argnums=0)


@partial(jax.jit, static_argnums=0)
def loss_gradient(logits_fn, w, inputs, labels):
    def loss(w):
        return jnp.mean(metrics.negative_log_likelihoods(logits_fn(w, inputs), labels))

    return jax.grad(loss)(w)


def classifier(widths, num_examples, *, seed=0, dtype="float64"):
    """w, inputs, labels and a direction v for the network."""
    rng, keys = np.random.default_rng(seed), jax.random.split(jax.random.key(seed))
    w, v = (parameters(key, widths, dtype) for key in keys)
    inputs = jnp.asarray(rng.normal(size=(num_examples, widths[0])), dtype)
    return w, inputs, rng.integers(0, widths[-1], size=num_examples), v


def outer_products_of_gradients(w, inputs, num_labels):
    """g g^T of every example at every possible label, (N, K, P, P), and the probabilities."""

    def loss(w, x, label):
        return -jax.nn.log_softmax(NETWORK(w, x[None])[0])[label]

    @jax.jit
    def gradients(w):
        over_labels = jax.vmap(jax.grad(loss), (None, None, 0))
        over_examples = jax.vmap(over_labels, (None, 0, None))
        return over_examples(w, inputs, jnp.arange(num_labels))

    leaves = jax.tree.leaves(gradients(w))
    g = np.concatenate([leaf.reshape(len(inputs), num_labels, -1) for leaf in leaves], axis=2)
    return g[..., :, None] * g[..., None, :]


def probabilities(w, inputs):
    return np.asarray(jax.jit(lambda w: jax.nn.softmax(NETWORK(w, inputs)))(w))


# --- Distributions -------------------------------------------------------------------------------


@pytest.mark.parametrize(("mean", "std"), [(0.0, 1.0), (-3.0, 0.2), (10.0, 7.0)])
def test_gaussian_fisher_is_the_mean_outer_product_of_scores(mean, std):
    # Gauss-Hermite with 5 nodes is exact for the quartic (d log r / d std)^2.
    nodes, weights = np.polynomial.hermite_e.hermegauss(5)
    scores = np.stack([nodes / std, (nodes**2 - 1) / std])
    expected = scores * weights / np.sqrt(2 * np.pi) @ scores.T
    fisher = metrics.gaussian_fisher(jnp.array(mean), jnp.array(std))
    assert_allclose(fisher, expected, rtol=EXACT, atol=EXACT / std**2)


@pytest.mark.parametrize("num_labels", [1, 2, 7])
def test_softmax_fisher_is_the_covariance_of_a_draw_and_the_hessian_of_every_label(num_labels):
    logits = 2 * np.random.default_rng(num_labels).normal(size=num_labels)
    fisher = jax.jit(metrics.softmax_fisher)(logits)
    p = np.exp(logits) / np.exp(logits).sum()
    errors = np.eye(num_labels) - p  # a row a drawn label
    assert_allclose(fisher, errors.T * p @ errors, atol=EXACT)
    hessian = jax.jit(jax.hessian(lambda z, label: logsumexp(z) - z[label]))
    for label in range(num_labels):
        assert_allclose(fisher, hessian(logits, label), atol=EXACT)


def test_negative_log_likelihoods_stay_finite_for_large_logits():
    logits, labels = jnp.array([[0.0, 1000.0], [0.0, 0.0]]), jnp.array([0, 1])
    nll = metrics.negative_log_likelihoods(logits, labels)
    assert_allclose(nll, [1000.0, np.log(2)], rtol=EXACT)


# --- Fisher matrices -----------------------------------------------------------------------------


@pytest.mark.parametrize(("widths", "num_examples"), SIZES)
def test_fisher_matrix_takes_labels_from_the_model(widths, num_examples):
    w, inputs, _, _ = classifier(widths, num_examples)
    p = probabilities(w, inputs)
    outer_products = outer_products_of_gradients(w, inputs, widths[-1])
    expected = np.einsum("nk,nkpq->pq", p, outer_products) / num_examples
    fisher = fisher_matrix(NETWORK, w, inputs)
    assert_allclose(fisher, expected, atol=EXACT)


@pytest.mark.parametrize(("widths", "num_examples"), SIZES)
def test_empirical_fisher_matrix_takes_labels_from_the_data_and_differs(widths, num_examples):
    w, inputs, labels, _ = classifier(widths, num_examples)
    outer_products = outer_products_of_gradients(w, inputs, widths[-1])
    expected = outer_products[np.arange(num_examples), labels].mean(axis=0)
    empirical = empirical_fisher_matrix(NETWORK, w, inputs, labels)
    assert_allclose(empirical, expected, atol=EXACT)
    fisher = fisher_matrix(NETWORK, w, inputs)
    assert np.linalg.norm(empirical - fisher) > 0.05 * np.linalg.norm(fisher)


def test_fisher_matrix_is_the_gauss_newton_matrix_of_the_cross_entropy():
    w, inputs, labels, _ = classifier((3, 4, 3), 5)
    G = taylor.gauss_newton_matrix(
        lambda w: NETWORK(w, inputs),
        lambda z: jnp.mean(metrics.negative_log_likelihoods(z, labels)),
        w,
    )
    assert_allclose(fisher_matrix(NETWORK, w, inputs), G, atol=EXACT)


@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", EXACT), ("float32", 2e-5)])
@pytest.mark.parametrize(("widths", "num_examples"), SIZES)
def test_products_are_those_of_the_dense_matrices(widths, num_examples, dtype, tolerance):
    w, inputs, labels, v = classifier(widths, num_examples, dtype=dtype)
    products = [
        (fisher_vector_product(NETWORK, w, inputs, v),
         fisher_matrix(NETWORK, w, inputs)),
        (empirical_fisher_vector_product(NETWORK, w, inputs, labels, v),
         empirical_fisher_matrix(NETWORK, w, inputs, labels)),
    ]  # fmt: skip
    for product, matrix in products:
        assert jax.tree.map(jnp.shape, product) == jax.tree.map(jnp.shape, w)
        assert as_vector(product).dtype == matrix.dtype == dtype
        expected = matrix @ as_vector(v)
        assert_allclose(as_vector(product), expected, atol=tolerance * np.abs(expected).max())


def test_fisher_matrix_measures_the_divergence_of_a_small_step():
    w, inputs, _, v = classifier((3, 4, 3), 5)
    step = 1e-4
    p = probabilities(w, inputs)
    q = probabilities(jax.tree.map(lambda w, v: w + step * v, w, v), inputs)
    divergence = np.mean(np.sum(p * np.log(p / q), axis=1))
    Fv = fisher_vector_product(NETWORK, w, inputs, v)
    # The next term of the expansion is `step` times as large.
    assert_allclose(divergence / step**2, as_vector(v) @ as_vector(Fv) / 2, rtol=1e-2)


# --- Natural gradient ----------------------------------------------------------------------------


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
        lambda logits_fn, w: metrics.natural_gradient_descent_iterates(
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
    iterates = metrics.natural_gradient_descent_iterates(
        pinned_logits, w, inputs, labels, 0.7, 3, damping=0.01
    )
    for k in range(4):
        jax.tree.map(lambda ws, w, k=k: assert_allclose(ws[k], w, atol=EXACT), iterates, w)
        direction = natural_gradient(pinned_logits, w, inputs, labels, damping=0.01)
        w = jax.tree.map(lambda w, d: w - 0.7 * d, w, direction)
