"""Example calls of `reference.talks.meta_learning`."""

import jax
import jax.numpy as jnp
import numpy as np

from reference.pytrees import inner_product
from reference.talks import meta_learning
from tests.reference.calls import Call

rng = np.random.default_rng(0)
TREE = {"W": rng.normal(size=(3, 2)), "bias": rng.normal(size=2)}
TREES = jax.tree.map(lambda leaf: np.stack([leaf, leaf]), TREE)
A, B, E = rng.normal(size=(2, 8)), rng.normal(size=8), rng.normal(size=2)
INPUTS, TARGETS = rng.normal(size=(2, 4, 3)), rng.normal(size=(2, 4, 1))
SHIFTS = np.array([np.roll(np.eye(3), k, axis=0) for k in range(3)])
FLIPS = np.ones((3, 2, 2)) * np.eye(2)


def loss(w):
    return inner_product(w, w)


def warp(theta):
    return jax.tree.map(jnp.tanh, theta)


def scaled_warp(theta, phi):
    return jax.tree.map(lambda leaf: phi * leaf, theta)


def prediction(x, c):
    return jnp.sum(x * c, keepdims=True)


CALLS = [
    Call(meta_learning.hypernetwork_weights, (A, B, E), {"like": TREE}),
    Call(meta_learning.hypernetwork_gradients, (loss, A, B, E), {"like": TREE}),
    Call(meta_learning.warp_preconditioner, (warp, TREE)),
    Call(meta_learning.warped_step, (loss, warp, TREE, np.array(0.1))),
    Call(
        meta_learning.warp_meta_loss,
        (loss, loss, scaled_warp, TREES, np.array(2.0), np.array(0.1)),
    ),
    Call(meta_learning.contextual_outputs, (jnp.sin, prediction, INPUTS[0])),
    Call(meta_learning.adaptive_risk, (jnp.sin, prediction, INPUTS, TARGETS)),
    Call(meta_learning.sharing_projector, (FLIPS, SHIFTS)),
    Call(
        meta_learning.shared_weights_step,
        (jnp.sum, rng.normal(size=(6, 4)), rng.normal(size=4), np.array(0.1)),
        {"num_inputs": 3},
    ),
]
