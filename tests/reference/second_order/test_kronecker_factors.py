"""Lecture 4: Kronecker factors against gradients of one example and one target at a time."""

from functools import partial
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from reference import metrics, problems
from reference.second_order import kronecker_factors
from reference.second_order.kronecker_factors import Likelihood
from reference.taylor import gauss_newton_matrix

EXACT = 1e-10  # float64; both sides are short sums of products
GAUSSIAN, CATEGORICAL = Likelihood.GAUSSIAN, Likelihood.CATEGORICAL
NETWORK = kronecker_factors.tapped_perceptron

exact_factors = jax.jit(
    kronecker_factors.exact_factors, static_argnums=0, static_argnames="likelihood"
)
sampled_factors = jax.jit(
    kronecker_factors.sampled_factors, static_argnums=1, static_argnames="likelihood"
)
empirical_factors = jax.jit(
    kronecker_factors.empirical_factors, static_argnums=0, static_argnames="likelihood"
)
layer_statistics = jax.jit(kronecker_factors.layer_statistics, static_argnums=0)


def perceptron(widths, num_examples, *, seed=0):
    """Weights with the biases as last rows, inputs, and labels as one-hot targets."""
    rng = np.random.default_rng(seed)
    weights = [jnp.array(rng.normal(size=(n + 1, m))) for n, m in pairwise(widths)]
    inputs = jnp.array(rng.normal(size=(num_examples, widths[0])))
    return weights, inputs, jnp.eye(widths[-1])[rng.integers(0, widths[-1], num_examples)]


def outputs(weights, inputs):
    return NETWORK(weights, inputs, [0.0] * len(weights))[0]


def losses_of_example(weights, x, targets, likelihood):
    """-log p of one example at each of `targets`."""
    z = outputs(weights, x[None])[0]
    if likelihood is GAUSSIAN:
        return jnp.sum((z - targets) ** 2, axis=1) / 2
    return -targets @ jax.nn.log_softmax(z)


@partial(jax.jit, static_argnames="likelihood")
def factors_by_finite_sums(weights, inputs, targets, probabilities, *, likelihood):
    """A, G of every layer, with G from derivatives in the biases: grad_b = g.

    targets (N, C, K) and their probabilities (N, C).
    """
    gradients = jax.vmap(lambda x, t: jax.jacobian(losses_of_example)(weights, x, t, likelihood))(
        inputs, targets
    )
    activations, results = inputs, []
    for W, gradient in zip(weights, gradients, strict=True):
        abar = jnp.concatenate([activations, jnp.ones((len(inputs), 1))], axis=1)
        g = gradient[:, :, -1, :]
        A = sum(jnp.outer(a, a) for a in abar) / len(inputs)
        results.append((A, jnp.einsum("nc,nco,ncp->op", probabilities, g, g) / len(inputs)))
        activations = jnp.tanh(abar @ W)
    return results


def assert_factors(factors, expected):
    for (A, G), (A_expected, G_expected) in zip(factors, expected, strict=True):
        assert_allclose(A, A_expected, rtol=EXACT, atol=EXACT)
        assert_allclose(G, G_expected, rtol=EXACT, atol=EXACT)


def test_perceptron_is_that_of_the_problems_module():
    weights, inputs, _ = perceptron((3, 4, 2), 5)
    w = [{"weights": W[:-1], "biases": W[-1]} for W in weights]
    z, layer_inputs = NETWORK(weights, inputs, [0.0, 0.0])
    assert_allclose(z, problems.perceptron_outputs(w, inputs), rtol=EXACT)
    assert [abar.shape for abar in layer_inputs] == [(5, 4), (5, 5)]
    assert_allclose(layer_inputs[0], np.concatenate([inputs, np.ones((5, 1))], axis=1), rtol=0)


@pytest.mark.parametrize(("widths", "num_examples"), [((2, 3, 3), 4), ((3, 2), 1)])
def test_exact_factors_of_a_classifier_are_sums_over_all_labels(widths, num_examples):
    weights, inputs, _ = perceptron(widths, num_examples)
    labels = jnp.broadcast_to(jnp.eye(widths[-1]), (num_examples, widths[-1], widths[-1]))
    p = jax.nn.softmax(outputs(weights, inputs))
    expected = factors_by_finite_sums(weights, inputs, labels, p, likelihood=CATEGORICAL)
    factors = exact_factors(NETWORK, weights, inputs, likelihood=CATEGORICAL)
    assert_factors(factors, expected)


def test_exact_factors_of_a_gaussian_model_integrate_over_its_targets():
    weights, inputs, _ = perceptron((2, 3, 2), 4, seed=1)
    # z +- sqrt(K) e_k at equal weights has the mean and the covariance of N(z, I).
    offsets = np.sqrt(2) * np.concatenate([np.eye(2), -np.eye(2)])
    targets = outputs(weights, inputs)[:, None] + offsets
    expected = factors_by_finite_sums(
        weights, inputs, targets, jnp.full((4, 4), 1 / 4), likelihood=GAUSSIAN
    )
    assert_factors(exact_factors(NETWORK, weights, inputs, likelihood=GAUSSIAN), expected)


@pytest.mark.parametrize("likelihood", Likelihood)
def test_empirical_factors_are_at_the_data(likelihood):
    weights, inputs, targets = perceptron((2, 3, 3), 4, seed=2)
    expected = factors_by_finite_sums(
        weights, inputs, targets[:, None], jnp.ones((4, 1)), likelihood=likelihood
    )
    factors = empirical_factors(NETWORK, weights, inputs, targets, likelihood=likelihood)
    assert_factors(factors, expected)
    exact = exact_factors(NETWORK, weights, inputs, likelihood=likelihood)
    assert np.linalg.norm(factors[0].G - exact[0].G) > 0.1 * np.linalg.norm(exact[0].G)


@pytest.mark.parametrize("likelihood", Likelihood)
def test_sampled_factors_are_unbiased(likelihood):
    weights, inputs, _ = perceptron((2, 2, 3), 3, seed=3)
    keys = jax.random.split(jax.random.key(0), 4000)
    draw = jax.vmap(
        lambda key: sampled_factors(key, NETWORK, weights, inputs, likelihood=likelihood)
    )
    exact = exact_factors(NETWORK, weights, inputs, likelihood=likelihood)
    for (A, G), (_, G_exact) in zip(draw(keys), exact, strict=True):
        standard_error = np.std(G, axis=0) / np.sqrt(len(keys))
        assert np.all(np.abs(np.mean(G, axis=0) - G_exact) < 4 * standard_error + 1e-12)
        assert_allclose(np.std(A, axis=0), 0, atol=EXACT)


@pytest.mark.parametrize("likelihood", Likelihood)
def test_empirical_output_vectors_at_a_draw_are_gradients_of_the_loss(likelihood):
    weights, inputs, targets = perceptron((2, 3), 4, seed=4)
    z = outputs(weights, inputs)
    loss = losses_of(likelihood)
    expected = jax.jit(jax.grad(lambda z: jnp.sum(loss(z, targets))))(z)
    vectors = kronecker_factors.empirical_output_vectors(z, targets, likelihood=likelihood)
    assert_allclose(vectors[0], expected, rtol=EXACT, atol=EXACT)


def losses_of(likelihood):
    if likelihood is GAUSSIAN:
        return lambda z, t: jnp.sum((z - t) ** 2, axis=1) / 2
    return lambda z, t: jnp.sum(-t * jax.nn.log_softmax(z), axis=1)


@pytest.mark.parametrize("likelihood", Likelihood)
def test_sampled_output_vectors_have_the_second_moment_of_the_exact_ones(likelihood):
    z = jnp.array([[0.3, -1.0, 0.5]])
    keys = jax.random.split(jax.random.key(1), 4000)
    u = jax.vmap(
        lambda key: kronecker_factors.sampled_output_vectors(key, z, likelihood=likelihood)
    )(keys)[:, 0, 0]
    squares = np.asarray(u[:, :, None] * u[:, None, :])
    exact = np.asarray(kronecker_factors.exact_output_vectors(z, likelihood=likelihood))[:, 0]
    errors = np.abs(squares.mean(axis=0) - exact.T @ exact)
    assert np.all(errors < 4 * squares.std(axis=0) / np.sqrt(len(keys)))


@pytest.mark.parametrize("likelihood", Likelihood)
def test_fisher_blocks_are_the_diagonal_blocks_of_the_dense_fisher(likelihood):
    weights, inputs, _ = perceptron((2, 3, 2), 4, seed=5)

    def gauss_newton(weights):
        return gauss_newton_matrix(
            lambda weights: outputs(weights, inputs),
            lambda z: jnp.mean(losses_of(likelihood)(z, jnp.zeros_like(z).at[:, 0].set(1))),
            weights,
        )

    F = jax.jit(gauss_newton)(weights)
    vectors = kronecker_factors.exact_output_vectors(
        outputs(weights, inputs), likelihood=likelihood
    )
    first, last = layer_statistics(NETWORK, weights, inputs, vectors)
    assert_allclose(kronecker_factors.fisher_block(first), F[:9, :9], atol=EXACT)
    assert_allclose(kronecker_factors.fisher_block(last), F[9:, 9:], atol=EXACT)


@partial(jax.jit, static_argnums=(0, 3))
def kronecker_errors(network, weights, inputs, likelihood):
    """|A (x) G - F| / |F| of every layer."""
    errors = []
    z = network(weights, inputs, [0.0] * len(weights))[0]
    vectors = kronecker_factors.exact_output_vectors(z, likelihood=likelihood)
    for layer in layer_statistics(network, weights, inputs, vectors):
        A, G = kronecker_factors.dense_factors(layer)
        F = kronecker_factors.fisher_block(layer)
        errors.append(jnp.linalg.norm(jnp.kron(A, G) - F) / jnp.linalg.norm(F))
    return errors


def linear_network(weights, inputs, taps):
    activations, layer_inputs = inputs, []
    for W, tap in zip(weights, taps, strict=True):
        layer_inputs.append(kronecker_factors.with_homogeneous(activations))
        activations = layer_inputs[-1] @ W + tap
    return activations, layer_inputs


def test_kronecker_product_is_exact_for_linear_gaussian_networks_and_for_one_example():
    weights, inputs, _ = perceptron((2, 3, 2), 5, seed=6)
    assert max(kronecker_errors(linear_network, weights, inputs, GAUSSIAN)) < EXACT
    assert max(kronecker_errors(NETWORK, weights, inputs[:1], CATEGORICAL)) < EXACT
    # And an approximation otherwise.
    assert max(kronecker_errors(NETWORK, weights, inputs, CATEGORICAL)) > 0.05


def test_one_layer_classifier_has_the_fisher_of_lecture_3():
    weights, inputs, _ = perceptron((2, 3), 4, seed=7)
    vectors = kronecker_factors.exact_output_vectors(
        outputs(weights, inputs), likelihood=CATEGORICAL
    )
    (layer,) = layer_statistics(NETWORK, weights, inputs, vectors)
    F = jax.jit(metrics.fisher_matrix, static_argnums=0)(outputs, weights, inputs)
    assert_allclose(kronecker_factors.fisher_block(layer), F, atol=EXACT)
