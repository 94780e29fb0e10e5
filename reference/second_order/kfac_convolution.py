"""Lecture 4: K-FAC for convolutions (KFC): factors from image patches.

A convolution is a dense layer with the same weights W (I, O) at every location t = 1 .. T, its
inputs the patches abar_t: kernel height x width x channels in row-major order, then a one.
grad_W = sum_t abar_t g_t^T, so the Fisher holds sums over pairs of locations:

    F = E sum_{t,t'} abar_t abar_t'^T (x) g_t g_t'^T  ~  Omega (x) Gamma,
    Omega = E sum_t abar_t abar_t^T,      Gamma = (1/T) E sum_t g_t g_t^T

if activations and derivatives are independent, their second moments the same at all locations,
and derivatives at different locations uncorrelated. Omega is a sum over locations and Gamma a
mean; another split of the T, or a reversal, leaves the product, but not the factors, the same.

`Factors` are as for dense layers, and so are damping and `kfac.kfac_optimizer`, which take them.

Letters of shapes: T locations, I kernel height x width x channels + 1, O channels of the output.

    >>> images = jnp.arange(9.0).reshape(1, 3, 3, 1)
    >>> print(image_patches(images, (2, 2))[0, 0])
    [0. 1. 3. 4. 1.]

Source: CSC2541 lecture 4; Grosse and Martens (2016), section 3.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from reference.second_order.kronecker_factors import LayerStatistics, with_homogeneous
from reference.second_order.kronecker_products import Factors


def image_patches(
    images: Float[Array, "N H W C"],
    kernel_shape: tuple[int, int],
    *,
    stride: int = 1,
    padding: int = 0,
) -> Float[Array, "N T I"]:
    """abar_t, the pixels under the kernel at every location and a one; locations row-major.

    `padding` rings of zeros are put around the images. Cost: I copies of the images.
    """
    rings = (padding, padding)
    images = jnp.pad(images, ((0, 0), rings, rings, (0, 0)))
    height, width = kernel_shape
    rows, columns = images.shape[1] - height + 1, images.shape[2] - width + 1
    shifted = [
        images[:, i : i + rows : stride, j : j + columns : stride]
        for i in range(height)
        for j in range(width)
    ]
    patches = jnp.stack(shifted, axis=3)  # N, rows of locations, columns, I / C, C
    num_locations = patches.shape[1] * patches.shape[2]
    return with_homogeneous(patches.reshape(len(images), num_locations, -1))


def convolution_weights(
    kernel: Float[Array, "h w C O"], biases: Float[Array, " O"]
) -> Float[Array, "I O"]:
    """W with image_patches(x) @ W = the convolution of x: the kernel's rows, then the biases.

    A convolution as in deep learning: a cross-correlation, with the kernel not turned over.
    """
    rows = kernel.reshape(-1, kernel.shape[-1])
    return jnp.concatenate([rows, biases[None]])


def convolution_factors(statistics: LayerStatistics) -> Factors:
    """Omega = (1/N) sum_nt abar abar^T and Gamma = (1/(N T)) sum_cnt g g^T.

    `statistics` has inputs (N, T, I) and gradients (C, N, T, O), as `layer_statistics` gives for
    a layer whose inputs are `image_patches`. With one location these are the dense factors.
    Cost: O(N T (I^2 + C O^2)) flops.
    """
    patches, g = statistics
    N, T, _ = patches.shape
    return Factors(
        jnp.einsum("nti,ntj->ij", patches, patches) / N,
        jnp.einsum("cnto,cntp->op", g, g) / (N * T),
    )
