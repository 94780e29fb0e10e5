"""Hidden checks of question 3: the tangent kernel of a network at hand."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from grader.checks import check, expect
from reference import infinite_limits as limits

VALUES = "no step is approximate: float64 gives 1e-15, the smallest known mistake more than 1e-3"


def network(inputs: Any, widths: Sequence[int]) -> Any:
    """Parameters as a student gets them."""
    return [{"W": inputs.normal(i, o), "b": inputs.normal(o)} for i, o in pairwise(widths)]


def outputs(theta: Any, X: Any, sigma_w: float, sigma_b: float) -> Any:
    """The network of the notebook as a function of its parameters theta."""
    named = [{"weights": layer["W"], "biases": layer["b"]} for layer in theta]
    w = limits.standard_parameters(named, weight_variance=sigma_w**2, bias_variance=sigma_b**2)
    return limits.perceptron_outputs(w, X, jax.nn.relu)


def kernel(theta: Any, X: Any, sigma_w: float, sigma_b: float) -> np.ndarray:
    """J J^T with respect to theta by dense Jacobians; the trace over outputs, divided by K."""
    arrays = jax.tree.map(jnp.asarray, theta)
    Theta = limits.dense_tangent_kernel(
        lambda theta, X: outputs(theta, X, sigma_w, sigma_b), arrays, jnp.asarray(X)
    )
    return np.einsum("nmkk->nm", Theta) / Theta.shape[-1]


@check("q3", points=3, title="Networks with one output and with several")
def ntk_of_networks(student, inputs):
    for num_outputs, points in ((1, 1), (3, 2)):
        theta, X = network(inputs, (4, 7, 6, num_outputs)), inputs.normal(5, 4)
        found = student.empirical_ntk(theta, X, 1.3, 0.7)
        expect(found, "The kernel").close_to(
            lambda theta=theta, X=X: kernel(theta, X, 1.3, 0.7),
            rtol=1e-6,
            why=VALUES,
            points=points,
        )


@check("q3", points=1, title="No hidden layer, and a hidden layer of one unit")
def ntk_of_small_networks(student, inputs):
    linear, x = network(inputs, (3, 2)), inputs.normal(1, 3)
    expect(student.empirical_ntk(linear, x, 1.2, 0.5), "The kernel without hidden layers").close_to(
        lambda: kernel(linear, x, 1.2, 0.5), rtol=1e-6, why=VALUES
    )
    narrow, X = network(inputs, (2, 1, 4)), inputs.normal(6, 2)
    narrow[0]["b"] = inputs.uniform(5.0, 7.0, 1)  # a unit that is on for nearly every input
    expect(student.empirical_ntk(narrow, X, 1.2, 0.5), "The kernel with one hidden unit").close_to(
        lambda: kernel(narrow, X, 1.2, 0.5), rtol=1e-6, why=VALUES
    )


@check("q3", points=1, title="Hidden units reordered, inputs rotated")
def ntk_of_the_same_function(student, inputs):
    theta, X = network(inputs, (4, 6, 6, 2)), inputs.normal(5, 4)
    Q, order = inputs.orthogonal(4), inputs.rng.permutation(6)
    first, second, last = theta
    moved = [
        {"W": (Q.T @ first["W"])[:, order], "b": first["b"][order]},
        {"W": second["W"][order], "b": second["b"]},
        last,
    ]
    expect(student.empirical_ntk(moved, X @ Q, 1.4, 0.3), "The kernel").close_to(
        lambda: kernel(theta, X, 1.4, 0.3), rtol=1e-6, why=VALUES
    )


@check("q3", points=1, title="The kernel to all digits")
def ntk_to_all_digits(student, inputs):
    theta, X = network(inputs, (4, 7, 6, 3)), inputs.normal(5, 4)
    expect(student.empirical_ntk(theta, X, 1.4, 0.6), "The kernel").close_to(
        lambda: kernel(theta, X, 1.4, 0.6),
        rtol=3e-14,
        why="float64 gives about 1e-15, finite differences some 1e-11",
    )


@check("q3", points=1, title="The kernel in float32", x64=False)
def ntk_of_network_in_float32(student, inputs):
    theta, X = network(inputs, (4, 7, 6, 3)), inputs.normal(5, 4)
    expect(student.empirical_ntk(theta, X, 1.3, 0.7), "The kernel").close_to(
        lambda: kernel(theta, X, 1.3, 0.7), rtol=1e-4, why="float32, three layers: about 1e-6"
    )


# 64 examples, 4 outputs, 11,140 parameters: the Jacobian has 23 MB. The sensitivities of all
# outputs have 0.2 MB a layer, and even the kernel of all pairs of outputs has 0.5 MB.
_JACOBIAN_FREE_BYTES = 6_000_000


@check("q3", points=3, title="Work and memory")
def ntk_costs_few_gradients(student, inputs):
    theta, X = network(inputs, (16, 96, 96, 4)), inputs.normal(64, 16)
    program = student.program("empirical_ntk", theta, X, 1.4, 0.5)
    expect(program(theta, X), "The exported kernel").close_to(
        lambda: kernel(theta, X, 1.4, 0.5), rtol=1e-6, why=VALUES
    )
    gradient = inputs.program(
        jax.grad(lambda theta, X: jnp.sum(outputs(theta, X, 1.4, 0.5))), theta, X
    )
    says = "Form no gradient of a weight: products of activations and of sensitivities are enough."
    expect(program, "The kernel").costs_at_most(15, gradient, unit="gradients", says=says, points=2)
    expect(program, "The kernel").uses_at_most(_JACOBIAN_FREE_BYTES, says=says, points=1)
