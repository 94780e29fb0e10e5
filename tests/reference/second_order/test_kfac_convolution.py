"""Lecture 4: K-FAC for convolutions against loops, and where its three assumptions hold."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from reference.second_order import kfac_convolution, kronecker_factors
from reference.second_order.kronecker_factors import LayerStatistics, Likelihood

EXACT = 1e-10  # float64; both sides are short sums of products

image_patches = jax.jit(
    kfac_convolution.image_patches, static_argnums=1, static_argnames=("stride", "padding")
)
convolution_factors = jax.jit(kfac_convolution.convolution_factors)


def arrays(*shapes, seed=0):
    rng = np.random.default_rng(seed)
    return [jnp.array(rng.normal(size=shape)) for shape in shapes]


@pytest.mark.parametrize(
    ("image", "kernel_shape", "stride", "padding"),
    [((5, 4, 2), (3, 2), 1, 0), ((5, 6, 1), (2, 3), 2, 1), ((2, 3, 3), (1, 1), 1, 0)],
)
def test_patches_times_weights_are_the_convolution(image, kernel_shape, stride, padding):
    images, kernel, biases = arrays((2, *image), (*kernel_shape, image[2], 3), (3,))
    patches = image_patches(images, kernel_shape, stride=stride, padding=padding)
    outputs = patches @ kfac_convolution.convolution_weights(kernel, biases)
    expected = biases + jax.lax.conv_general_dilated(
        images,
        kernel,
        (stride, stride),
        [(padding, padding)] * 2,
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
    )
    assert_allclose(outputs, expected.reshape(2, -1, 3), rtol=EXACT, atol=EXACT)


def statistics(N=2, T=3, I=4, O=2, C=2, *, seed=1):  # noqa: E741
    return LayerStatistics(*arrays((N, T, I), (C, N, T, O), seed=seed))


def test_factors_are_the_loops_over_examples_and_locations():
    layer = statistics()
    patches, g = (np.asarray(x) for x in layer)
    Omega, Gamma = np.zeros((4, 4)), np.zeros((2, 2))
    for n, t in itertools.product(range(2), range(3)):
        Omega += np.outer(patches[n, t], patches[n, t]) / 2
        for c in range(2):
            Gamma += np.outer(g[c, n, t], g[c, n, t]) / (2 * 3)
    factors = convolution_factors(layer)
    assert_allclose(factors.A, Omega, rtol=EXACT)
    assert_allclose(factors.G, Gamma, rtol=EXACT)


def test_one_location_is_a_dense_layer():
    layer = statistics(T=1)
    dense = LayerStatistics(layer.inputs[:, 0], layer.gradients[:, :, 0])
    for factor, expected in zip(
        convolution_factors(layer), kronecker_factors.dense_factors(dense), strict=True
    ):
        assert_allclose(factor, expected, rtol=EXACT)


def test_kronecker_product_is_the_fisher_where_the_assumptions_hold():
    T, I, O = 3, 3, 2  # noqa: E741
    patches, g = arrays((4, T, I), (3, O), seed=2)
    # Every activation meets every derivative (independence); a derivative is the same vector at
    # all locations (homogeneity) but for signs, all combinations of them (no correlation).
    signs = jnp.array(list(itertools.product([-1.0, 1.0], repeat=T)))
    derivatives = (signs[None, :, :, None] * g[:, None, None, :]).reshape(-1, T, O)
    layer = LayerStatistics(
        jnp.repeat(patches, len(derivatives), axis=0),
        jnp.tile(derivatives, (len(patches), 1, 1))[None],
    )
    Omega, Gamma = convolution_factors(layer)
    F = kronecker_factors.fisher_block(layer)
    assert_allclose(np.kron(Omega, Gamma), F, rtol=EXACT, atol=EXACT)


def test_fisher_block_sums_the_gradient_over_locations_before_it_is_squared():
    layer = statistics(seed=3)
    patches, g = (np.asarray(x) for x in layer)
    F = np.zeros((8, 8))
    for n, c in itertools.product(range(2), range(2)):
        gradient = np.einsum("ti,to->io", patches[n], g[c, n]).ravel()
        F += np.outer(gradient, gradient) / 2
    assert_allclose(kronecker_factors.fisher_block(layer), F, rtol=EXACT, atol=EXACT)


def test_statistics_of_a_convolutional_network_give_the_gradient_of_its_kernel():
    (images,) = arrays((2, 4, 3, 1), seed=4)
    weights = arrays((5, 2), (2 * 6 + 1, 3), seed=5)

    def network(weights, images, taps):
        patches = kfac_convolution.image_patches(images, (2, 2))
        maps = jnp.tanh(patches @ weights[0] + taps[0])
        last = kronecker_factors.with_homogeneous(maps.reshape(len(images), -1))
        return last @ weights[1] + taps[1], [patches, last]

    def outputs(weights):
        return network(weights, images, [0.0, 0.0])[0]

    @jax.jit
    def compared(weights):
        z = outputs(weights)
        vectors = kronecker_factors.exact_output_vectors(z, likelihood=Likelihood.CATEGORICAL)
        layers = kronecker_factors.layer_statistics(network, weights, images, vectors)
        return layers, jax.vmap(jax.vjp(outputs, weights)[1])(vectors)

    (convolution, last), (gradients,) = compared(weights)
    assert convolution.gradients.shape == (3, 2, 6, 2)
    assert_allclose(jnp.einsum("nti,cnto->cio", *convolution), gradients[0], rtol=EXACT, atol=EXACT)
    assert_allclose(jnp.einsum("ni,cno->cio", *last), gradients[1], rtol=EXACT, atol=EXACT)
