"""Lecture 4: the Fisher information of a layer, and its Kronecker factors.

A layer maps its inputs, with a homogeneous coordinate, to s = abar W, W of shape (I, O), the
biases its last row. With g = grad_s of an example's negative log-likelihood, grad_W = abar g^T and

    F_layer = E[abar abar^T (x) g g^T]  ~  A (x) G,      A = E[abar abar^T],      G = E[g g^T]

as if inputs and gradients were independent. The expectation is the mean over the N examples,
and over targets that are

    the model's, exactly   `exact_factors`      G is that of the Fisher and of Gauss-Newton
    the model's, one draw  `sampled_factors`    an unbiased estimate of it
    the data's             `empirical_factors`  something else, unless the model is right

Gradients here are those of single examples' losses: no 1/N is in g. Both models are exponential
families in their outputs z, so that grad_z = mu(z) - t, with t one-hot for classes:

    GAUSSIAN     t ~ N(z, I)           mu = z             loss 1/2 |z - t|^2
    CATEGORICAL  t ~ softmax(z)        mu = softmax(z)    loss -log softmax(z)[t]

A network is a function `network(weights, inputs, taps)` giving its outputs and every layer's
inputs abar, where `taps[l]` is added to the pre-activations of layer l: the gradient at zero
taps is g. K-FAC's A (x) G is exact for one example, and for linear networks of Gaussian model.

Letters of shapes: I inputs of the layer and its homogeneous coordinate, O its outputs, P = I O, C
vectors that make up the expectation over targets, "..." locations of a convolution (or none).

    >>> W, inputs = jnp.zeros((2, 1)), jnp.array([[1.0], [3.0]])
    >>> factors = exact_factors(tapped_perceptron, [W], inputs, likelihood=Likelihood.GAUSSIAN)
    >>> print(factors[0].A, factors[0].G)
    [[5. 2.]
     [2. 1.]] [[1.]]

Source: CSC2541 lecture 4; Martens and Grosse (2015), sections 2 and 3.
"""

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from reference.second_order.kronecker_products import Factors

Weights = Sequence[Float[Array, "_ _"]]
TappedNetwork = Callable[[Any, Array, Any], tuple[Array, list[Array]]]


class Likelihood(Enum):
    """What the outputs of the network are the natural parameters of."""

    GAUSSIAN = "gaussian"
    CATEGORICAL = "categorical"


class LayerStatistics(NamedTuple):
    """abar, and g for each of the C vectors on the outputs."""

    inputs: Float[Array, "N ... I"]
    gradients: Float[Array, "C N ... O"]


# --- Networks with taps --------------------------------------------------------------------------


def with_homogeneous(activations: Float[Array, "*N D"]) -> Float[Array, "*N D+1"]:
    """(a, 1): a one appended to every vector, so that the biases are the last row of W."""
    ones = jnp.ones_like(activations[..., :1])
    return jnp.concatenate([activations, ones], axis=-1)


def tapped_perceptron(
    weights: Weights,
    inputs: Float[Array, "N D"],
    taps: Sequence[Float[Array, "N _"] | float],
) -> tuple[Float[Array, "N K"], list[Float[Array, "N _"]]]:
    """Outputs and layers' inputs of s_l = (a_{l-1}, 1) W_l + taps_l, a_l = tanh(s_l).

    The last layer is linear: `reference.problems.perceptron_outputs`, its biases as last rows.
    """
    activations, layer_inputs = inputs, []
    for layer, (W, tap) in enumerate(zip(weights, taps, strict=True)):
        layer_inputs.append(with_homogeneous(activations))
        s = layer_inputs[-1] @ W + tap
        activations = s if layer == len(weights) - 1 else jnp.tanh(s)
    return activations, layer_inputs


def layer_statistics(
    network: TappedNetwork,
    weights: Weights,
    inputs: Float[Array, "N ..."],
    output_vectors: Float[Array, "C N K"],
) -> list[LayerStatistics]:
    """Every layer's abar_n, and g = J_n^T u for each vector u = `output_vectors`[c, n].

    J_n is the Jacobian of example n's outputs in the layer's pre-activations; no example may
    influence the outputs of another. Cost: one forward pass and C backward passes.
    """
    _, shapes = jax.eval_shape(network, weights, inputs, [0.0] * len(weights))
    taps = [
        jnp.zeros((*abar.shape[:-1], W.shape[1]), W.dtype)
        for abar, W in zip(shapes, weights, strict=True)
    ]
    _, pullback, layer_inputs = jax.vjp(
        lambda taps: network(weights, inputs, taps), taps, has_aux=True
    )
    (gradients,) = jax.vmap(pullback)(output_vectors)
    return [LayerStatistics(*pair) for pair in zip(layer_inputs, gradients, strict=True)]


# --- Gradients at the outputs --------------------------------------------------------------------


def exact_output_vectors(
    outputs: Float[Array, "N K"], *, likelihood: Likelihood
) -> Float[Array, "K N K"]:
    """u_1 .. u_K with sum_c u_c u_c^T = E_{t ~ model}[grad_z grad_z^T], for every example.

    Gaussian: the unit vectors. Categorical: sqrt(p_c) (p - e_c), the gradient at label c times
    the root of the probability of c.
    """
    units = jnp.eye(outputs.shape[1], dtype=outputs.dtype)[:, None, :]
    if likelihood is Likelihood.GAUSSIAN:
        return jnp.broadcast_to(units, (len(units), *outputs.shape))
    p = jax.nn.softmax(outputs)
    return jnp.sqrt(p.T)[:, :, None] * (p - units)


def sampled_output_vectors(
    key: Key[Array, ""], outputs: Float[Array, "N K"], *, likelihood: Likelihood
) -> Float[Array, "1 N K"]:
    """mu(z) - t with one target t drawn from the model for every example."""
    if likelihood is Likelihood.GAUSSIAN:
        return jax.random.normal(key, (1, *outputs.shape), outputs.dtype)
    labels = jax.random.categorical(key, outputs)
    drawn = jax.nn.one_hot(labels, outputs.shape[1], dtype=outputs.dtype)
    return (jax.nn.softmax(outputs) - drawn)[None]


def empirical_output_vectors(
    outputs: Float[Array, "N K"], targets: Float[Array, "N K"], *, likelihood: Likelihood
) -> Float[Array, "1 N K"]:
    """mu(z) - t with the targets of the data, one-hot for classes."""
    mean = outputs if likelihood is Likelihood.GAUSSIAN else jax.nn.softmax(outputs)
    return (mean - targets)[None]


# --- Factors -------------------------------------------------------------------------------------


def fisher_block(statistics: LayerStatistics) -> Float[Array, "P P"]:
    """(1/N) sum_n sum_c vec(abar_n g_cn^T) vec(abar_n g_cn^T)^T: what A (x) G approximates.

    Dense, over the row-major ravel of W, for small layers. For a convolution the gradient of an
    example is the sum over its locations. Cost: O(N C (I O)^2) flops.
    """
    abar, g = statistics
    abar = abar.reshape(len(abar), -1, abar.shape[-1])
    g = g.reshape(*g.shape[:2], -1, g.shape[-1])
    gradients = jnp.einsum("nti,cnto->cnio", abar, g).reshape(-1, abar.shape[-1] * g.shape[-1])
    return gradients.T @ gradients / len(abar)


def dense_factors(statistics: LayerStatistics) -> Factors:
    """A = (1/N) sum_n abar_n abar_n^T, G = (1/N) sum_n sum_c g_cn g_cn^T, for a dense layer.

    Cost: O(N (I^2 + C O^2)) flops.
    """
    abar, g = statistics
    return Factors(abar.T @ abar / len(abar), jnp.einsum("cno,cnp->op", g, g) / len(abar))


def exact_factors(
    network: TappedNetwork, weights: Weights, inputs: Float[Array, "N D"], *, likelihood: Likelihood
) -> list[Factors]:
    """A and G of every layer for the true Fisher, integrated over the model's targets.

    For networks of dense layers, as are the next two. Cost: K backward passes.
    """
    outputs = _outputs(network, weights, inputs)
    vectors = exact_output_vectors(outputs, likelihood=likelihood)
    return [dense_factors(layer) for layer in layer_statistics(network, weights, inputs, vectors)]


def sampled_factors(
    key: Key[Array, ""],
    network: TappedNetwork,
    weights: Weights,
    inputs: Float[Array, "N D"],
    *,
    likelihood: Likelihood,
) -> list[Factors]:
    """A, and G with one target drawn from the model: unbiased. Cost: one backward pass."""
    outputs = _outputs(network, weights, inputs)
    vectors = sampled_output_vectors(key, outputs, likelihood=likelihood)
    return [dense_factors(layer) for layer in layer_statistics(network, weights, inputs, vectors)]


def empirical_factors(
    network: TappedNetwork,
    weights: Weights,
    inputs: Float[Array, "N D"],
    targets: Float[Array, "N K"],
    *,
    likelihood: Likelihood,
) -> list[Factors]:
    """A, and G at the data's targets: not the Fisher, it vanishes where the data are fitted.

    Cost: one backward pass.
    """
    outputs = _outputs(network, weights, inputs)
    vectors = empirical_output_vectors(outputs, targets, likelihood=likelihood)
    return [dense_factors(layer) for layer in layer_statistics(network, weights, inputs, vectors)]


def _outputs(network: TappedNetwork, weights: Weights, inputs: Array) -> Array:
    return network(weights, inputs, [0.0] * len(weights))[0]
