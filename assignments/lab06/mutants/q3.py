"""Mistakes that the checks of question 3 refuse: the tangent kernel of a network at hand."""

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from grader.checks import mutant


def _outputs(theta, X, sigma_w, sigma_b):
    a = X
    for depth, layer in enumerate(theta):
        a = jax.nn.relu(a) if depth else a
        a = sigma_w / len(layer["W"]) ** 0.5 * a @ layer["W"] + sigma_b * layer["b"]
    return a


def _rows(theta, X, sigma_w, sigma_b):
    """The dense Jacobian, shape (N, K, P)."""
    flat, unravel = ravel_pytree(theta)
    return jax.jacrev(lambda w: _outputs(unravel(w), X, sigma_w, sigma_b))(flat)


def _layerwise(
    theta,
    X,
    sigma_w,
    sigma_b,
    *,
    gram=lambda layer, a, h, variance, bias: variance / a.shape[1] * (a @ a.T) + bias,
    slope=lambda h: (h > 0).astype(h.dtype),
    back=lambda layer: layer["W"].shape[0] ** -0.5,
    keep=lambda place, depth: True,
):
    """The right answer, with parts to replace."""
    a, h, grams, slopes = X, X, [], []
    for layer in theta:
        grams.append(gram(layer, a, h, sigma_w**2, sigma_b**2))
        h = sigma_w / a.shape[1] ** 0.5 * a @ layer["W"] + sigma_b * layer["b"]
        slopes.append(slope(h))
        a = jax.nn.relu(h)
    K, last = a.shape[1], len(theta) - 1
    delta = jnp.broadcast_to(jnp.eye(K, dtype=a.dtype), (*a.shape, K))
    total = jnp.zeros((len(X), len(X)), a.dtype)
    for place in range(last, -1, -1):
        if keep(place, last):
            total = total + grams[place] * jnp.einsum("nki,mki->nm", delta, delta)
        if place:
            W = theta[place]["W"]
            delta = sigma_w * back(theta[place]) * (delta @ W.T) * slopes[place - 1][:, None]
    return total / K


@mutant(
    "q3",
    of="empirical_ntk",
    refused_by=("ntk_of_networks", "ntk_of_small_networks", "ntk_of_network_in_float32"),
    says=(
        "This is the kernel of the standard parameterisation: the derivatives with respect to theta "
        "carry the factors sigma_w / sqrt(n_in) and sigma_b."
    ),
)
def standard_parameters_kernel(theta, X, sigma_w, sigma_b):
    return _layerwise(theta, X, sigma_w, sigma_b, gram=lambda layer, a, h, v, bias: a @ a.T + 1)


@mutant(
    "q3",
    of="empirical_ntk",
    refused_by=("ntk_of_networks", "ntk_of_small_networks"),
    says="This is the trace over outputs: the mean over outputs divides it by K.",
)
def trace_over_outputs(theta, X, sigma_w, sigma_b):
    return theta[-1]["W"].shape[1] * _layerwise(theta, X, sigma_w, sigma_b)


@mutant(
    "q3",
    of="empirical_ntk",
    refused_by=("ntk_of_networks", "ntk_of_small_networks"),
    says=(
        "This is the kernel of the mean, or of the sum, of the outputs: it holds the pairs of "
        "different outputs too, and only equal ones are wanted."
    ),
)
def gradients_of_summed_outputs(theta, X, sigma_w, sigma_b):
    J = _rows(theta, X, sigma_w, sigma_b)
    summed = jnp.sum(J, axis=1)
    return summed @ summed.T / J.shape[1]


@mutant(
    "q3",
    of="empirical_ntk",
    refused_by=("ntk_of_networks", "ntk_of_small_networks"),
    says="This is the kernel of the first output alone: take the mean over all.",
)
def first_output_only(theta, X, sigma_w, sigma_b):
    J = _rows(theta, X, sigma_w, sigma_b)[:, 0]
    return J @ J.T


@mutant(
    "q3",
    of="empirical_ntk",
    refused_by=("ntk_of_networks", "ntk_of_small_networks", "ntk_of_the_same_function"),
    says="The kernel holds all parameters: the derivatives with respect to the biases are missing.",
)
def weights_only(theta, X, sigma_w, sigma_b):
    return _layerwise(
        theta, X, sigma_w, sigma_b, gram=lambda layer, a, h, v, bias: v / a.shape[1] * (a @ a.T)
    )


@mutant(
    "q3",
    of="empirical_ntk",
    refused_by=("ntk_of_networks", "ntk_of_the_same_function"),
    says="Only the last layer's parameters are counted: those of the layers below move f too.",
)
def readout_only(theta, X, sigma_w, sigma_b):
    return _layerwise(theta, X, sigma_w, sigma_b, keep=lambda place, last: place == last)


@mutant(
    "q3",
    of="empirical_ntk",
    refused_by=("ntk_of_networks", "ntk_of_small_networks"),
    says="The last layer's own term is missing: there the sensitivities are the identity matrix.",
)
def readout_left_out(theta, X, sigma_w, sigma_b):
    return _layerwise(theta, X, sigma_w, sigma_b, keep=lambda place, last: place < last)


@mutant(
    "q3",
    of="empirical_ntk",
    refused_by=("ntk_of_networks", "ntk_of_the_same_function"),
    says=(
        "The derivative of ReLU is missing on the way back: a unit that is off passes nothing down."
    ),
)
def gates_left_out(theta, X, sigma_w, sigma_b):
    return _layerwise(theta, X, sigma_w, sigma_b, slope=jnp.ones_like)


@mutant(
    "q3",
    of="empirical_ntk",
    refused_by=("ntk_of_networks", "ntk_of_the_same_function"),
    says=(
        "A layer's weights are multiplied by the activations below, after ReLU: you took inner "
        "products of pre-activations."
    ),
)
def preactivations_below(theta, X, sigma_w, sigma_b):
    return _layerwise(
        theta, X, sigma_w, sigma_b, gram=lambda layer, a, h, v, b: v / h.shape[1] * (h @ h.T) + b
    )


@mutant(
    "q3",
    of="empirical_ntk",
    refused_by=("ntk_of_networks", "ntk_of_network_in_float32"),
    says=(
        "On the way back through a layer the factor is sigma_w / sqrt(n_in) once: without its root, "
        "or with n_out, sensitivities are too small."
    ),
)
def squared_gain_on_the_way_back(theta, X, sigma_w, sigma_b):
    return _layerwise(theta, X, sigma_w, sigma_b, back=lambda layer: 1 / layer["W"].shape[0])


@mutant(
    "q3",
    of="empirical_ntk",
    refused_by="ntk_of_small_networks",
    says="A squeeze removed an axis of length one: with one example the kernel has shape (1, 1).",
)
def squeezed_kernel(theta, X, sigma_w, sigma_b):
    return jnp.squeeze(_layerwise(theta, X, sigma_w, sigma_b))


@mutant(
    "q3",
    of="empirical_ntk",
    refused_by=("ntk_to_all_digits", "ntk_costs_few_gradients"),
    says=(
        "The Jacobian is made of finite differences: they lose some of the digits, and take a forward "
        "pass for each parameter."
    ),
)
def kernel_by_differences(theta, X, sigma_w, sigma_b):
    flat, unravel = ravel_pytree(theta)
    eps = 1e-5

    def column(i):
        step = jnp.zeros_like(flat).at[i].set(eps)
        up, down = (_outputs(unravel(flat + s), X, sigma_w, sigma_b) for s in (step, -step))
        return (up - down) / (2 * eps)

    J = jax.lax.map(column, jnp.arange(flat.size))
    return jnp.einsum("pnk,pmk->nm", J, J) / J.shape[2]


@mutant(
    "q3",
    of="empirical_ntk",
    refused_by="ntk_costs_few_gradients",
    says=(
        "Right, but the Jacobian is formed and multiplied with itself: products of activations and of "
        "sensitivities do, layer by layer."
    ),
)
def dense_jacobian(theta, X, sigma_w, sigma_b):
    J = _rows(theta, X, sigma_w, sigma_b)
    return jnp.einsum("nkp,mkp->nm", J, J) / J.shape[1]


@mutant(
    "q3",
    of="empirical_ntk",
    refused_by="ntk_costs_few_gradients",
    says=(
        "Right, and without a Jacobian in memory, but a loop over examples with a gradient and a "
        "forward derivative each costs as many operations: use the layers' structure."
    ),
)
def kernel_by_columns(theta, X, sigma_w, sigma_b):
    def outputs(theta, X):
        return _outputs(theta, X, sigma_w, sigma_b)

    def column(x):
        z, pull_back = jax.vjp(lambda theta: outputs(theta, x[None])[0], theta)

        def of_output(e):
            gradient = pull_back(e)[0]
            return jax.jvp(lambda theta: outputs(theta, X), (theta,), (gradient,))[1] @ e

        return jnp.sum(jax.vmap(of_output)(jnp.eye(len(z), dtype=z.dtype)), axis=0) / len(z)

    return jax.lax.map(column, X)
