"""Hidden checks of question 2: the neural tangent kernel in the limit."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from grader.checks import check, expect
from reference import infinite_limits as limits
from reference.infinite_limits import neural_tangent_kernel as tangent

VALUES = "an arc cosine near 1 has a rounding of 1e-8; the smallest known mistake exceeds 1e-3"


def kernel(X: Any, num_hidden: int, sigma_w: float, sigma_b: float) -> np.ndarray:
    """Theta^{L+1} in the NTK parameterisation."""
    Theta = tangent.neural_tangent_kernel(
        jnp.asarray(X),
        activation=limits.RELU,
        num_hidden=num_hidden,
        weight_variance=sigma_w**2,
        bias_variance=sigma_b**2,
    )
    return np.asarray(Theta)


@check("q2", points=3, title="Random inputs, one and three hidden layers")
def ntk_of_random_inputs(student, inputs):
    X = inputs.normal(7, 3)
    sigma_w, sigma_b = float(inputs.uniform(1.2, 1.6)), float(inputs.uniform(0.4, 0.7))
    for num_hidden, points in ((1, 1), (3, 2)):
        found = student.ntk_kernel(X, num_hidden, sigma_w, sigma_b)
        expect(found, f"Theta with L = {num_hidden}").close_to(
            lambda num_hidden=num_hidden: kernel(X, num_hidden, sigma_w, sigma_b),
            rtol=1e-5,
            why=VALUES,
            points=points,
        )


@check("q2", points=1, title="One hidden layer against the arc-cosine kernels")
def ntk_is_a_sum_of_arc_cosine_kernels(student, inputs):
    X = inputs.normal(7, 3)
    found = student.ntk_kernel(np.sqrt(3 / 2) * X, 1, np.sqrt(2.0).item(), 0.0)
    expect(found, "Theta").close_to(
        lambda: limits.shallow_relu_tangent_kernel(jnp.asarray(X)), rtol=1e-5, why=VALUES
    )


@check("q2", points=1, title="No hidden layer; an input of zeros, without biases")
def ntk_of_edge_cases(student, inputs):
    X, zero = inputs.normal(4, 2), inputs.normal(7, 3)
    expect(student.ntk_kernel(X, 0, 1.3, 0.6), "Theta of a linear network").close_to(
        lambda: kernel(X, 0, 1.3, 0.6), rtol=1e-5, why=VALUES
    )
    zero[2] = 0.0
    expect(student.ntk_kernel(zero, 2, 1.3, 0.0), "Theta").close_to(
        lambda: kernel(zero, 2, 1.3, 0.0), rtol=1e-5, why=VALUES
    )


@check("q2", points=1, title="Inputs that are multiples of each other")
def ntk_of_parallel_inputs(student, inputs):
    signs = np.where(np.arange(100) % 2, -1.0, 1.0)
    X = (signs * inputs.uniform(0.5, 2.0, 100))[:, None] * inputs.normal(1, 3)
    expect(student.ntk_kernel(X, 2, 1.4, 0.0), "Theta").close_to(
        lambda: kernel(X, 2, 1.4, 0.0), rtol=1e-5, why=VALUES
    )


@check("q2", points=1, title="The diagonal of a deep network that keeps the variances")
def ntk_grows_with_depth(student, inputs):
    X = inputs.normal(7, 3)
    found = expect(student.ntk_kernel(X, 24, np.sqrt(2.0).item(), 0.0)).array((7, 7))
    expect(np.diagonal(found), "The diagonal of Theta").close_to(
        lambda: 25 * 2 * np.sum(X**2, axis=1) / 3,
        rtol=1e-5,
        why="24 gates, each with a rounding of 1e-8 at most, in sums of 25 terms",
    )
    expect(found, "Theta").close_to(
        lambda: kernel(X, 24, np.sqrt(2.0).item(), 0.0), rtol=1e-5, why=VALUES
    )


@check("q2", points=1, title="The kernel in float32", x64=False)
def ntk_in_float32(student, inputs):
    X = inputs.normal(50, 3)
    expect(student.ntk_kernel(X, 2, 1.3, 0.5), "Theta").close_to(
        lambda: kernel(X, 2, 1.3, 0.5),
        rtol=5e-3,
        why="float32: an angle near 0 is only good to 3e-4, and Theta to 1e-4",
    )
