"""Example calls of `reference.second_order.kronecker_factors`."""

from typing import Any

import jax
import numpy as np

from reference.second_order import kronecker_factors
from reference.second_order.kronecker_factors import LayerStatistics, Likelihood
from tests.reference.calls import Call

rng: Any = np.random.default_rng(0)
WEIGHTS = [rng.normal(size=(4, 2)), rng.normal(size=(3, 2))]
INPUTS, TARGETS = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
DENSE = LayerStatistics(rng.normal(size=(5, 4)), rng.normal(size=(2, 5, 3)))
NETWORK, MODEL = kronecker_factors.tapped_perceptron, {"likelihood": Likelihood.CATEGORICAL}

CALLS = [
    Call(kronecker_factors.with_homogeneous, (INPUTS,)),
    Call(kronecker_factors.tapped_perceptron, (WEIGHTS, INPUTS, [TARGETS, TARGETS])),
    Call(kronecker_factors.layer_statistics, (NETWORK, WEIGHTS, INPUTS, TARGETS[None])),
    Call(kronecker_factors.exact_output_vectors, (TARGETS,), MODEL),
    Call(kronecker_factors.exact_output_vectors, (TARGETS,), {"likelihood": Likelihood.GAUSSIAN}),
    Call(kronecker_factors.sampled_output_vectors, (jax.random.key, TARGETS), MODEL),
    Call(kronecker_factors.empirical_output_vectors, (TARGETS, TARGETS), MODEL),
    Call(kronecker_factors.fisher_block, (DENSE,)),
    Call(kronecker_factors.dense_factors, (DENSE,)),
    Call(kronecker_factors.exact_factors, (NETWORK, WEIGHTS, INPUTS), MODEL),
    Call(kronecker_factors.sampled_factors, (jax.random.key, NETWORK, WEIGHTS, INPUTS), MODEL),
    Call(kronecker_factors.empirical_factors, (NETWORK, WEIGHTS, INPUTS, TARGETS), MODEL),
]
