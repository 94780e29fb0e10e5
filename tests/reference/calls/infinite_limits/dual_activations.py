"""Example calls of `reference.infinite_limits.dual_activations`."""

import jax.numpy as jnp
import numpy as np

from reference.infinite_limits import dual_activations
from tests.reference.calls import Call

PAIRS = (np.array([1.0, 2.0]), np.array([1.0, 0.5]), np.array([1.0, -0.3]))


def both_by_quadrature(q_u, q_v, k):
    activation = dual_activations.quadrature_activation(jnp.tanh, num_nodes=5)
    return activation.covariance(q_u, q_v, k), activation.derivative_covariance(q_u, q_v, k)


def variance_by_rule(q):
    z, p = dual_activations.gauss_hermite_rule(4, q.dtype)
    return p @ jnp.tanh(jnp.sqrt(q) * z) ** 2


CALLS = [
    Call(dual_activations.step_correlation, (PAIRS[2],)),
    Call(dual_activations.relu_correlation, (PAIRS[2],)),
    Call(dual_activations.relu_covariance, PAIRS),
    Call(dual_activations.relu_derivative_covariance, PAIRS),
    Call(dual_activations.arc_cosine_kernel, (np.ones((3, 2)), 1)),
    Call(dual_activations.erf_covariance, PAIRS),
    Call(dual_activations.erf_derivative_covariance, PAIRS),
    Call(variance_by_rule, (np.array(2.0),), covered=(dual_activations.gauss_hermite_rule,)),
    Call(dual_activations.quadrature_covariance, (jnp.tanh, *PAIRS), {"num_nodes": 5}),
    Call(both_by_quadrature, PAIRS, covered=(dual_activations.quadrature_activation,)),
]
