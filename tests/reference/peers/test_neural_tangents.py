"""Kernels of infinitely wide networks are those of neural-tangents; see the script beside."""

import json
from pathlib import Path

import jax.numpy as jnp
import pytest
from numpy.testing import assert_allclose

from reference.infinite_limits import dual_activations, neural_tangent_kernel, nngp

EXPECTED = json.loads(Path(__file__).with_name("neural_tangents.json").read_text(encoding="utf-8"))
ACTIVATIONS = {"relu": dual_activations.RELU, "erf": dual_activations.ERF}
KERNELS = {"nngp": nngp.nngp_kernel, "ntk": neural_tangent_kernel.neural_tangent_kernel}


@pytest.mark.parametrize("kind", KERNELS)
@pytest.mark.parametrize(
    "case", EXPECTED["cases"], ids=lambda c: f"{c['nonlinearity']}{c['depth']}"
)
def test_kernels_are_those_of_neural_tangents(case, kind):
    kernel = KERNELS[kind](
        jnp.array(case["inputs"]),
        activation=ACTIVATIONS[case["nonlinearity"]],
        num_hidden=case["depth"],
        weight_variance=case["weight_std"] ** 2,
        bias_variance=case["bias_std"] ** 2,
    )
    # Both take an arc cosine of a rounded correlation: half the digits of float64 next to 1.
    assert_allclose(kernel, case[kind], rtol=1e-7)
