"""Right answers to questions 1 and 2 by other routes: each must get full marks."""

import jax
import jax.numpy as jnp
import numpy as np

from grader.checks import alternate


def _half_angles(K):
    """sqrt(q q') and the angle, from sums and differences instead of an arc cosine."""
    q = jnp.diagonal(K)
    scale = jnp.sqrt(q[:, None] * q)
    below, above = jnp.maximum(scale - K, 0), jnp.maximum(scale + K, 0)
    return scale, 2 * jnp.arctan2(jnp.sqrt(below), jnp.sqrt(above))


@alternate("q1", of="relu_duals", route="half angles")
def duals_by_half_angles(K):
    scale, theta = _half_angles(K)
    moment = scale * (jnp.sin(theta) + (jnp.pi - theta) * jnp.cos(theta)) / (2 * jnp.pi)
    return moment, (1 - theta / jnp.pi) / 2


@alternate("q1", of="relu_duals", route="NumPy, standard deviations first, an angle's sine")
def duals_in_numpy(K):
    K = np.asarray(K)
    s = np.sqrt(np.diagonal(K))
    product = np.outer(s, s)
    cosine = np.divide(K, product, out=np.zeros_like(K), where=product > 0)
    theta = np.arccos(np.minimum(1, np.maximum(-1, cosine)))
    gate = (np.pi - theta) / np.pi / 2
    return product * np.sin(theta) / np.pi / 2 + product * np.cos(theta) * gate, gate


@alternate("q1", of="nngp_kernels", route="a scan")
def kernels_by_scan(X, num_hidden, sigma_w, sigma_b):
    def layer(K, _):
        scale, theta = _half_angles(K)
        moment = scale * (jnp.sin(theta) + (jnp.pi - theta) * jnp.cos(theta)) / (2 * jnp.pi)
        K = sigma_w**2 * moment + sigma_b**2
        return K, K

    first = sigma_w**2 * X @ X.T / X.shape[1] + sigma_b**2
    _, rest = jax.lax.scan(layer, first, length=num_hidden)
    return jnp.concatenate([first[None], rest])


@alternate("q1", of="nngp_kernels", route="variances by their own recursion, then correlations")
def kernels_by_correlations(X, num_hidden, sigma_w, sigma_b):
    q = sigma_w**2 * jnp.mean(X**2, axis=1) + sigma_b**2
    K = sigma_w**2 * jnp.einsum("nd,md->nm", X, X) / X.shape[1] + sigma_b**2
    kernels = [K]
    for _ in range(num_hidden):
        s = jnp.sqrt(q)
        product = jnp.outer(s, s)
        c = jnp.clip(jnp.where(product > 0, K / jnp.where(product > 0, product, 1), 0), -1, 1)
        kappa = (jnp.sqrt(1 - c**2) + (jnp.pi - jnp.arccos(c)) * c) / jnp.pi
        K = sigma_w**2 / 2 * product * kappa + sigma_b**2
        q = sigma_w**2 / 2 * q + sigma_b**2
        K = jnp.where(jnp.eye(len(q), dtype=bool), q, K)
        kernels.append(K)
    return jnp.stack(kernels)


@alternate("q2", of="ntk_kernel", route="both kernels in one scan, half angles")
def tangent_kernel_by_scan(X, num_hidden, sigma_w, sigma_b):
    def layer(state, _):
        K, Theta = state
        scale, theta = _half_angles(K)
        gate = (jnp.pi - theta) / (2 * jnp.pi)
        K = sigma_w**2 * (scale * jnp.sin(theta) / (2 * jnp.pi) + K * gate) + sigma_b**2
        return (K, K + sigma_w**2 * gate * Theta), None

    first = sigma_w**2 * X @ X.T / X.shape[1] + sigma_b**2
    return jax.lax.scan(layer, (first, first), length=num_hidden)[0][1]


@alternate("q2", of="ntk_kernel", route="each layer's term sent up by a product of gates, NumPy")
def tangent_kernel_by_products_of_gates(X, num_hidden, sigma_w, sigma_b):
    X = np.asarray(X)
    kernels, gates = [sigma_w**2 * (X @ X.T) / X.shape[1] + sigma_b**2], []
    for _ in range(num_hidden):
        K = kernels[-1]
        s = np.sqrt(np.diagonal(K))
        product = np.outer(s, s)
        c = np.divide(K, product, out=np.zeros_like(K), where=product > 0).clip(-1, 1)
        theta = np.arccos(c)
        gates.append(sigma_w**2 * (np.pi - theta) / (2 * np.pi))
        moment = product * (np.sin(theta) + (np.pi - theta) * c) / (2 * np.pi)
        kernels.append(sigma_w**2 * moment + sigma_b**2)
    total = np.zeros_like(kernels[0])
    for place, K in enumerate(kernels):
        total = total + K * np.prod(gates[place:], axis=0)
    return total
