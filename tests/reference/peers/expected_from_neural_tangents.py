"""Writes neural_tangents.json: NNGP and NTK kernels by neural-tangents, in its own environment.

    uv venv peer --python 3.11
    uv pip install --python peer/bin/python neural-tangents==0.6.5 jax==0.4.23 jaxlib==0.4.23 \
        "numpy<2" "scipy<1.13"
    peer/bin/python tests/reference/peers/expected_from_neural_tangents.py

Its release doesn't run on the jax of this project, so what it computes is kept beside this script.
Convention: inputs (N, D) as they are; a dense layer of NTK parameterisation,
z = sigma_w / sqrt(n_in) W x + sigma_b b with W, b ~ N(0, 1), so that the first layer's kernel is
sigma_w^2 <x, x'> / D + sigma_b^2. `depth` counts the hidden layers. Kernels are of one output.
"""

import json
from pathlib import Path

import jax

jax.config.update("jax_enable_x64", True)

import neural_tangents as nt  # noqa: E402
import numpy as np  # noqa: E402
from neural_tangents import stax  # noqa: E402

NONLINEARITIES = {"relu": stax.Relu, "erf": stax.Erf}
CASES = [
    ("relu", 1, 2.0**0.5, 0.0),
    ("relu", 3, 1.3, 0.4),
    ("erf", 1, 1.0, 0.0),
    ("erf", 2, 1.5, 0.3),
]


def case(index, nonlinearity, depth, weight_std, bias_std):
    """Settings, inputs, and both kernels between them."""
    rng = np.random.default_rng(index)
    inputs = rng.normal(size=(5, 3))
    hidden = (stax.Dense(8, W_std=weight_std, b_std=bias_std), NONLINEARITIES[nonlinearity]())
    last = stax.Dense(1, W_std=weight_std, b_std=bias_std)
    kernel_fn = stax.serial(*(hidden * depth), last)[2]
    kernels = kernel_fn(inputs, None, ("nngp", "ntk"))
    return {
        "nonlinearity": nonlinearity,
        "depth": depth,
        "weight_std": weight_std,
        "bias_std": bias_std,
        "inputs": inputs.tolist(),
        "nngp": np.asarray(kernels.nngp).tolist(),
        "ntk": np.asarray(kernels.ntk).tolist(),
    }


expected = {
    "versions": {
        "neural-tangents": nt.__version__,
        "jax": jax.__version__,
        "numpy": np.__version__,
    },
    "cases": [case(index, *settings) for index, settings in enumerate(CASES)],
}
path = Path(__file__).with_name("neural_tangents.json")
path.write_text(json.dumps(expected, indent=1) + "\n", encoding="utf-8")
