"""Fisher matrices against sums over all labels, and the divergence that they measure."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.scipy.special import logsumexp
from numpy.testing import assert_allclose

from reference import problems, taylor
from reference.metrics import fisher
from reference.pytrees import as_vector

EXACT = 1e-10  # float64; both sides are short sums of products
SIZES = [((3, 4, 3), 5), ((2, 2), 1)]  # widths, num_examples
NETWORK = problems.perceptron_outputs

parameters = jax.jit(problems.perceptron_parameters, static_argnums=(1, 2))
fisher_matrix = jax.jit(fisher.fisher_matrix, static_argnums=0)
empirical_fisher_matrix = jax.jit(fisher.empirical_fisher_matrix, static_argnums=0)
fisher_vector_product = jax.jit(fisher.fisher_vector_product, static_argnums=0)
empirical_fisher_vector_product = jax.jit(fisher.empirical_fisher_vector_product, static_argnums=0)


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


# --- Distributions --------------------------------------------------------------------------------


@pytest.mark.parametrize(("mean", "std"), [(0.0, 1.0), (-3.0, 0.2), (10.0, 7.0)])
def test_gaussian_fisher_is_the_mean_outer_product_of_scores(mean, std):
    # Gauss-Hermite with 5 nodes is exact for the quartic (d log r / d std)^2.
    nodes, weights = np.polynomial.hermite_e.hermegauss(5)
    scores = np.stack([nodes / std, (nodes**2 - 1) / std])
    expected = scores * weights / np.sqrt(2 * np.pi) @ scores.T
    F = fisher.gaussian_fisher(jnp.array(mean), jnp.array(std))
    assert_allclose(F, expected, rtol=EXACT, atol=EXACT / std**2)


@pytest.mark.parametrize("num_labels", [1, 2, 7])
def test_softmax_fisher_is_the_covariance_of_a_draw_and_the_hessian_of_every_label(num_labels):
    logits = 2 * np.random.default_rng(num_labels).normal(size=num_labels)
    F = jax.jit(fisher.softmax_fisher)(logits)
    p = np.exp(logits) / np.exp(logits).sum()
    errors = np.eye(num_labels) - p  # a row a drawn label
    assert_allclose(F, errors.T * p @ errors, atol=EXACT)
    hessian = jax.jit(jax.hessian(lambda z, label: logsumexp(z) - z[label]))
    for label in range(num_labels):
        assert_allclose(F, hessian(logits, label), atol=EXACT)


def test_negative_log_likelihoods_stay_finite_for_large_logits():
    logits, labels = jnp.array([[0.0, 1000.0], [0.0, 0.0]]), jnp.array([0, 1])
    nll = fisher.negative_log_likelihoods(logits, labels)
    assert_allclose(nll, [1000.0, np.log(2)], rtol=EXACT)


# --- Fisher matrices ------------------------------------------------------------------------------


@pytest.mark.parametrize(("widths", "num_examples"), SIZES)
def test_fisher_matrix_takes_labels_from_the_model(widths, num_examples):
    w, inputs, _, _ = classifier(widths, num_examples)
    p = probabilities(w, inputs)
    outer_products = outer_products_of_gradients(w, inputs, widths[-1])
    expected = np.einsum("nk,nkpq->pq", p, outer_products) / num_examples
    F = fisher_matrix(NETWORK, w, inputs)
    assert_allclose(F, expected, atol=EXACT)


@pytest.mark.parametrize(("widths", "num_examples"), SIZES)
def test_empirical_fisher_matrix_takes_labels_from_the_data_and_differs(widths, num_examples):
    w, inputs, labels, _ = classifier(widths, num_examples)
    outer_products = outer_products_of_gradients(w, inputs, widths[-1])
    expected = outer_products[np.arange(num_examples), labels].mean(axis=0)
    empirical = empirical_fisher_matrix(NETWORK, w, inputs, labels)
    assert_allclose(empirical, expected, atol=EXACT)
    F = fisher_matrix(NETWORK, w, inputs)
    assert np.linalg.norm(empirical - F) > 0.05 * np.linalg.norm(F)


def test_fisher_matrix_is_the_gauss_newton_matrix_of_the_cross_entropy():
    w, inputs, labels, _ = classifier((3, 4, 3), 5)
    G = taylor.gauss_newton_matrix(
        lambda w: NETWORK(w, inputs),
        lambda z: jnp.mean(fisher.negative_log_likelihoods(z, labels)),
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


def test_sampled_fisher_vector_product_is_unbiased_for_the_true_fisher():
    w, inputs, labels, v = classifier((2, 3), 4)

    @jax.jit
    @jax.vmap
    def estimate(key):
        product = fisher.sampled_fisher_vector_product(NETWORK, w, inputs, v, key, num_samples=2)
        return as_vector(product)

    estimates = np.asarray(estimate(jax.random.split(jax.random.key(0), 4000)))
    standard_errors = estimates.std(axis=0) / 4000**0.5
    expected = as_vector(fisher_vector_product(NETWORK, w, inputs, v))
    assert np.all(np.abs(estimates.mean(axis=0) - expected) < 4 * standard_errors)
    # The same test tells it from the empirical Fisher.
    empirical = as_vector(empirical_fisher_vector_product(NETWORK, w, inputs, labels, v))
    assert np.any(np.abs(estimates.mean(axis=0) - empirical) > 8 * standard_errors)


def test_variance_of_the_sampled_product_falls_with_the_samples():
    w, inputs, _, v = classifier((2, 3), 4)

    def variance(num_samples):
        product = jax.vmap(
            lambda key: as_vector(
                fisher.sampled_fisher_vector_product(NETWORK, w, inputs, v, key, num_samples)
            )
        )
        products = jax.jit(product)(jax.random.split(jax.random.key(1), 500))
        return float(jnp.sum(jnp.var(products, axis=0)))

    # A ratio of two variances from 500 draws each is known to 15 % or so.
    assert 5 < variance(1) / variance(8) < 12
