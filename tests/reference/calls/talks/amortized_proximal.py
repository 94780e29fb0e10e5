"""Example calls of `reference.talks.amortized_proximal`."""

import jax
import jax.numpy as jnp
import numpy as np

from reference.pytrees import inner_product
from reference.talks import amortized_proximal
from tests.reference.calls import Call

rng = np.random.default_rng(0)
TREE = {"W": rng.normal(size=(3, 2)), "bias": rng.normal(size=2)}
G, P, GRADIENTS = np.diag([1.0, 2.0, 5.0]), rng.normal(size=(3, 3)), rng.normal(size=(4, 3))
WEIGHTS = {"function_weight": np.array(0.5), "weight_weight": np.array(0.1)}


def loss(w):
    return inner_product(w, w)


def dissimilarity(u, w):
    return inner_product(u, w)


def amortized_step(w, gradient):
    def rule(phi, gradient):
        return jax.tree.map(lambda g: -jnp.exp(phi) * g, gradient)

    phi = jnp.zeros((), gradient["bias"].dtype)
    optimizer = amortized_proximal.amortized_optimizer(rule, phi, meta_step_size=0.1)
    return optimizer.update(gradient, optimizer.init(w), w, objective=loss)


CALLS = [
    Call(amortized_proximal.proximal_objective, (loss, dissimilarity, TREE, TREE), WEIGHTS),
    Call(
        amortized_proximal.proximal_curvature,
        (G, np.array(0.5), np.array(0.1)),
        {"loss_curvature": G},
    ),
    Call(amortized_proximal.preconditioner_objective, (P, GRADIENTS, G)),
    Call(amortized_proximal.optimal_preconditioner, (G, np.array(0.5), np.array(0.1))),
    Call(amortized_proximal.optimal_step_size, (GRADIENTS, G)),
    Call(amortized_proximal.preconditioner_iterates, (P, GRADIENTS, G, np.array(0.1), 3)),
    Call(amortized_step, (TREE, TREE), covered=(amortized_proximal.amortized_optimizer,)),
]
