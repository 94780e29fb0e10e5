"""Paper: Neural tangent kernel, by Jacot, Gabriel and Hongler (2018).

In the NTK parameterisation (`infinite_limits.finite_width`) the kernel of a wide perceptron

    at initialisation is near its limit:    |Theta_0 - Theta_inf| = O(1 / sqrt(width))
    during training stays where it was:     |Theta_t - Theta_0|   = O(1 / sqrt(width))

while the outputs move by O(1): training is lazy. The second is an upper bound; measured, the
drift falls faster, nearly as 1 / width, since first-order changes of a layer's units have random
signs and cancel. In the standard parameterisation, at a fixed step size, neither holds.

Here a perceptron is trained by full-batch gradient descent on (1/2N) |f(X) - t|^2, and its
kernel, the mean over outputs, is taken along the way: relative distances, Frobenius norm.

    >>> from reference.infinite_limits.finite_width import unit_normal_parameters
    >>> theta = unit_normal_parameters(jax.random.key(0), (1, 2000, 1))
    >>> X, t = jnp.array([[0.3], [1.0]]), jnp.array([[1.0], [-1.0]])
    >>> options = {"weight_variance": 2.0, "bias_variance": 0.1}
    >>> drifts = kernel_drifts(theta, X, t, jnp.tanh, 0.2, num_steps=20, **options)
    >>> print(drifts.shape, bool(drifts[-1] < 0.02))
    (21,) True

Source: Jacot, Gabriel and Hongler (2018); Lee et al. (2019) for the rates measured.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from reference.infinite_limits.dual_activations import Activation
from reference.infinite_limits.empirical_kernel import traced_tangent_kernel
from reference.infinite_limits.finite_width import (
    ntk_rates,
    perceptron_outputs,
    standard_parameters,
)
from reference.infinite_limits.neural_tangent_kernel import neural_tangent_kernel
from reference.pytrees import Scalar, Tree, plus_multiple


def training_trajectory(
    theta_0: Tree,
    inputs: Float[Array, "N D"],
    targets: Float[Array, "N K"],
    phi: Callable[[Array], Array],
    step_size: Scalar | float,
    num_steps: int,
    *,
    weight_variance: Scalar | float,
    bias_variance: Scalar | float,
) -> tuple[Float[Array, "T N K"], Float[Array, "T N N"]]:
    """Outputs f_t(X) and kernels Theta_t of gradient descent on theta, t = 0 .. num_steps.

    theta <- theta - eta grad (1/2N) |f(X) - t|^2, in the NTK parameterisation. Stable in the
    wide limit if eta < 2 N / theta_max. Cost: a gradient and a layerwise kernel a step.
    """
    variances = {"weight_variance": weight_variance, "bias_variance": bias_variance}
    rates = ntk_rates(theta_0, **variances)

    def outputs(theta: Tree) -> Array:
        return perceptron_outputs(standard_parameters(theta, **variances), inputs, phi)

    def loss(theta: Tree) -> Scalar:
        return jnp.sum((outputs(theta) - targets) ** 2) / (2 * len(inputs))

    def observed(theta: Tree) -> tuple[Array, Array]:
        w = standard_parameters(theta, **variances)
        return outputs(theta), traced_tangent_kernel(w, inputs, phi=phi, rates=rates)

    def step(theta: Tree, _: None) -> tuple[Tree, tuple[Array, Array]]:
        return plus_multiple(theta, -step_size, jax.grad(loss)(theta)), observed(theta)

    theta, seen = jax.lax.scan(step, theta_0, length=num_steps)
    return jax.tree.map(lambda xs, x: jnp.concatenate([xs, x[None]]), seen, observed(theta))


def kernel_drifts(
    theta_0: Tree,
    inputs: Float[Array, "N D"],
    targets: Float[Array, "N K"],
    phi: Callable[[Array], Array],
    step_size: Scalar | float,
    num_steps: int,
    *,
    weight_variance: Scalar | float,
    bias_variance: Scalar | float,
) -> Float[Array, " T"]:
    """|Theta_t - Theta_0|_F / |Theta_0|_F along training: O(1 / sqrt(width)), so lazy.

    Compare widths at the same step size, steps and data, by medians over seeds.
    Cost: as `training_trajectory`. Source: Jacot, Gabriel and Hongler (2018), theorem 2, that it
    vanishes; Lee et al. (2019) for the rate.
    """
    _, kernels = training_trajectory(
        theta_0,
        inputs,
        targets,
        phi,
        step_size,
        num_steps,
        weight_variance=weight_variance,
        bias_variance=bias_variance,
    )
    return jax.vmap(_relative_distance, (0, None))(kernels, kernels[0])


def initial_deviation(
    theta_0: Tree,
    inputs: Float[Array, "N D"],
    activation: Activation,
    *,
    weight_variance: Scalar | float,
    bias_variance: Scalar | float,
) -> Scalar:
    """|Theta_0 - Theta_inf|_F / |Theta_inf|_F: exactly of order 1 / sqrt(width).

    Jacot et al. prove that it vanishes; the order is that of the mean over a layer's units.
    Cost: one layerwise kernel, and its limit's. Source: Jacot, Gabriel and Hongler (2018),
    theorem 1.
    """
    variances = {"weight_variance": weight_variance, "bias_variance": bias_variance}
    Theta = traced_tangent_kernel(
        standard_parameters(theta_0, **variances),
        inputs,
        phi=activation.phi,
        rates=ntk_rates(theta_0, **variances),
    )
    limit = neural_tangent_kernel(
        inputs, activation=activation, num_hidden=len(theta_0) - 1, **variances
    )
    return _relative_distance(Theta, limit)


def _relative_distance(A: Array, B: Array) -> Scalar:
    return jnp.linalg.norm(A - B) / jnp.linalg.norm(B)
