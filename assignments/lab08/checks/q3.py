"""Hidden checks of question 3: flipout, its gradients, and what it does to the variance."""

from itertools import product
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from grader.checks import check, expect
from reference.bayesian_inference import flipout

SINGLE = "sums of some ten terms: float32 inside gives about 1e-6, known mistakes over 1e-2"
DIGITS = "float64 gives about 1e-15, float32 inside 1e-7"
ZERO = "signs cancel exactly up to rounding: float32 inside gives 1e-6 of numbers near 1"


def _signs(inputs: Any, rows: int, columns: int) -> np.ndarray:
    """Random signs; in every row the first two differ, so that no row is constant."""
    signs = np.where(inputs.uniform(-1.0, 1.0, rows, columns) > 0, 1.0, -1.0)
    if columns > 1:
        signs[:, 1] = -signs[:, 0]
    return signs


def _layer(inputs: Any, N: int, D: int, K: int) -> tuple[np.ndarray, ...]:
    """X, M, E and the signs of a layer."""
    X, M, E = inputs.normal(N, D), inputs.normal(D, K), inputs.normal(D, K)
    return X, M, E, _signs(inputs, N, D), _signs(inputs, N, K)


def _dense_outputs(X: Any, M: Any, E: Any, S: Any, R: Any) -> Any:
    """With the weights of every example written out."""
    perturbed = M + flipout.flipout_perturbations(*map(jnp.asarray, (E, S, R)))
    return jnp.einsum("nd,ndk->nk", X, perturbed)


@check("q3", points=2, title="Outputs against weights for each example")
def outputs_of_layers(student, inputs):
    for N, D, K in ((7, 4, 3), (5, 6, 6)):
        layer = _layer(inputs, N, D, K)
        expect(student.flipout_outputs(*layer), f"Y for {N} examples, {D} inputs").close_to(
            lambda layer=layer: _dense_outputs(*layer), rtol=1e-4, why=SINGLE, points=1
        )


@check("q3", points=1, title="One example, one input, one output", x64=False)
def outputs_at_the_edges(student, inputs):
    for N, D, K in ((1, 3, 2), (4, 1, 3), (4, 3, 1)):
        X, M, E, S, R = _layer(inputs, N, D, K)
        X, M, E = np.abs(X) + 0.5, np.abs(M) + 0.5, np.abs(E) + 0.5
        S[0, 0], R[0, 0] = -1.0, 1.0
        S[-1, -1], R[-1, -1] = 1.0, -1.0
        expect(student.flipout_outputs(X, M, E, S, R), "Y").close_to(
            lambda layer=(X, M, E, S, R): _dense_outputs(*layer), rtol=1e-4, why=SINGLE
        )


@check("q3", points=1, title="Two examples are uncorrelated over all signs")
def outputs_are_uncorrelated(student, inputs):
    # All signs of two examples with two inputs and one output: a batch of 64 pairs.
    every = np.array(list(product((-1.0, 1.0), repeat=6)))
    x, M, E = inputs.uniform(0.5, 1.5, 2, 2), inputs.normal(2, 1), inputs.uniform(0.5, 1.5, 2, 1)
    X = np.tile(x, (64, 1))
    S, R = every[:, :4].reshape(128, 2), every[:, 4:].reshape(128, 1)
    Y = expect(student.flipout_outputs(X, M, E, S, R), "Y").array((128, 1))
    noise = (Y - X @ M).reshape(64, 2)
    expect(noise.T @ noise / 64, "The covariance of two examples' outputs").close_to(
        lambda: np.diag((x**2 @ E**2)[:, 0]), rtol=1e-4, atol=1e-4, why=ZERO
    )


@check("q3", points=1, title="Cost and memory of the outputs")
def outputs_cost_two_products(student, inputs):
    layer = _layer(inputs, 64, 64, 64)
    program = student.program("flipout_outputs", *layer)
    expect(program(*layer), "The exported outputs").close_to(
        lambda: _dense_outputs(*layer), rtol=1e-4, why=SINGLE
    )
    one_product = inputs.program(jnp.matmul, layer[0], layer[1])
    expect(program, "The layer").uses_at_most(_WITHOUT_WEIGHTS_FOR_EACH)
    expect(program, "The layer").costs_at_most(2.25, one_product, unit="products")


# 64 weight matrices are 2.1 MB in float64, one array of shape (64, 64) is 33 kB.
_WITHOUT_WEIGHTS_FOR_EACH = 500_000


# --- Gradients ------------------------------------------------------------------------------------


def _dense_gradients(X: Any, Z: Any, S: Any, R: Any, G: Any) -> Any:
    """The gradient of sum(G Y) through the weights of every example."""

    def pulled(M: Any, std: Any) -> Any:
        return jnp.sum(G * _dense_outputs(X, M, std * Z, S, R))

    return jax.grad(pulled, argnums=(0, 1))(jnp.zeros(Z.shape), jnp.ones(Z.shape))


@check("q3", points=1, title="Gradients in the mean and the deviations, to 12 digits")
def gradients_of_layers(student, inputs):
    for N, D, K in ((6, 4, 3), (3, 5, 5), (1, 2, 4)):
        X, _, Z, S, R = _layer(inputs, N, D, K)
        G = inputs.normal(N, K)
        pair = student.flipout_gradients(X, Z, S, R, G)
        expect(pair, f"The gradients for {N} examples").close_to(
            lambda args=(X, Z, S, R, G): _dense_gradients(*args), rtol=1e-12, why=DIGITS
        )


@check("q3", points=1, title="Cost and memory of the gradients")
def gradients_cost_two_products(student, inputs):
    X, _, Z, S, R = _layer(inputs, 64, 64, 64)
    G = inputs.normal(64, 64)
    program = student.program("flipout_gradients", X, Z, S, R, G)
    expect(program(X, Z, S, R, G), "The exported gradients").close_to(
        lambda: _dense_gradients(X, Z, S, R, G), rtol=1e-4, why=SINGLE
    )
    one_product = inputs.program(jnp.matmul, X, Z)
    expect(program, "The pair of gradients").uses_at_most(_WITHOUT_WEIGHTS_FOR_EACH)
    expect(program, "The pair of gradients").costs_at_most(2.25, one_product, unit="products")


# --- Variances ------------------------------------------------------------------------------------


def _dense_variances(X: np.ndarray, std: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean entries of Cov(y_n, y_m), an N x N matrix for every output."""
    covariances = np.einsum("nd,dk,md->knm", X, std**2, X)
    shared = np.mean(covariances, axis=(1, 2))
    alone = covariances * np.eye(len(X))
    return shared, np.mean(alone, axis=(1, 2))


@check("q3", points=1, title="Variance of the mean output")
def variances_of_the_mean(student, inputs):
    for N, D, K in ((6, 4, 3), (1, 3, 2)):
        X, std = inputs.normal(N, D) + 0.5, inputs.uniform(0.5, 1.5, D, K)
        expect(student.mean_output_variances(X, std), f"The variances, N = {N}").close_to(
            lambda X=X, std=std: _dense_variances(X, std), rtol=1e-4, why=SINGLE
        )
