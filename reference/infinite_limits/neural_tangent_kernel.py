"""Lecture 6: the neural tangent kernel of an infinitely wide perceptron.

Gradient descent on the parameters moves the outputs by Theta(x, x') = <df(x)/dw, df(x')/dw>.
In the NTK parameterisation Theta has a limit as the hidden layers grow wide, one after another:

    Theta^1     = K^1
    Theta^{l+1} = K^{l+1} + s_w^2 E[phi'(u) phi'(v)] Theta^l,      (u, v) ~ N(0, K^l)

elementwise, with K of `nngp`: the first term is what the last layer's weights and bias add, the
second what came before, sent back through the layer. Theta is the kernel of one output;
different outputs have none in common: Theta (x) I_K in all.

In the standard parameterisation the kernel has no limit: a layer's weights add the squared norm
of its n_l inputs, so Theta grows with the width, and is dominated by its weights.

    >>> from reference.infinite_limits.dual_activations import RELU
    >>> X = jnp.array([[1.0, 1.0], [1.0, -1.0]])
    >>> options = {"weight_variance": 2.0, "bias_variance": 0.0}
    >>> print(neural_tangent_kernel(X, activation=RELU, num_hidden=1, **options).round(3))
    [[4.    0.637]
     [0.637 4.   ]]

Source: Jacot, Gabriel and Hongler (2018).
"""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from reference.infinite_limits.dual_activations import Activation, arc_cosine_kernel
from reference.infinite_limits.nngp import dual_kernel, input_kernel
from reference.pytrees import Scalar


def neural_tangent_kernel(
    inputs: Float[Array, "N D"],
    *,
    activation: Activation,
    num_hidden: int,
    weight_variance: Scalar | float,
    bias_variance: Scalar | float,
) -> Float[Array, "N N"]:
    """Theta^{l+1} = K^{l+1} + s_w^2 E[phi' phi'] Theta^l from Theta^1 = K^1, `num_hidden` times.

    NTK parameterisation, one output. Cost: N^2 D multiplications and 2 num_hidden N^2 duals.
    Source: Jacot, Gabriel and Hongler (2018), theorem 1.
    """
    return _kernel(
        inputs,
        activation,
        weight_variance,
        bias_variance,
        fan_ins=jnp.full((num_hidden + 1,), weight_variance, inputs.dtype),
        bias_rate=bias_variance,
    )


def standard_tangent_kernel(
    inputs: Float[Array, "N D"],
    *,
    activation: Activation,
    hidden_widths: Sequence[int],
    weight_variance: Scalar | float,
    bias_variance: Scalar | float,
) -> Float[Array, "N N"]:
    """T^{l+1} = n_l E[phi phi] + 1 + s_w^2 E[phi' phi'] T^l from T^1 = <x, x'> + 1.

    The mean kernel of a network in the standard parameterisation, to relative order 1 / width
    (exact with one hidden layer). A step size that suits it must fall as 1 / width.
    Cost: as `neural_tangent_kernel`.
    """
    fan_ins = jnp.array([inputs.shape[1], *hidden_widths], inputs.dtype)
    return _kernel(inputs, activation, weight_variance, bias_variance, fan_ins, bias_rate=1.0)


def shallow_relu_tangent_kernel(inputs: Float[Array, "N D"]) -> Float[Array, "N N"]:
    """Theta(x, x') = k_1(x, x') + <x, x'> k_0(x, x'), with the arc-cosine kernels k_0 and k_1.

    For f(x) = sqrt(2/n) sum_i a_i relu(<w_i, x>) without biases, a and w ~ N(0, 1): the first
    term is due to a, the second to w. Equals the recursion for s_w^2 = 2, s_b^2 = 0 on inputs
    sqrt(D/2) x. Source: Cho and Saul (2009) for k_n.
    """
    first_order = arc_cosine_kernel(inputs, 1)
    return first_order + (inputs @ inputs.T) * arc_cosine_kernel(inputs, 0)


def _kernel(
    inputs: Array,
    activation: Activation,
    weight_variance: Scalar | float,
    bias_variance: Scalar | float,
    fan_ins: Float[Array, " L+1"],
    bias_rate: Scalar | float,
) -> Array:
    """The recursion where layer l adds fan_ins[l] E[phi phi] + bias_rate: n_in times the rate of W.

    That product is s_w^2 in the NTK parameterisation, and n_in itself in the standard one.
    """

    def layer(kernels: tuple[Array, Array], fan_in: Scalar) -> tuple[tuple[Array, Array], None]:
        K, Theta = kernels
        second_moment = dual_kernel(activation.covariance, K)
        slope = weight_variance * dual_kernel(activation.derivative_covariance, K)
        Theta = fan_in * second_moment + bias_rate + slope * Theta
        return (weight_variance * second_moment + bias_variance, Theta), None

    K = input_kernel(inputs, weight_variance=weight_variance, bias_variance=bias_variance)
    Theta = fan_ins[0] * (inputs @ inputs.T) / inputs.shape[1] + bias_rate
    return jax.lax.scan(layer, (K, Theta), fan_ins[1:])[0][1]
