"""Hidden checks of question 1: the kernel at initialisation."""

from functools import partial
from typing import Any

import jax.numpy as jnp
import numpy as np

from grader.checks import check, expect
from reference import infinite_limits as limits

VALUES = "clipped arc cosines give 1e-8, the smallest known mistake more than 1e-3"


def kernels(X: Any, num_hidden: int, sigma_w: float, sigma_b: float) -> np.ndarray:
    """K^1, .., K^{L+1}, each by itself."""
    kernel = partial(
        limits.nngp_kernel,
        jnp.asarray(X),
        activation=limits.RELU,
        weight_variance=sigma_w**2,
        bias_variance=sigma_b**2,
    )
    return np.stack([kernel(num_hidden=depth) for depth in range(num_hidden + 1)])


def duals(K: Any) -> tuple[np.ndarray, np.ndarray]:
    """Both expectations for ReLU."""
    K, q = jnp.asarray(K), jnp.diagonal(jnp.asarray(K))
    return (
        np.asarray(limits.relu_covariance(q[:, None], q, K)),
        np.asarray(limits.relu_derivative_covariance(q[:, None], q, K)),
    )


def multiples(inputs: Any, count: int) -> np.ndarray:
    """Multiples of one input, of both signs and of lengths between 1/2 and 2."""
    signs = np.where(np.arange(count) % 2, -1.0, 1.0)
    return (signs * inputs.uniform(0.5, 2.0, count))[:, None] * inputs.normal(1, 3)


def both(found: Any) -> Any:
    """What relu_duals returned, known to be two things."""
    expect(found, "What relu_duals returns").is_true(
        lambda value: isinstance(value, list | tuple) and len(value) == 2,
        says="relu_duals returns a pair of matrices.",
    )
    return found


@check("q1", points=2, title="The two expectations for a random covariance")
def duals_of_random_covariance(student, inputs):
    scales = np.array([0.4, 0.8, 1.3, 2.0, 2.6])
    K = scales[:, None] * inputs.spd([0.3, 0.6, 1.0, 1.4, 1.7]) * scales
    found = both(student.relu_duals(K))
    names = ("E[relu(u) relu(v)]", "E[1(u > 0) 1(v > 0)]")
    for place, name in enumerate(names):
        expect(found[place], name).close_to(
            lambda place=place: duals(K)[place], rtol=1e-5, why=VALUES, points=1
        )


@check("q1", points=2, title="The kernels of all layers")
def nngp_of_random_inputs(student, inputs):
    X = inputs.normal(7, 3)
    sigma_w, sigma_b = float(inputs.uniform(1.2, 1.6)), float(inputs.uniform(0.4, 0.7))
    expect(student.nngp_kernels(X, 3, sigma_w, sigma_b), "K^1, ..., K^{L+1}").close_to(
        lambda: kernels(X, 3, sigma_w, sigma_b), rtol=1e-5, why=VALUES
    )


@check("q1", points=1, title="Inputs that are multiples of each other")
def nngp_of_parallel_inputs(student, inputs):
    X = multiples(inputs, 100)
    # Of 10,000 correlations of +-1 some hundreds come out a rounding beyond.
    moment = both(student.relu_duals(X @ X.T / 3))[0]
    expect(moment, "E[relu(u) relu(v)]").close_to(
        lambda: duals(X @ X.T / 3)[0], rtol=1e-5, why=VALUES
    )
    expect(student.nngp_kernels(X, 2, 1.4, 0.0), "K^1, ..., K^{L+1}").close_to(
        lambda: kernels(X, 2, 1.4, 0.0), rtol=1e-5, why=VALUES
    )


@check("q1", points=1, title="An input of zeros, without biases")
def nngp_of_a_zero_input(student, inputs):
    X = inputs.normal(7, 3)
    X[4] = 0.0
    K = X @ X.T
    found = both(student.relu_duals(K))
    expect(found[0], "E[relu(u) relu(v)]").close_to(lambda: duals(K)[0], rtol=1e-5, why=VALUES)
    expect(found[1], "E[1(u > 0) 1(v > 0)]").array((7, 7))
    expect(student.nngp_kernels(X, 3, 1.3, 0.0), "K^1, ..., K^{L+1}").close_to(
        lambda: kernels(X, 3, 1.3, 0.0), rtol=1e-5, why=VALUES
    )


@check("q1", points=1, title="No hidden layer, and a single example")
def nngp_of_small_cases(student, inputs):
    X, x = inputs.normal(4, 2), inputs.normal(1, 5)
    expect(student.nngp_kernels(X, 0, 1.2, 0.6), "The kernel of a linear network").close_to(
        lambda: kernels(X, 0, 1.2, 0.6), rtol=1e-5, why=VALUES
    )
    expect(student.nngp_kernels(x, 2, 1.2, 0.6), "The kernels of one example").close_to(
        lambda: kernels(x, 2, 1.2, 0.6), rtol=1e-5, why=VALUES
    )


@check("q1", points=1, title="Fifty layers that keep the variances, to all digits")
def nngp_keeps_variances(student, inputs):
    X = inputs.normal(7, 3)
    found = expect(student.nngp_kernels(X, 50, np.sqrt(2.0).item(), 0.0)).array((51, 7, 7))
    expect(np.einsum("lii->li", found), "The variances").close_to(
        lambda: np.tile(2 * np.sum(X**2, axis=1) / 3, (51, 1)),
        rtol=1e-11,
        why="fifty roundings are some 1e-14; a correlation held below 1 by 1e-7 costs 1e-6",
    )
    expect(found, "K^1, ..., K^{L+1}").close_to(
        lambda: kernels(X, 50, np.sqrt(2.0).item(), 0.0), rtol=1e-6, why=VALUES
    )


@check("q1", points=1, title="The kernels in float32", x64=False)
def nngp_in_float32(student, inputs):
    X = multiples(inputs, 100)
    X[:50] = inputs.normal(50, 3)
    expect(student.nngp_kernels(X, 2, 1.3, 0.5), "K^1, ..., K^{L+1}").close_to(
        lambda: kernels(X, 2, 1.3, 0.5), rtol=1e-4, why="float32, two layers: about 1e-6"
    )
