"""Hidden checks of question 3: batch normalisation, its gradient, effective step sizes."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from grader.checks import check, expect
from reference import adaptive_methods as methods

EXACT = "no step is approximate: float64 gives about 1e-15, known mistakes more than 1e-3"


def _normalised(S: Any, epsilon: float) -> Any:
    units = S.shape[1]
    return methods.batch_normalization(
        S, jnp.ones(units, S.dtype), jnp.zeros(units, S.dtype), epsilon=epsilon
    )


def _gradient(X: np.ndarray, W: np.ndarray, U: np.ndarray, epsilon: float) -> np.ndarray:
    """By the dense Jacobian of the normalised pre-activations in W, forward mode."""
    J = jax.jit(jax.jacfwd(lambda W: _normalised(X @ W, epsilon)))(jnp.asarray(W))
    return np.einsum("noij,no->ij", J, U)


@check("q3", points=1, title="Batch normalisation of random pre-activations")
def batch_norm_of_random_activations(student, inputs):
    S = inputs.normal(7, 4) * inputs.uniform(0.5, 2.0, 4) + inputs.normal(4)
    for epsilon in (0.3, 0.0):
        expect(student.batch_norm(S, epsilon), "Z").close_to(
            lambda epsilon=epsilon: _normalised(jnp.asarray(S), epsilon), rtol=1e-6, why=EXACT
        )


@check("q3", points=1, title="Batch normalisation where the mean is a million times the spread")
def batch_norm_of_a_large_mean(student, inputs):
    S = inputs.normal(9, 3) + 3e6 * np.array([1.0, -1.0, 1.0])
    expect(student.batch_norm(S, 0.0), "Z").close_to(
        lambda: (S - S.mean(axis=0)) / S.std(axis=0),
        rtol=1e-7,
        why="float64 gives 1e-9 here; a difference of squares, 9e12, loses all but three digits",
    )


@check("q3", points=2, title="Gradient of random layers")
def gradient_of_random_layers(student, inputs):
    for (examples, size, units), epsilon in (((6, 4, 3), 0.2), ((5, 3, 5), 0.0)):
        X, W = inputs.normal(examples, size), inputs.normal(size, units)
        U = inputs.normal(examples, units)
        expect(student.batch_norm_gradient(X, W, U, epsilon), "The gradient").close_to(
            lambda X=X, W=W, U=U, epsilon=epsilon: _gradient(X, W, U, epsilon),
            rtol=1e-6,
            why=EXACT,
        )


@check("q3", points=1, title="Gradient of a single unit, two examples, in float32", x64=False)
def gradient_of_one_unit(student, inputs):
    X, W, U = inputs.normal(2, 3), inputs.normal(3, 1), inputs.uniform(1.0, 2.0, 2, 1)
    U[1] -= 3.0  # not the same for both examples, or there is no gradient
    expect(student.batch_norm_gradient(X, W, U, 0.5), "The gradient").close_to(
        lambda: _gradient(X, W, U, 0.5),
        rtol=3e-3,
        why="float32, and what two examples have in common cancels: up to 1e-5",
    )


@check("q3", points=1, title="Gradient with rescaled units and shifted inputs, epsilon 0")
def gradient_of_rescaled_units(student, inputs):
    X, W, U = inputs.normal(8, 3), inputs.normal(3, 4), inputs.normal(8, 4)
    scales = np.array([1e-5, 1e-2, 1.0, 1e4]) * inputs.uniform(0.5, 2.0, 4)
    found = student.batch_norm_gradient(X + inputs.normal(3), W * scales, U, 0.0)
    G = expect(found, "The gradient").array((3, 4))
    expect(G * scales, "The gradient times the scales of the units").close_to(
        lambda: _gradient(X, W, U, 0.0),
        rtol=1e-6,
        why="float64 gives about 1e-13; an epsilon of its own of 1e-12 more than 1e-3",
    )


@check("q3", points=1, title="Gradient to twelve digits")
def gradient_to_all_digits(student, inputs):
    X, W, U = inputs.normal(9, 4), inputs.normal(4, 3), inputs.normal(9, 3)
    expect(student.batch_norm_gradient(X, W, U, 0.2), "The gradient").close_to(
        lambda: _gradient(X, W, U, 0.2),
        rtol=2e-13,
        why="float64 gives about 1e-15; finite differences 1e-11 or more",
    )


@check("q3", points=1, title="Cost of the gradient")
def gradient_costs_few_products(student, inputs):
    X, W, U = inputs.normal(48, 40), inputs.normal(40, 24), inputs.normal(48, 24)
    program = student.program("batch_norm_gradient", X, W, U, 0.1)
    expect(program(X, W, U), "The exported gradient").close_to(
        lambda: _backward(X, W, U, 0.1), rtol=1e-6, why=EXACT
    )
    product = inputs.program(lambda X, W: X @ W, X, W)
    # X W, its transpose's product, and some twenty operations an entry beside 2 x 40 of each.
    expect(program, "The gradient").costs_at_most(4, product, unit="products X W")


def _backward(X: np.ndarray, W: np.ndarray, U: np.ndarray, epsilon: float) -> Any:
    """By reverse mode: a dense Jacobian of this size would be large."""
    _, pull_back = jax.vjp(lambda W: _normalised(X @ W, epsilon), jnp.asarray(W))
    return pull_back(jnp.asarray(U))[0]


@check("q3", points=1, title="Effective step sizes")
def effective_step_sizes_of_units(student, inputs):
    for shape in ((4, 3), (3, 3), (5, 1)):
        W = inputs.uniform(0.5, 2.0, *shape) * inputs.rng.choice([-1.0, 1.0], shape)
        expect(student.effective_step_sizes(0.3, W), "The step sizes").close_to(
            lambda W=W: np.array([methods.effective_step_size(0.3, jnp.asarray(w)) for w in W.T]),
            rtol=1e-5,
            why="a formula: float32 inside gives 1e-7, known mistakes more than 1e-2",
        )
