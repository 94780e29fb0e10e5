"""The problems of the paper assignment: small, seeded, and the same on every machine.

Each paper's are in a module of their own beside this one. Functions draw their numbers with NumPy in
float64 from `seed` and hand them to JAX, so they are float64 arrays where `jax_enable_x64` is on and
float32 arrays where it is off.
"""

from problems_deep_bootstrap import bootstrap_task
from problems_deep_equilibrium import equilibrium_layer
from problems_dropout import dropped_layer, dropped_network
from problems_edge_of_stability import line_fit
from problems_influence_functions import (
    influence_classifier,
    influence_network,
    influence_regression,
)
from problems_large_batch import noisy_classifier
from problems_maml import meta_quadratics, meta_sinusoids
from problems_momentum import key, valley
from problems_ntk import tangent_perceptron, tangent_recurrent
from problems_reversible_learning import fixed_slope, to_fixed, to_real, training_run

__all__ = [
    "bootstrap_task",
    "dropped_layer",
    "dropped_network",
    "equilibrium_layer",
    "fixed_slope",
    "influence_classifier",
    "influence_network",
    "influence_regression",
    "key",
    "line_fit",
    "meta_quadratics",
    "meta_sinusoids",
    "noisy_classifier",
    "tangent_perceptron",
    "tangent_recurrent",
    "to_fixed",
    "to_real",
    "training_run",
    "valley",
]
