"""K-FAC's factors and steps are those of kfac-jax; see expected_from_kfac_jax.py."""

import json
from pathlib import Path

import jax
import jax.numpy as jnp
import pytest
from numpy.testing import assert_allclose

from reference.second_order import kronecker_factors, kronecker_products

EXPECTED = json.loads(Path(__file__).with_name("kfac_jax.json").read_text(encoding="utf-8"))
EXACT = 1e-10  # both in float64, a dozen operations deep


@pytest.mark.parametrize("case", EXPECTED["cases"], ids=lambda case: str(case["widths"]))
def test_factors_and_preconditioned_gradients_are_those_of_kfac_jax(case):
    weights = [jnp.array(W) for W in case["weights"]]
    inputs, labels = jnp.array(case["inputs"]), jnp.array(case["labels"])
    factors = kronecker_factors.exact_factors(
        kronecker_factors.tapped_perceptron,
        weights,
        inputs,
        likelihood=kronecker_factors.Likelihood.CATEGORICAL,
    )

    def loss(weights):
        outputs, _ = kronecker_factors.tapped_perceptron(weights, inputs, [0.0] * len(weights))
        return -jnp.mean(jax.nn.log_softmax(outputs)[jnp.arange(len(labels)), labels])

    gradients = jax.grad(loss)(weights)
    for layer, gradient, expected, expected_step in zip(
        factors, gradients, case["factors"], case["preconditioned_gradients"], strict=True
    ):
        assert_allclose(layer.A, expected[0], rtol=EXACT)
        assert_allclose(layer.G, expected[1], rtol=EXACT, atol=EXACT)
        step = kronecker_products.preconditioned_gradient(layer, gradient, damping=case["damping"])
        assert_allclose(step, expected_step, rtol=1e-8)
