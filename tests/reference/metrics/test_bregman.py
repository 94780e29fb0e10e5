"""Bregman divergences against KL, and pullback metrics against the dissimilarities themselves."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.scipy.special import logsumexp
from numpy.testing import assert_allclose

from reference import problems
from reference.metrics import bregman
from reference.metrics.fisher import fisher_matrix, softmax_fisher
from reference.pytrees import as_tree, as_vector
from reference.taylor import gauss_newton_matrix

EXACT = 1e-10  # float64; both sides are short sums of products


def negative_entropy(p):
    return jnp.sum(p * jnp.log(p))


def half_square(z):
    return jnp.sum(z**2) / 2


def quartic(z):
    return jnp.sum(z**4) + jnp.exp(z[0] - z[-1])


def logits(num_labels, *, seed=0):
    return jnp.array(np.random.default_rng(seed).normal(size=(2, num_labels)))


RHOS = {
    "half square": partial(bregman.bregman_divergence, half_square),
    "Bregman of a quartic": partial(bregman.bregman_divergence, quartic),
    "KL": bregman.categorical_divergence,
    "KL reversed": lambda z, w: bregman.categorical_divergence(w, z),
    "no Bregman divergence": lambda z, w: jnp.sum(jnp.cosh(z * w - w * w) - 1),
}
UNLIKE = ["Bregman of a quartic", "KL reversed", "no Bregman divergence"]
every_unlike = pytest.mark.parametrize("rho", [RHOS[name] for name in UNLIKE], ids=UNLIKE)

bregman_divergence = jax.jit(bregman.bregman_divergence, static_argnums=0)
categorical_divergence = jax.jit(bregman.categorical_divergence)
mean_output_dissimilarity = jax.jit(bregman.mean_output_dissimilarity, static_argnums=(0, 1))
output_metric = jax.jit(bregman.output_metric, static_argnums=0)
pullback_metric = jax.jit(bregman.pullback_metric, static_argnums=(0, 1))
pullback_metric_vector_product = jax.jit(
    bregman.pullback_metric_vector_product, static_argnums=(0, 1)
)


INPUTS = np.random.default_rng(0).normal(size=(5, 3))
parameters = jax.jit(problems.perceptron_parameters, static_argnums=1)


@jax.jit
def network(w):
    return problems.perceptron_outputs(w, jnp.array(INPUTS))


def perceptron():
    """w and a direction v for the network."""
    return (parameters(key, (3, 2, 3)) for key in jax.random.split(jax.random.key(0)))


# --- Divergences ---------------------------------------------------------------------------------


@pytest.mark.parametrize("num_labels", [1, 2, 7])
def test_bregman_divergence_of_log_partition_is_kl_with_arguments_swapped(num_labels):
    z_p, z_q = logits(num_labels)
    p, q = np.exp(z_p) / np.exp(z_p).sum(), np.exp(z_q) / np.exp(z_q).sum()
    expected = np.sum(p * np.log(p / q))
    assert_allclose(bregman_divergence(logsumexp, z_q, z_p), expected, atol=EXACT)
    assert_allclose(categorical_divergence(z_p, z_q), expected, atol=EXACT)
    dual = bregman_divergence(negative_entropy, jnp.array(p), jnp.array(q))
    assert_allclose(dual, expected, atol=EXACT)
    if num_labels > 1:
        swapped = bregman_divergence(logsumexp, z_p, z_q)
        assert abs(swapped - expected) > 1e-3 * expected


@pytest.mark.parametrize("potential", [half_square, quartic, logsumexp])
def test_bregman_divergence_is_the_height_over_the_tangent_at_the_second_argument(potential):
    u, w = logits(3)
    divergence = bregman_divergence(potential, u, w)
    gradient = jax.jit(jax.grad(potential))(w)
    assert_allclose(divergence, potential(u) - potential(w) - gradient @ (u - w), atol=EXACT)
    assert divergence > 0
    assert_allclose(bregman_divergence(potential, w, w), 0, atol=EXACT)
    tilted = bregman_divergence(lambda x: potential(x) + 3 * x[0] + 5, u, w)
    assert_allclose(tilted, divergence, rtol=1e-9)


def test_bregman_divergence_of_half_squares_is_the_half_squared_distance_on_trees():
    w, v = perceptron()
    divergence = bregman_divergence(lambda w: half_square(as_vector(w)), v, w)
    assert_allclose(divergence, half_square(as_vector(v) - as_vector(w)), rtol=EXACT)


@every_unlike
def test_mean_output_dissimilarity_is_a_mean_over_examples(rho):
    w, v = perceptron()
    z, z_v = network(w), network(v)
    rho_of_rows = jax.jit(rho)
    expected = np.mean([rho_of_rows(z_v[n], z[n]) for n in range(5)])
    assert_allclose(mean_output_dissimilarity(network, rho, v, w), expected, rtol=EXACT)


# --- Metrics -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("half square", lambda z: jnp.eye(3)),
        ("Bregman of a quartic", jax.hessian(quartic)),
        ("KL", softmax_fisher),
        ("KL reversed", softmax_fisher),
        ("no Bregman divergence", lambda z: jnp.diag(z**2)),
    ],
)
def test_output_metric_is_the_hessian_of_the_potential_or_the_fisher_matrix(name, expected):
    z, _ = logits(3)
    assert_allclose(output_metric(RHOS[name], z), jax.jit(expected)(z), atol=EXACT)


@every_unlike
def test_pullback_metric_is_the_hessian_of_the_dissimilarity_of_weights(rho):
    w, v = perceptron()
    G = pullback_metric(network, rho, w)

    def dissimilarity(x):
        return bregman.mean_output_dissimilarity(network, rho, as_tree(x, like=w), w)

    assert_allclose(G, jax.jit(jax.hessian(dissimilarity))(as_vector(w)), atol=1e-9)
    dissimilarity = jax.jit(dissimilarity)
    assert np.linalg.eigvalsh(G)[0] > -1e-9
    x, direction, e = as_vector(w), as_vector(v), 1e-3
    second_difference = (dissimilarity(x + e * direction) + dissimilarity(x - e * direction)) / e**2
    # rho(w, w) is 0, so that two values make a second difference; the next term is e^2.
    assert_allclose(second_difference, direction @ G @ direction, rtol=1e-3)


@every_unlike
def test_pullback_metric_vector_product_is_that_of_the_dense_matrix(rho):
    w, v = perceptron()
    product = pullback_metric_vector_product(network, rho, w, v)
    G = pullback_metric(network, rho, w)
    assert jax.tree.structure(product) == jax.tree.structure(w)
    assert_allclose(as_vector(product), G @ as_vector(v), atol=1e-9)


def test_pullback_metric_of_kl_is_the_fisher_matrix_and_of_squares_gauss_newton():
    w, _ = perceptron()
    fisher = jax.jit(fisher_matrix, static_argnums=0)(
        problems.perceptron_outputs, w, jnp.array(INPUTS)
    )
    assert_allclose(pullback_metric(network, bregman.categorical_divergence, w), fisher, atol=EXACT)
    metric = pullback_metric(network, RHOS["half square"], w)
    G = gauss_newton_matrix(network, lambda z: jnp.mean(jnp.sum(z**2, axis=1)) / 2, w)
    assert_allclose(metric, G, atol=EXACT)


def test_pullback_metric_changes_coordinates_as_a_metric_does():
    w, _ = perceptron()
    x = as_vector(w)
    T = np.eye(len(x)) + 0.3 * np.random.default_rng(0).normal(size=(len(x), len(x)))

    def metric(network, x):
        return pullback_metric(network, bregman.categorical_divergence, x)

    def of_vector(x):
        return network(as_tree(x, like=w))

    in_v = metric(lambda v: of_vector(T @ v), jnp.linalg.solve(T, x))
    assert_allclose(in_v, T.T @ metric(of_vector, x) @ T, atol=1e-9)
