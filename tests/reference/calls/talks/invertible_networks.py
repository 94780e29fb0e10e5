"""Example calls of `reference.talks.invertible_networks`."""

import jax.numpy as jnp
import numpy as np

from reference.talks import invertible_networks
from tests.reference.calls import Call

rng = np.random.default_rng(0)
X, C = rng.normal(size=5), rng.normal(size=(3, 2))
W = [{"weights": rng.normal(size=shape), "biases": np.ones(shape[1])} for shape in [(2, 4), (4, 3)]]


def shift(x_1):
    return jnp.sin(jnp.sum(x_1)) * jnp.ones(3, x_1.dtype)


def scale(x_1):
    return jnp.exp(shift(x_1))


def block(x):
    return invertible_networks.affine_coupling(scale, shift, x)


def inverse(y):
    return invertible_networks.affine_coupling_inverse(scale, shift, y)


CALLS = [
    Call(invertible_networks.additive_coupling, (shift, X)),
    Call(invertible_networks.additive_coupling_inverse, (shift, X)),
    Call(invertible_networks.affine_coupling, (scale, shift, X)),
    Call(invertible_networks.affine_coupling_inverse, (scale, shift, X)),
    Call(invertible_networks.bounded_scale, (X, 0.5)),
    Call(invertible_networks.coupling_stack, ((block, block), X)),
    Call(invertible_networks.coupling_stack_inverse, ((inverse, inverse), X)),
    Call(invertible_networks.shear_norm, (C,)),
    Call(invertible_networks.coupling_norm_bounds, (scale, shift, X)),
    Call(invertible_networks.perceptron_lipschitz_bound, (W,)),
    Call(invertible_networks.inverse_jacobian_norm, (block, X)),
    Call(invertible_networks.reconstruction_error, (block, inverse, X)),
]
