"""Lecture 6: wide networks at initialisation are Gaussian processes.

As the hidden layers of a perceptron grow wide, its outputs over random parameters become
jointly Gaussian, independent and alike for each output, with mean zero and the covariance K:

    K^1(x, x')     = s_w^2 <x, x'> / D + s_b^2
    K^{l+1}(x, x') = s_w^2 E[phi(u) phi(v)] + s_b^2,      (u, v) ~ N(0, K^l on x and x')

K = K^{L+1} for L hidden layers. Weights have variance s_w^2 / n_in and biases s_b^2, which is
the same in the standard and the NTK parameterisation (`finite_width`). The inputs are divided
by sqrt(D) as any layer is; others leave that out.

Kernels are Gram matrices over one batch of inputs. For training and test inputs stack both and
cut the blocks out: variances are then read off the diagonal, where correlations are exactly 1.

    >>> from reference.infinite_limits.dual_activations import RELU
    >>> X = jnp.array([[1.0, 1.0], [1.0, -1.0]])
    >>> options = {"num_hidden": 1, "weight_variance": 2.0, "bias_variance": 0.0}
    >>> print(nngp_kernel(X, activation=RELU, **options).round(3))
    [[2.    0.637]
     [0.637 2.   ]]

Source: Neal (1996); Williams (1997); Lee et al. (2018), deep networks as Gaussian processes.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from reference.infinite_limits.dual_activations import Activation, Covariance
from reference.pytrees import Scalar


def input_kernel(
    inputs: Float[Array, "N D"],
    *,
    weight_variance: Scalar | float,
    bias_variance: Scalar | float,
) -> Float[Array, "N N"]:
    """K^1 = s_w^2 X X^T / D + s_b^2: of pre-activations of the first layer. Exact at any width."""
    return weight_variance * (inputs @ inputs.T) / inputs.shape[1] + bias_variance


def dual_kernel(dual: Covariance, K: Float[Array, "N N"]) -> Float[Array, "N N"]:
    """E[phi(u_i) phi(u_j)] for u ~ N(0, K), where `dual` is phi's covariance (or that of phi')."""
    q = jnp.diagonal(K)
    return dual(q[:, None], q, K)


def nngp_kernel(
    inputs: Float[Array, "N D"],
    *,
    activation: Activation,
    num_hidden: int,
    weight_variance: Scalar | float,
    bias_variance: Scalar | float,
) -> Float[Array, "N N"]:
    """K^{l+1} = s_w^2 E[phi phi] + s_b^2 from K^1, `num_hidden` times: covariance of one output.

    With one hidden layer it is exact at any width; with more, to O(1 / width).
    Cost: N^2 D multiplications and num_hidden N^2 duals. Source: Lee et al. (2018).
    """

    def layer(K: Array, _: None) -> tuple[Array, None]:
        return weight_variance * dual_kernel(activation.covariance, K) + bias_variance, None

    K = input_kernel(inputs, weight_variance=weight_variance, bias_variance=bias_variance)
    return jax.lax.scan(layer, K, length=num_hidden)[0]


def posterior(
    K: Float[Array, "J J"],
    targets: Float[Array, " N"],
    *,
    noise_variance: Scalar | float,
) -> tuple[Float[Array, " M"], Float[Array, "M M"]]:
    """K_*X A^-1 t and K_** - K_*X A^-1 K_X*, with A = K_XX + noise I: Bayes with an infinite net.

    `K` is the kernel over N training inputs, then M test inputs, J = N + M in all. The mean and
    covariance of f, without the noise, at the test inputs given t = f(X) + noise. Assumes A
    positive definite to working precision. Cost: a Cholesky factor of A, O(N^3 + N^2 M + N M^2).

    >>> mean, covariance = posterior(jnp.ones((2, 2)), jnp.array([3.0]), noise_variance=0.5)
    >>> print(mean.round(4), covariance.round(4))
    [2.] [[0.3333]]
    """
    N = len(targets)
    A = K[:N, :N] + noise_variance * jnp.eye(N, dtype=K.dtype)
    L = jnp.linalg.cholesky(A)
    half = jax.scipy.linalg.solve_triangular(L, K[:N, N:], lower=True)
    whitened = jax.scipy.linalg.solve_triangular(L, targets, lower=True)
    return half.T @ whitened, K[N:, N:] - half.T @ half
