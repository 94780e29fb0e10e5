"""Small problems whose answers are known, to try the other modules on.

>>> A = symmetric_matrix(jax.random.key(0), jnp.array([1.0, 2.0, 5.0]))
>>> print(jnp.linalg.eigvalsh(A).round(4))
[1. 2. 5.]
"""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from reference.pytrees import Scalar, Tree


def symmetric_matrix(key: Key[Array, ""], eigenvalues: Float[Array, " D"]) -> Float[Array, "D D"]:
    """Q diag(eigenvalues) Q^T with Q uniform over the orthogonal matrices."""
    Q = jax.random.orthogonal(key, len(eigenvalues), dtype=eigenvalues.dtype)
    return (Q * eigenvalues) @ Q.T


def linear_examples(
    key: Key[Array, ""],
    num_examples: int,
    w_true: Float[Array, " D"],
    noise_std: Scalar | float,
) -> tuple[Float[Array, "N D"], Float[Array, " N"]]:
    """Inputs Phi ~ N(0, I) and targets t = Phi w_true + noise_std N(0, I)."""
    key_of_inputs, key_of_noise = jax.random.split(key)
    Phi = jax.random.normal(key_of_inputs, (num_examples, len(w_true)), w_true.dtype)
    noise = jax.random.normal(key_of_noise, (num_examples,), w_true.dtype)
    return Phi, Phi @ w_true + noise_std * noise


def perceptron_parameters(
    key: Key[Array, ""], widths: Sequence[int], dtype: jnp.dtype | type = float
) -> Tree:
    """A dict a layer: weights (in, out) ~ N(0, 1/in), and biases ~ N(0, 1) so that all matter.

    Standard parameterisation. `widths` runs from the inputs to the outputs.
    """

    def layer(key: Key[Array, ""], num_in: int, num_out: int) -> dict[str, Array]:
        key_of_weights, key_of_biases = jax.random.split(key)
        weights = jax.random.normal(key_of_weights, (num_in, num_out), dtype) / num_in**0.5
        return {"weights": weights, "biases": jax.random.normal(key_of_biases, (num_out,), dtype)}

    keys = jax.random.split(key, len(widths) - 1)
    return [layer(*ends) for ends in zip(keys, widths[:-1], widths[1:], strict=True)]


def perceptron_outputs(w: Tree, inputs: Float[Array, "N D"]) -> Float[Array, "N K"]:
    """tanh between the layers, the last one linear; smooth, so that Taylor's formula holds."""
    activations = inputs
    for layer in w[:-1]:
        activations = jnp.tanh(activations @ layer["weights"] + layer["biases"])
    return activations @ w[-1]["weights"] + w[-1]["biases"]
