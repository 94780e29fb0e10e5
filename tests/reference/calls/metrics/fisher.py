"""Example calls of `reference.metrics.fisher`."""

import jax
import numpy as np

from reference.metrics import fisher
from tests.reference.calls import Call

rng = np.random.default_rng(0)
TREE = {"W": rng.normal(size=(3, 2)), "bias": rng.normal(size=2)}
INPUTS, LABELS = rng.normal(size=(4, 3)), np.array([0, 1, 1, 0])


def logits_fn(w, inputs):
    return inputs @ w["W"] + w["bias"]


CLASSIFIER = (logits_fn, TREE, INPUTS)

CALLS = [
    Call(fisher.gaussian_fisher, (np.array(1.0), np.array(2.0))),
    Call(fisher.softmax_fisher, (rng.normal(size=3),)),
    Call(fisher.negative_log_likelihoods, (INPUTS, LABELS)),
    Call(fisher.fisher_matrix, CLASSIFIER),
    Call(fisher.empirical_fisher_matrix, (*CLASSIFIER, LABELS)),
    Call(fisher.fisher_vector_product, (*CLASSIFIER, TREE)),
    Call(fisher.sampled_fisher_vector_product, (*CLASSIFIER, TREE, jax.random.key, 3)),
    Call(fisher.empirical_fisher_vector_product, (*CLASSIFIER, LABELS, TREE)),
]
