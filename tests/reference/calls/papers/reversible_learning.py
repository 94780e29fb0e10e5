"""Example calls of `reference.papers.reversible_learning`."""

import jax.numpy as jnp
import numpy as np

from reference.papers import reversible_learning
from tests.reference.calls import Call

rng = np.random.default_rng(0)
W, THETA = {"W": rng.normal(size=(3, 2)), "bias": rng.normal(size=2)}, np.array([0.1, 0.2])
SCHEDULES = (np.full(4, 0.1), np.full(4, 0.5))
INTEGERS = np.array([3, -7, 2**20])


def loss(w, theta, step):
    return jnp.sum(jnp.cosh(w["W"] - theta)) + w["bias"] @ w["bias"] / (step + 1)


def outer_loss(w, theta):
    return jnp.sum(w["W"]) + theta @ w["bias"]


def reals(x):
    return reversible_learning.real_numbers(reversible_learning.fixed_point_numbers(x))


def recovered_weights(w_0, theta, step_sizes, momenta):
    arguments = (theta, step_sizes, momenta)
    end = reversible_learning.trained_state(loss, w_0, *arguments, num_words=1)
    start = reversible_learning.recovered_state(loss, end, *arguments, like=w_0)
    return reversible_learning.real_numbers(start.weights)


PROBLEM = (loss, outer_loss, W, THETA, *SCHEDULES)

CALLS = [
    Call(reversible_learning.fixed_point_numbers, (np.array([[1.5, -2.0]]),)),
    Call(reals, (np.array([1.5, -2.0]),), covered=(reversible_learning.real_numbers,)),
    Call(reversible_learning.rational_momenta, (SCHEDULES[1],)),
    Call(reversible_learning.exact_product, (INTEGERS, abs(INTEGERS), 7, 8)),
    Call(reversible_learning.words_needed, (SCHEDULES[1],)),
    Call(reversible_learning.trained_state, (loss, W, THETA, *SCHEDULES), {"num_words": 1}),
    Call(
        recovered_weights,
        (W, THETA, *SCHEDULES),
        covered=(reversible_learning.recovered_state,),
    ),
    Call(reversible_learning.reversible_hypergradients, PROBLEM, {"num_words": 1}),
    Call(reversible_learning.unrolled_hypergradients, PROBLEM),
]
