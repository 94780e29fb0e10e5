"""Writes kfac_jax.json: factors and preconditioned gradients by kfac-jax, in its own environment.

    uv venv peer --python 3.11
    uv pip install --python peer/bin/python kfac-jax==0.0.8 jax==0.9.1 jaxlib==0.9.1
    peer/bin/python tests/reference/peers/expected_from_kfac_jax.py

Its release doesn't run on the jax of this project, so what it computes is kept beside this script.
Convention: a tanh perceptron of weights (in + 1, out), biases the last row, softmax outputs, mean
negative log-likelihood over the examples; the exact Fisher ("fisher_exact"); damping split by pi
from the factors' mean diagonals. The first of a layer's factors is A, of its inputs.
"""

import json
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path

import jax

jax.config.update("jax_enable_x64", True)

import jax.numpy as jnp  # noqa: E402
import kfac_jax  # noqa: E402
import numpy as np  # noqa: E402

CASES = [((3, 4, 2), 5, 0.1), ((4, 3, 5, 3), 7, 1e-2)]


def loss(params, batch):
    """Mean cross-entropy of the network, its layers and loss registered with kfac-jax."""
    inputs, labels = batch
    activations = inputs
    for index, (weights, biases) in enumerate(params):
        z = activations @ weights + biases
        z = kfac_jax.register_dense(z, activations, weights, biases)
        activations = jnp.tanh(z) if index < len(params) - 1 else z
    kfac_jax.register_softmax_cross_entropy_loss(activations, targets=labels)
    log_p = jax.nn.log_softmax(activations)
    return -jnp.mean(jnp.take_along_axis(log_p, labels[:, None], axis=1))


def case(index, widths, num_examples, damping):
    """Weights, data, and what kfac-jax makes of them."""
    rng = np.random.default_rng(index)
    weights = [rng.normal(size=(i + 1, o)) / i**0.5 for i, o in pairwise(widths)]
    inputs = rng.normal(size=(num_examples, widths[0]))
    labels = rng.integers(widths[-1], size=num_examples)
    params = [(jnp.asarray(W[:-1]), jnp.asarray(W[-1])) for W in weights]
    batch = (jnp.asarray(inputs), jnp.asarray(labels))
    estimator = kfac_jax.BlockDiagonalCurvature(loss, default_estimation_mode="fisher_exact")
    state = estimator.init(
        rng=jax.random.key(0),
        func_args=(params, batch),
        exact_powers_to_cache=None,
        approx_powers_to_cache=None,
        cache_eigenvalues=False,
    )
    state = estimator.update_curvature_matrix_estimate(
        state,
        ema_old=0.0,
        ema_new=1.0,
        identity_weight=0.0,
        batch_size=num_examples,
        rng=jax.random.key(1),
        func_args=(params, batch),
    )
    gradients = jax.grad(loss)(params, batch)
    steps = estimator.multiply_inverse(
        state=state,
        parameter_structured_vector=gradients,
        identity_weight=damping,
        exact_power=False,
        use_cached=False,
        pmap_axis_name=None,
    )
    factors = [[np.asarray(f.value) for f in block.factors] for block in state.blocks_states]
    return {
        "widths": widths,
        "damping": damping,
        "weights": [W.tolist() for W in weights],
        "inputs": inputs.tolist(),
        "labels": labels.tolist(),
        "factors": [[f.tolist() for f in block] for block in factors],
        "preconditioned_gradients": [
            np.concatenate([weights, biases[None]]).tolist() for weights, biases in steps
        ],
    }


expected = {
    "versions": {"kfac-jax": version("kfac-jax"), "jax": jax.__version__, "numpy": np.__version__},
    "cases": [case(index, *settings) for index, settings in enumerate(CASES)],
}
path = Path(__file__).with_name("kfac_jax.json")
path.write_text(json.dumps(expected, indent=1) + "\n", encoding="utf-8")
