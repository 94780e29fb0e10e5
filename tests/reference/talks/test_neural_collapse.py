"""Measures of collapse by definition and on frames; the minimum that descent finds."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from reference.talks import neural_collapse

EXACT = 1e-10  # float64 and well conditioned
class_scatters = jax.jit(neural_collapse.class_scatters)
within_class_variability = jax.jit(neural_collapse.within_class_variability)
mean_cosines = jax.jit(neural_collapse.mean_cosines)
class_means = jax.jit(neural_collapse.class_means)
layer_compressions = jax.jit(neural_collapse.layer_compressions)
self_duality_distance = jax.jit(neural_collapse.self_duality_distance)
PENALTIES = ["weight_penalty", "feature_penalty", "bias_penalty"]
unconstrained_loss = jax.jit(neural_collapse.unconstrained_loss, static_argnames=PENALTIES)
unconstrained_descent_iterates = jax.jit(
    neural_collapse.unconstrained_descent_iterates, static_argnums=3, static_argnames=PENALTIES
)

RAGGED = np.array([0, 1, 1, 2, 2, 2, 0])


def one_hot(labels):
    return np.eye(max(labels) + 1)[labels]


def features(N, D, *, seed=0):
    return np.random.default_rng(seed).normal(size=(N, D))


def collapsed(num_classes, num_inputs, examples_a_class):
    """Features of a simplex, turned and scaled, and off centre; with their labels."""
    labels = np.repeat(np.arange(num_classes), examples_a_class)
    turn = np.linalg.qr(features(num_inputs, num_inputs, seed=1))[0][:num_classes]
    means = 3 * np.asarray(neural_collapse.simplex_frame(num_classes)) @ turn + 0.7
    return means[labels], one_hot(labels)


def start(N, D, J, *, seed=2):
    rng = np.random.default_rng(seed)
    return {
        "features": jnp.array(rng.normal(size=(N, D))),
        "weights": jnp.array(rng.normal(size=(J, D))),
        "biases": jnp.array(rng.normal(size=J)),
    }


def test_class_means_are_means():
    H = features(7, 4)
    means = class_means(H, one_hot(RAGGED))
    for j in range(3):
        assert_allclose(means[j], H[j == RAGGED].mean(axis=0), rtol=EXACT)


def test_scatters_are_covariances_within_and_between():
    H = features(7, 4)
    means = np.stack([H[j == RAGGED].mean(axis=0) for j in range(3)])
    within, between = class_scatters(H, one_hot(RAGGED))
    assert_allclose(between, np.cov(means.T, bias=True), atol=EXACT)
    expected = sum(np.sum(j == RAGGED) * np.cov(H[j == RAGGED].T, bias=True) for j in range(3))
    assert_allclose(within, expected / 7, atol=EXACT)


def test_scatters_of_balanced_classes_add_up():
    H, labels = features(6, 3), np.array([0, 1, 2, 2, 1, 0])
    within, between = class_scatters(H, one_hot(labels))
    assert_allclose(within + between, np.cov(H.T, bias=True), atol=EXACT)


@pytest.mark.parametrize("D", [1, 2, 5])
def test_variability_is_a_trace_in_the_span_of_the_means(D):
    H, Y = features(7, D), one_hot(RAGGED)
    within, between = map(np.asarray, class_scatters(H, Y))
    values, Q = np.linalg.eigh(between)
    Q, values = Q[:, -min(D, 2) :], values[-min(D, 2) :]
    expected = np.trace(Q.T @ within @ Q / values) / 3
    assert_allclose(within_class_variability(H, Y), expected, rtol=1e-8)
    if D <= 2:
        mapped = H @ features(D, D, seed=3)
        assert_allclose(within_class_variability(mapped, Y), expected, rtol=1e-8)


@pytest.mark.parametrize("J", [2, 3, 5])
def test_frame_is_a_simplex(J):
    frame = np.asarray(neural_collapse.simplex_frame(J))
    expected = np.where(np.eye(J) > 0, 1, -1 / (J - 1))
    assert_allclose(frame @ frame.T, expected, atol=EXACT)
    assert_allclose(frame.sum(axis=0), 0, atol=EXACT)


@pytest.mark.parametrize(("J", "D"), [(3, 4), (4, 4)])
def test_measures_of_a_collapsed_network(J, D):
    H, Y = collapsed(J, D, 3)
    assert_allclose(within_class_variability(H, Y), 0, atol=EXACT)
    assert_allclose(mean_cosines(H, Y), np.where(np.eye(J) > 0, 1, -1 / (J - 1)), atol=EXACT)
    M = np.asarray(class_means(H, Y))
    M = M - M.mean(axis=0)
    assert_allclose(self_duality_distance(5 * M, H, Y), 0, atol=1e-7)
    assert_allclose(self_duality_distance(-M, H, Y), 2, rtol=EXACT)


def test_duality_distance_is_between_normalised_matrices():
    H, Y, W = features(7, 4), one_hot(RAGGED), features(3, 4, seed=4)
    M = np.asarray(class_means(H, Y))
    M = M - M.mean(axis=0)
    cosine = np.sum(W * M) / np.linalg.norm(W) / np.linalg.norm(M)
    assert_allclose(self_duality_distance(W, H, Y), (2 - 2 * cosine) ** 0.5, rtol=EXACT)


def test_loss_is_cross_entropy_and_three_penalties():
    w, Y = start(7, 4, 3), one_hot(RAGGED)
    logits = np.asarray(w["features"] @ w["weights"].T + w["biases"])
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    expected = -np.log(p[np.arange(7), RAGGED]).mean()
    for name, penalty in [("weights", 0.1), ("features", 0.2), ("biases", 0.3)]:
        expected += penalty / 2 * np.sum(np.asarray(w[name]) ** 2)
    loss = unconstrained_loss(w, Y, weight_penalty=0.1, feature_penalty=0.2, bias_penalty=0.3)
    assert_allclose(loss, expected, rtol=EXACT)


@pytest.mark.parametrize(("J", "D", "n"), [(3, 4, 2), (4, 3, 1)])
def test_descent_ends_in_a_collapsed_minimum(J, D, n):
    Y, penalties = one_hot(np.repeat(np.arange(J), n)), (0.02, 0.01)
    options = dict(zip(PENALTIES, (*penalties, 0.01), strict=True))
    iterates = unconstrained_descent_iterates(start(J * n, D, J), Y, 1.0, 6000, **options)
    w = jax.tree.map(lambda leaf: leaf[-1], iterates)
    # The slowest mode is damped by the penalties: exp(-6000 * 0.01).
    close = 1e-6
    assert_allclose(within_class_variability(w["features"], Y), 0, atol=close)
    cosines = np.where(np.eye(J) > 0, 1, -1 / (J - 1))
    assert_allclose(mean_cosines(w["features"], Y), cosines, atol=close)
    assert_allclose(self_duality_distance(w["weights"], w["features"], Y), 0, atol=close)
    assert_allclose(w["biases"], w["biases"].mean(), atol=close)
    logits = w["features"] @ w["weights"].T
    gap = neural_collapse.collapsed_logit_gap(J, n, *map(jnp.array, penalties))
    assert_allclose(logits, gap * (Y - 1 / J), atol=10 * close)
    least = neural_collapse.collapsed_loss(J, n, *map(jnp.array, penalties))
    assert_allclose(unconstrained_loss(w, Y, **options), least, rtol=1e-8)


def test_first_iterate_is_a_gradient_step():
    w, Y = start(4, 2, 2), jnp.array(one_hot([0, 1, 1, 0]))
    options = dict(zip(PENALTIES, (0.1, 0.2, 0.3), strict=True))
    gradient = jax.jit(jax.grad(lambda w: neural_collapse.unconstrained_loss(w, Y, **options)))(w)
    iterates = unconstrained_descent_iterates(w, Y, 0.3, 1, **options)
    for name in w:
        expected = jnp.stack([w[name], w[name] - 0.3 * gradient[name]])
        assert_allclose(iterates[name], expected, rtol=EXACT)


@pytest.mark.parametrize("penalty", [0.01, 0.1, 0.2, 1.0])
def test_closed_form_is_the_minimum_over_gaps(penalty):
    J, n = 3, 2
    c, grid = (n * penalty * 0.5) ** 0.5, np.linspace(0, 10, 100_001)
    losses = np.log1p((J - 1) * np.exp(-grid)) + c * (J - 1) * grid
    arguments = J, n, jnp.array(penalty), jnp.array(0.5)
    gap = neural_collapse.collapsed_logit_gap(*arguments)
    assert_allclose(gap, grid[losses.argmin()], atol=1e-4)
    assert_allclose(neural_collapse.collapsed_loss(*arguments), losses.min(), rtol=1e-7)
    if c >= 1 / J:
        assert gap == 0


def test_compressions_are_ratios_of_traces_layer_by_layer():
    X, Y = features(7, 4), one_hot(RAGGED)
    layers = [features(4, 5, seed=5), features(5, 2, seed=6)]
    compressions = layer_compressions(layers, X, Y)
    for H, value in zip([X, X @ layers[0], X @ layers[0] @ layers[1]], compressions, strict=True):
        within, between = class_scatters(H, Y)
        assert_allclose(value, np.trace(within) / np.trace(between), rtol=EXACT)


def test_collapse_progresses_geometrically_through_a_trained_linear_network():
    """Squared error from small orthogonal weights; inputs independent, as many as examples."""
    D, Y = 6, one_hot(np.repeat([0, 1], 3))
    X = np.linalg.qr(features(D, D, seed=7))[0]
    keys = jax.random.split(jax.random.key(0), 4)
    layers = [0.1 * jax.random.orthogonal(key, D, dtype=jnp.float64) for key in keys]
    targets = jnp.pad(Y, ((0, 0), (0, D - 2)))

    def loss(layers):
        H = X
        for weights in layers:
            H = H @ weights
        return jnp.sum((H - targets) ** 2) / 2

    def step(layers, _):
        return jax.tree.map(lambda w, g: w - 0.1 * g, layers, jax.grad(loss)(layers)), None

    trained = jax.jit(lambda layers: jax.lax.scan(step, layers, length=3000)[0])(layers)
    assert loss(trained) < 1e-6
    logs = np.log(layer_compressions(trained, X, Y))
    # Every layer takes off a factor of about 140, the smaller the start the larger.
    assert_allclose(np.diff(logs), -4.95, atol=0.05)
