"""The loss by definition; minima certified global; rare classes that collapse, and do not."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from reference.talks import layer_peeled

EXACT = 1e-10  # float64 and well conditioned
PENALTIES = ["weight_penalty", "feature_penalty"]
OPTIONS = {"weight_penalty": 0.02, "feature_penalty": 0.02}
peeled_loss = jax.jit(layer_peeled.peeled_loss, static_argnames=PENALTIES)
peeled_descent = jax.jit(layer_peeled.peeled_descent, static_argnums=3, static_argnames=PENALTIES)
convex_certificate = jax.jit(layer_peeled.convex_certificate, static_argnames=PENALTIES)


def start(J, D, *, seed=0):
    rng = np.random.default_rng(seed)
    return {name: jnp.array(0.5 * rng.normal(size=(J, D))) for name in ("weights", "features")}


def fractions(ratio):
    return layer_peeled.imbalanced_fractions(2, 2, jnp.array(ratio))


def test_fractions_are_of_examples():
    labels = np.repeat(range(5), [6, 6, 2, 2, 2])
    computed = layer_peeled.imbalanced_fractions(2, 3, jnp.array(3.0))
    assert_allclose(computed, np.bincount(labels) / len(labels), rtol=EXACT)


def test_loss_is_a_mean_over_examples_and_two_penalties():
    w, labels = start(3, 4), np.repeat(range(3), [4, 2, 2])
    W, H = np.asarray(w["weights"]), np.asarray(w["features"])
    logits = H[labels] @ W.T
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    expected = -np.log(p[np.arange(8), labels]).mean()
    expected += 0.1 / 2 * np.sum(W**2) + 0.6 / 2 * np.mean(np.sum(H**2, axis=1))
    computed = peeled_loss(w, np.array([0.5, 0.25, 0.25]), weight_penalty=0.1, feature_penalty=0.6)
    assert_allclose(computed, expected, rtol=EXACT)


def test_step_is_against_the_gradient():
    w, p = start(4, 4), fractions(3.0)
    gradient = jax.jit(jax.grad(lambda w: layer_peeled.peeled_loss(w, p, **OPTIONS)))(w)
    moved = peeled_descent(w, p, 0.3, 1, **OPTIONS)
    for name in w:
        assert_allclose(moved[name], w[name] - 0.3 * gradient[name], rtol=EXACT)


def test_cosines_are_of_angles():
    W = jnp.array([[2.0, 0.0], [1.0, 1.0], [0.0, -3.0]])
    r = 0.5**0.5
    expected = [[1, r, 0], [r, 1, -r], [0, -r, 1]]
    assert_allclose(layer_peeled.classifier_cosines(W), expected, atol=EXACT)


@pytest.mark.parametrize("seed", range(2))
def test_rare_classes_collapse_above_a_ratio(seed):
    cosines, seen = [], []
    for ratio in (1.0, 5.0, 20.0, 100.0):
        p = fractions(ratio)
        w = peeled_descent(start(4, 5, seed=seed), p, 0.5, 20_000, **OPTIONS)
        assert_allclose(convex_certificate(w, p, **OPTIONS), 1, atol=1e-6)
        seen.append(w)
        cosines.append(float(layer_peeled.classifier_cosines(w["weights"])[2, 3]))
    assert_allclose(cosines[0], -1 / 3, atol=1e-6)
    assert np.all(np.diff(cosines) > 0)
    assert cosines[2] < 0.5  # not yet
    assert_allclose(cosines[3], 1, atol=1e-8)  # and from here on equal,
    assert_allclose(seen[3]["weights"][2], seen[3]["weights"][3], atol=1e-4)
    frequent = layer_peeled.classifier_cosines(seen[3]["weights"])[0, 1]
    assert frequent < 0  # the frequent ones not


def test_minimum_is_that_of_the_convex_relaxation():
    p = fractions(5.0)
    w = peeled_descent(start(4, 5), p, 0.5, 20_000, **OPTIONS)
    Z = np.asarray(w["features"] @ w["weights"].T)
    c = (0.02 * 0.02 / 4) ** 0.5

    def relaxed(Z):
        log_p = np.diag(Z) - np.log(np.exp(Z).sum(axis=1))
        return -np.asarray(p) @ log_p + c * np.linalg.norm(Z, "nuc")

    least = relaxed(Z)
    assert_allclose(peeled_loss(w, p, **OPTIONS), least, rtol=1e-9)
    rng = np.random.default_rng(1)
    for size in (1e-2, 1.0):
        assert all(relaxed(Z + size * rng.normal(size=(4, 4))) > least for _ in range(10))


def test_certificate_refuses_a_saddle():
    w = jax.tree.map(jnp.zeros_like, start(4, 4))
    G = np.full((4, 4), 1 / 16) - np.eye(4) / 4  # equal fractions, equal logits
    expected = np.linalg.norm(G, 2) / 0.01
    computed = convex_certificate(w, fractions(1.0), **OPTIONS)
    assert_allclose(computed, expected, rtol=EXACT)
    assert computed > 1
