"""Information of Gaussians against entropies, precision matrices and samples."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from reference.talks import conditional_information

EXACT = 1e-10  # float64, condition numbers below 1e3
# Compiled: quicker than an operation at a time.
conditional_covariance = jax.jit(
    conditional_information.conditional_covariance, static_argnums=(1, 2)
)
partial_correlation = jax.jit(
    conditional_information.partial_correlation, static_argnums=(1, 2), static_argnames="given"
)
gaussian_information = jax.jit(
    conditional_information.gaussian_information, static_argnums=(1, 2), static_argnames="given"
)
total_conditional_information = jax.jit(
    conditional_information.total_conditional_information, static_argnums=(1, 2)
)
code_covariance = jax.jit(conditional_information.code_covariance)
decorrelating_map = jax.jit(conditional_information.decorrelating_map)
attribute_predictor = jax.jit(conditional_information.attribute_predictor, static_argnums=(1, 2))
prediction_risk = jax.jit(conditional_information.prediction_risk, static_argnums=(1, 2))


def covariance_matrix(size, seed):
    L = np.random.default_rng(seed).normal(size=(size, size))
    return jnp.array(L @ L.T + 0.5 * np.eye(size))


def entropy(S):
    """Of a Gaussian, in nats."""
    return np.linalg.slogdet(2 * np.pi * np.e * np.asarray(S))[1] / 2


def test_conditional_covariance_is_a_block_of_the_inverse_inverted():
    S = covariance_matrix(5, seed=0)
    conditional = conditional_covariance(S, (3, 0), (1, 2, 4))
    P = np.linalg.inv(S)[np.ix_([3, 0], [3, 0])]
    assert_allclose(conditional, np.linalg.inv(P), rtol=1e-9)
    nothing = conditional_covariance(S, (3, 0), ())
    assert_allclose(nothing, S[np.ix_([3, 0], [3, 0])], rtol=EXACT)


def test_partial_correlation_given_one_is_the_textbook_formula_and_given_all_the_precision():
    S = covariance_matrix(4, seed=1)
    R = np.asarray(S) / np.sqrt(np.outer(np.diag(S), np.diag(S)))
    rho = partial_correlation(S, 0, 1, given=(2,))
    expected = (R[0, 1] - R[0, 2] * R[1, 2]) / np.sqrt((1 - R[0, 2] ** 2) * (1 - R[1, 2] ** 2))
    assert_allclose(rho, expected, rtol=1e-9)
    P = np.linalg.inv(S)
    rho = partial_correlation(S, 0, 1, given=(2, 3))
    assert_allclose(rho, -P[0, 1] / np.sqrt(P[0, 0] * P[1, 1]), rtol=1e-9)
    assert_allclose(partial_correlation(S, 0, 1), R[0, 1], rtol=EXACT)


@pytest.mark.parametrize("given", [(), (2,), (2, 3)])
def test_information_of_two_numbers_is_that_of_their_partial_correlation(given):
    S = covariance_matrix(4, seed=2)
    rho = partial_correlation(S, 0, 1, given=given)
    information = gaussian_information(S, (0,), (1,), given=given)
    assert_allclose(information, -np.log(1 - np.asarray(rho) ** 2) / 2, rtol=1e-8)


@pytest.mark.parametrize("blocks", [((0, 1), (2,), (3, 4)), ((4,), (0, 3), (1,)), ((2,), (1,), ())])
def test_information_is_a_sum_of_entropies(blocks):
    S = np.asarray(covariance_matrix(5, seed=3))
    x, y, a = blocks

    def h(*indices):
        return entropy(S[np.ix_(indices, indices)]) if indices else 0.0

    # I(x; y | a) = h(x, a) + h(y, a) - h(x, y, a) - h(a).
    expected = h(*x, *a) + h(*y, *a) - h(*x, *y, *a) - h(*a)
    information = gaussian_information(jnp.array(S), x, y, given=a)
    assert_allclose(information, expected, rtol=1e-8)
    swapped = gaussian_information(jnp.array(S), y, x, given=a)
    assert_allclose(swapped, information, rtol=1e-8)


def test_information_does_not_see_coordinates_within_the_blocks():
    S, rng = np.asarray(covariance_matrix(5, seed=4)), np.random.default_rng(5)
    T = np.zeros((5, 5))
    for block in ([0, 1], [2, 3], [4]):
        T[np.ix_(block, block)] = rng.normal(size=(len(block), len(block)))
    before, after = (
        gaussian_information(jnp.array(M), (0, 1), (2, 3), given=(4,)) for M in (S, T @ S @ T.T)
    )
    assert_allclose(after, before, rtol=1e-8)


def test_information_vanishes_only_for_conditionally_independent_codes():
    # z_j = a + noise: dependent by their common cause alone.
    S = np.ones((3, 3)) + np.diag([1.0, 2.0, 0.0])
    given = gaussian_information(jnp.array(S), (0,), (1,), given=(2,))
    plain = gaussian_information(jnp.array(S), (0,), (1,))
    assert_allclose(given, 0, atol=EXACT)
    assert_allclose(plain, -np.log(1 - 1 / 6) / 2, rtol=1e-9)


def mixed_attributes(correlation):
    """x = M a + noise, with two attributes; the covariances of a and of the noise."""
    M = np.array([[1.0, 0.6], [-0.4, 1.2]])
    N = 0.1 * M @ M.T  # noise on the attributes themselves, seen through the mixing
    return jnp.array(M), jnp.array([[1.0, correlation], [correlation, 1.0]]), jnp.array(N)


def test_code_covariance_is_that_of_the_stacked_linear_map():
    rng = np.random.default_rng(6)
    W, M = rng.normal(size=(2, 3)), rng.normal(size=(3, 2))
    S_a, N = covariance_matrix(2, seed=7), covariance_matrix(3, seed=8)
    joint = code_covariance(jnp.array(W), jnp.array(M), S_a, N)
    maps = np.block([[W @ M, W], [np.eye(2), np.zeros((2, 3))]])  # of (a, noise)
    sources = np.block([[S_a, np.zeros((2, 3))], [np.zeros((3, 2)), N]])
    assert_allclose(joint, maps @ sources @ maps.T, rtol=EXACT)


def test_right_codes_have_no_conditional_information_but_share_some():
    M, S_a, N = mixed_attributes(0.8)
    joint = code_covariance(jnp.linalg.inv(M), M, S_a, N)
    penalty = total_conditional_information(joint, (0, 1), (2, 3))
    assert_allclose(penalty, 0, atol=EXACT)
    assert gaussian_information(joint, (0,), (1,)) > 0.3
    # Each code against each attribute is what the sum is made of.
    entangled = code_covariance(jnp.eye(2), M, S_a, N)
    expected = sum(gaussian_information(entangled, (0,), (1,), given=(a,)) for a in (2, 3))
    penalty = total_conditional_information(entangled, (0, 1), (2, 3))
    assert_allclose(penalty, expected, rtol=EXACT)
    assert penalty > 0.1


def test_decorrelated_codes_fail_when_the_correlation_shifts_and_the_right_ones_do_not():
    M, N = jnp.eye(2), 0.1 * jnp.eye(2)
    S_a, shifted = (jnp.array([[1.0, r], [r, 1.0]]) for r in (0.8, -0.8))
    whitener = decorrelating_map(S_a + N)
    code = code_covariance(whitener, M, S_a, N)
    assert_allclose(code[:2, :2], np.eye(2), atol=EXACT)  # no information in common

    def risks(encoder):
        """Of a_1 predicted from z_1, where it was fitted and after the shift."""
        train, test = (code_covariance(encoder, M, S, N) for S in (S_a, shifted))
        weights = attribute_predictor(train, (0,), 2)
        return [float(prediction_risk(S, (0,), 2, weights)) for S in (train, test)]

    train, test = risks(jnp.eye(2))
    assert_allclose(train, test, rtol=1e-9)
    assert_allclose(train, (1 - 1 / 1.1) / 2, rtol=1e-9)  # z_1 = a_1 + noise of variance 0.1
    # Whitened, z_1 = p x_1 - q x_2 with p, q = (1.9^-1/2 +- 0.3^-1/2) / 2 (q > 0 as 1.9 > 0.3).
    p, q = (0.3**-0.5 + 1.9**-0.5) / 2, (0.3**-0.5 - 1.9**-0.5) / 2
    slope = p - 0.8 * q
    expected = (slope**2 * (1.1 * (p**2 + q**2) + 1.6 * p * q) - 2 * slope * (p + 0.8 * q) + 1) / 2
    assert_allclose(risks(whitener), [(1 - slope**2) / 2, expected], rtol=1e-9)
    assert expected > 4 * test


def test_decorrelating_map_is_the_symmetric_inverse_root():
    S = covariance_matrix(4, seed=9)
    W = decorrelating_map(S)
    assert_allclose(W @ S @ W.T, np.eye(4), atol=EXACT)
    assert_allclose(W, W.T, atol=EXACT)
    assert np.all(np.linalg.eigvalsh(W) > 0)
    # Of the conditional covariance: no information is left between the coordinates given a.
    conditional = conditional_covariance(S, (0, 1), (2, 3))
    T = jnp.eye(4).at[:2, :2].set(decorrelating_map(conditional))
    left = gaussian_information(T @ S @ T.T, (0,), (1,), given=(2, 3))
    assert_allclose(left, 0, atol=EXACT)


def test_predictor_is_least_squares_and_its_risk_the_residual_variance():
    S = covariance_matrix(4, seed=10)
    weights = attribute_predictor(S, (0, 2), 3)
    risk = prediction_risk(S, (0, 2), 3, weights)
    residual = conditional_covariance(S, (3,), (0, 2))
    assert_allclose(risk, residual[0, 0] / 2, rtol=1e-9)
    slope = jax.grad(lambda w: prediction_risk(S, (0, 2), 3, w))(weights)
    assert_allclose(slope, 0, atol=EXACT)
    assert_allclose(prediction_risk(S, (0, 2), 3, 0 * weights), S[3, 3] / 2)


def test_sample_partial_correlation_is_that_of_the_sample_covariance():
    rng = np.random.default_rng(11)
    X = rng.normal(size=(30, 4)) @ rng.normal(size=(4, 4)) + 5
    sample = conditional_information.sample_partial_correlation(
        *(jnp.array(column) for column in (X[:, 0], X[:, 1], X[:, 2:]))
    )
    expected = partial_correlation(jnp.array(np.cov(X.T)), 0, 1, given=(2, 3))
    assert_allclose(sample, expected, rtol=1e-8)


def test_sample_partial_correlation_is_near_the_true_one():
    # x = 2 a_1 + e_1 and y = 2 a_1 + a_2 + e_2; e_1, e_2 have unit variance, correlation -1/2.
    maps = np.array([[2.0, 0.0, 1.0, 0.0], [2.0, 1.0, -0.5, 0.75**0.5], [1, 0, 0, 0], [0, 1, 0, 0]])
    S = jnp.array(maps @ maps.T)
    draws = jax.random.normal(jax.random.key(0), (500, 4)) @ np.linalg.cholesky(S).T
    sample = conditional_information.sample_partial_correlation(
        draws[:, 0], draws[:, 1], draws[:, 2:]
    )
    true = partial_correlation(S, 0, 1, given=(2, 3))
    assert_allclose(true, -0.5, rtol=EXACT)
    # Fisher's transform has the standard error 1 / sqrt(N - K - 3).
    assert abs(np.arctanh(sample) - np.arctanh(true)) < 4 / np.sqrt(500 - 2 - 3)
    plain = partial_correlation(S, 0, 1)
    assert abs(np.arctanh(sample) - np.arctanh(plain)) > 4 / np.sqrt(500 - 2 - 3)
