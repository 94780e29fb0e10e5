"""Separation by definition and by another solver; fits against NumPy; layers that obey."""

import jax
import numpy as np
import pytest
from numpy.testing import assert_allclose

from reference.talks import equi_separation

EXACT = 1e-10  # float64 and well conditioned
scatter_matrices = jax.jit(equi_separation.scatter_matrices)
separation_fuzziness = jax.jit(equi_separation.separation_fuzziness)
geometric_fit = jax.jit(equi_separation.geometric_fit)
layer_fuzziness = jax.jit(equi_separation.layer_fuzziness)

LABELS = np.array([0, 1, 1, 2, 2, 2, 0, 2])
Y = np.eye(3)[LABELS]


def features(F, *, N=8, seed=0):
    return np.random.default_rng(seed).normal(size=(N, F))


def test_scatters_are_sums_over_examples():
    H = features(4)
    within, between = np.zeros((4, 4)), np.zeros((4, 4))
    for h, label in zip(H, LABELS, strict=True):
        mean = H[label == LABELS].mean(axis=0)
        within += np.outer(h - mean, h - mean) / 8
        between += np.outer(mean - H.mean(axis=0), mean - H.mean(axis=0)) / 8
    for computed, expected in zip(scatter_matrices(H, Y), (within, between), strict=True):
        assert_allclose(computed, expected, atol=EXACT)


def test_scatters_add_up_to_the_covariance_of_classes_of_different_sizes():
    H = features(3)
    assert_allclose(sum(scatter_matrices(H, Y)), np.cov(H.T, bias=True), atol=EXACT)


@pytest.mark.parametrize("F", [1, 2, 3, 6])
def test_fuzziness_is_a_trace_with_the_pseudo_inverse(F):
    H = features(F, seed=1)
    within, between = map(np.asarray, scatter_matrices(H, Y))
    expected = np.trace(within @ np.linalg.pinv(between, rcond=1e-10))
    assert_allclose(separation_fuzziness(H, Y), expected, rtol=1e-8)


def test_means_on_a_line_leave_the_other_directions_out():
    """Three classes, means 0, 1 and 2 along the first axis; spreads of 0.5 in both."""
    square = np.array([[0.5, 0.5], [0.5, -0.5], [-0.5, 0.5], [-0.5, -0.5]])
    H = np.concatenate([square + np.array([mean, 0]) for mean in range(3)])
    computed = separation_fuzziness(H, np.eye(3)[np.repeat([0, 1, 2], 4)])
    assert_allclose(computed, 0.25 / (2 / 3), rtol=1e-8)


@pytest.mark.parametrize("F", [2, 5])
def test_fuzziness_knows_no_rotation_scale_or_shift(F):
    H = features(F, seed=2)
    expected = separation_fuzziness(H, Y)
    turn = np.linalg.qr(features(F, N=F, seed=3))[0]
    assert_allclose(separation_fuzziness(1 + 3 * H @ turn, Y), expected, rtol=1e-8)
    if F == 2:
        mapped = H @ features(2, N=2, seed=4)
        assert_allclose(separation_fuzziness(mapped, Y), expected, rtol=1e-8)


def test_two_classes_have_fishers_ratio():
    labels = np.array([0, 0, 0, 1, 1, 1])
    h = features(1, N=6, seed=5)
    means = [h[labels == j].mean() for j in (0, 1)]
    within = np.mean([h[labels == j].var() for j in (0, 1)])
    expected = within / ((means[1] - means[0]) / 2) ** 2
    assert_allclose(separation_fuzziness(h, np.eye(2)[labels]), expected, rtol=EXACT)


def test_layers_are_measured_in_order():
    layers = [features(4, seed=6), features(2, seed=7), features(3, seed=8)]
    expected = [separation_fuzziness(H, Y) for H in layers]
    assert_allclose(layer_fuzziness(layers, Y), expected, rtol=EXACT)


@pytest.mark.parametrize("num_layers", [2, 3, 7])
def test_fit_is_the_regression_of_logarithms(num_layers):
    rng = np.random.default_rng(num_layers)
    fuzziness = np.exp(rng.normal(size=num_layers) - np.arange(num_layers))
    start, ratio, r_squared = geometric_fit(fuzziness)
    depths, logs = np.arange(num_layers), np.log(fuzziness)
    slope, intercept = np.polyfit(depths, logs, 1)
    assert_allclose(np.log([start, ratio]), [intercept, slope], atol=EXACT)
    assert_allclose(r_squared, np.corrcoef(depths, logs)[0, 1] ** 2, rtol=EXACT)
    residuals = np.log(fuzziness) - np.log(start) - np.arange(num_layers) * np.log(ratio)
    total = num_layers * np.var(np.log(fuzziness))
    assert_allclose(r_squared, 1 - residuals @ residuals / total, rtol=1e-8)


@pytest.mark.parametrize("ratio", [0.5, 0.01])
def test_layers_that_shrink_classes_alike_obey_the_law(ratio):
    """Every layer takes sqrt(ratio) off the deviations from class means, and turns all."""
    H = features(4, seed=9)
    means = np.stack([H[j == LABELS].mean(axis=0) for j in range(3)])[LABELS]
    turns = [np.linalg.qr(features(4, N=4, seed=seed))[0] for seed in range(4)]
    layers = [(means + ratio ** (l / 2) * (H - means)) @ turns[l] for l in range(4)]  # noqa: E741
    fit = geometric_fit(layer_fuzziness(layers, Y))
    assert_allclose(fit.start, separation_fuzziness(H, Y), rtol=1e-8)
    assert_allclose([fit.ratio, fit.r_squared], [ratio, 1], rtol=1e-8)
