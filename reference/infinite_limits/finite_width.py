"""Lecture 6: perceptrons of finite width, in the standard and in the NTK parameterisation.

    h^1 = W^1 x + b^1,      h^{l+1} = W^{l+1} phi(h^l) + b^{l+1},      f(x) = h^{L+1}

    standard:  W ~ N(0, s_w^2 / n_in),             b ~ N(0, s_b^2),     descent on W and b
    NTK:       W = s_w theta_W / sqrt(n_in),       b = s_b theta_b,     descent on theta ~ N(0, 1)

These are the same random functions. They train differently: by the chain rule a step of size
eta on theta moves W by eta s_w^2 / n_in times its own gradient. So the NTK parameterisation is
the standard one with *rates*, factors on the step size of every leaf:

    rate of W^l = s_w^2 / n_in,      rate of b^l = s_b^2      (standard: 1 and 1)

Parameters are a list of dicts, weights (in, out) and biases (out,), as in `reference.problems`,
and inputs are rows, so that h = a W + b.

    >>> theta = unit_normal_parameters(jax.random.key(0), (2, 50, 1))
    >>> w = standard_parameters(theta, weight_variance=2.0, bias_variance=0.1)
    >>> print(perceptron_outputs(w, jnp.ones((3, 2)), jax.nn.relu).shape)
    (3, 1)

Source: Jacot, Gabriel and Hongler (2018); Lee et al. (2019) for both parameterisations.
"""

from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key, PyTree

from reference.pytrees import Scalar, Tree

Rates = PyTree[Scalar | float]


def unit_normal_parameters(
    key: Key[Array, ""], widths: Sequence[int], dtype: jnp.dtype | type = float
) -> Tree:
    """theta ~ N(0, 1), all of them: the NTK parameterisation of a perceptron.

    `widths` runs from the inputs to the outputs.
    """

    def layer(key: Key[Array, ""], num_in: int, num_out: int) -> dict[str, Array]:
        key_of_weights, key_of_biases = jax.random.split(key)
        weights = jax.random.normal(key_of_weights, (num_in, num_out), dtype)
        return {"weights": weights, "biases": jax.random.normal(key_of_biases, (num_out,), dtype)}

    keys = jax.random.split(key, len(widths) - 1)
    return [layer(*ends) for ends in zip(keys, widths[:-1], widths[1:], strict=True)]


def standard_parameters(
    theta: Tree, *, weight_variance: Scalar | float, bias_variance: Scalar | float
) -> Tree:
    """W = s_w theta_W / sqrt(n_in) and b = s_b theta_b, the variances being s_w^2 and s_b^2."""
    rates = ntk_rates(theta, weight_variance=weight_variance, bias_variance=bias_variance)
    return jax.tree.map(lambda leaf, rate: leaf * jnp.sqrt(rate), theta, rates)


def ntk_rates(w: Tree, *, weight_variance: Scalar | float, bias_variance: Scalar | float) -> Rates:
    """(dW/dtheta)^2 = s_w^2 / n_in and (db/dtheta)^2 = s_b^2, a scalar for every leaf of w."""
    return [
        {"weights": weight_variance / len(layer["weights"]), "biases": bias_variance} for layer in w
    ]


def perceptron_outputs(
    w: Tree, inputs: Float[Array, "N D"], phi: Callable[[Array], Array]
) -> Float[Array, "N K"]:
    """f(x) = W^{L+1} phi(.. phi(W^1 x + b^1) ..) + b^{L+1}, from `standard_parameters`.

    Cost: N times the number of weights, in multiplications.
    """
    h = inputs @ w[0]["weights"] + w[0]["biases"]
    for layer in w[1:]:
        h = phi(h) @ layer["weights"] + layer["biases"]
    return h
