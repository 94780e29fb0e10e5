"""Hidden checks of question 4: factored damping and the K-FAC direction."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from grader.checks import check, expect
from reference import second_order
from reference.second_order import Factors, Likelihood

SINGLE = "condition below 100: float32 inside gives about 1e-6, every known mistake more than 1e-2"
EXACT = "condition below 100: float64 gives about 1e-15, float32 inside more than 1e-8"


def _factors(inputs: Any, size: int, outputs: int) -> tuple[np.ndarray, np.ndarray]:
    """Traces a factor of about 20 apart, so that pi is far from 1."""
    A = inputs.spd(np.linspace(2.0, 9.0, size))
    G = inputs.spd(np.linspace(0.1, 0.5, outputs))
    return A, G


def _damped(A: np.ndarray, G: np.ndarray, damping: float) -> list[np.ndarray]:
    """The damped factors by formula, in NumPy."""
    pi = np.sqrt((np.trace(A) / len(A)) / (np.trace(G) / len(G))) if np.any(A) * np.any(G) else 1.0
    root = np.sqrt(damping)
    return [A + pi * root * np.eye(len(A)), G + root / pi * np.eye(len(G))]


def _direction(A: np.ndarray, G: np.ndarray, V: np.ndarray, damping: float) -> np.ndarray:
    """The direction by a dense solution with the damped factors' Kronecker product."""
    dense = np.kron(*_damped(A, G, damping))
    return np.linalg.solve(dense, V.ravel()).reshape(V.shape)


@check("q4", points=2, title="Damped factors")
def damped_factors_of_any_size(student, inputs):
    for size, outputs, damping in ((4, 3, 0.3), (3, 6, 0.05), (5, 2, 0.0)):
        A, G = _factors(inputs, size, outputs)
        expect(student.damped_factors(A, G, damping), "the damped factors").close_to(
            lambda A=A, G=G, damping=damping: list(
                second_order.damped_factors(Factors(jnp.asarray(A), jnp.asarray(G)), damping)
            ),
            rtol=1e-4,
            why=SINGLE,
        )


@check("q4", points=2, title="K-FAC direction for given factors")
def kfac_direction_of_given_factors(student, inputs):
    for size, outputs, damping in ((4, 3, 0.3), (3, 6, 0.05), (4, 4, 1.0)):
        (A, G), V = _factors(inputs, size, outputs), inputs.normal(size, outputs)
        expect(student.kfac_direction(A, G, V, damping), "the direction").close_to(
            lambda A=A, G=G, V=V, damping=damping: _direction(A, G, V, damping),
            rtol=1e-4,
            why=SINGLE,
        )


@check("q4", points=1, title="K-FAC direction of a layer")
def layer_direction_of_networks(student, inputs):
    for index, damping in ((0, 0.1), (1, 0.02), (2, 0.1)):
        layer = inputs.given(
            "layer", widths=(4, 3, 5, 4), index=index, examples=9, seed=inputs.seed(f"{index}")
        )
        D = student.layer_direction(layer.head, layer.a, layer.W, layer.y, damping)
        expect(D, "the direction of a layer").close_to(
            lambda layer=layer, index=index, damping=damping: _of_layer(layer, index, damping),
            rtol=1e-4,
            why=SINGLE,
        )


def _of_layer(layer: Any, index: int, damping: float) -> Any:
    factors = second_order.exact_factors(
        second_order.tapped_perceptron,
        [jnp.asarray(W) for W in layer.w],
        jnp.asarray(layer.X),
        likelihood=Likelihood.CATEGORICAL,
    )[index]
    a, y = jnp.asarray(layer.a), jnp.asarray(layer.y)

    def loss(W: jax.Array) -> jax.Array:
        scores = jax.nn.log_softmax(layer.head(a @ W[:-1] + W[-1]))
        return -jnp.mean(jnp.take_along_axis(scores, y[:, None], axis=1))

    gradient = jax.jit(jax.grad(loss))(jnp.asarray(layer.W))
    return second_order.preconditioned_gradient(factors, gradient, damping=damping)


@check("q4", points=1, title="A constant moved from one factor to the other, to ten digits")
def kfac_direction_is_free_of_scale(student, inputs):
    (A, G), V = _factors(inputs, 5, 3), inputs.normal(5, 3)
    for scale in (1.0, 2.0**-12, 2.0**12):  # powers of two change no digit
        D = student.kfac_direction(scale * A, G / scale, V, 0.2)
        expect(D, f"the direction, A times and G over {scale:.1e}").close_to(
            lambda: _direction(A, G, V, 0.2), rtol=1e-10, why=EXACT
        )


@check("q4", points=1, title="Other affine coordinates, without damping")
def kfac_direction_in_affine_coordinates(student, inputs):
    (A, G), V = _factors(inputs, 4, 3), inputs.normal(4, 3)
    # (a, 1) Omega has a 1 as its last entry again: a linear map of a, and a shift.
    Omega = np.zeros((4, 4))
    Omega[:3, :3] = inputs.orthogonal(3) * [0.5, 1.0, 2.0] @ inputs.orthogonal(3)
    Omega[3] = [*inputs.uniform(-0.5, 0.5, 3), 1.0]
    Phi = inputs.orthogonal(3) * [0.5, 1.5, 2.0] @ inputs.orthogonal(3)
    D = student.kfac_direction(Omega.T @ A @ Omega, Phi @ G @ Phi.T, Omega.T @ V @ Phi.T, 0.0)
    expect(D, "the direction in other coordinates").close_to(
        lambda: np.linalg.solve(Omega, _direction(A, G, V, 0.0)) @ np.linalg.inv(Phi),
        rtol=1e-3,
        why="condition below 2,000: float32 inside gives about 1e-5, a floor of damping over 1e-2",
    )


@check("q4", points=1, title="A dead layer, and layers with a single input or output")
def kfac_direction_at_its_edges(student, inputs):
    for size, outputs in ((1, 1), (1, 3), (4, 1)):
        (A, G), V = _factors(inputs, size, outputs), inputs.normal(size, outputs)
        expect(student.kfac_direction(A, G, V, 0.2), "the direction").close_to(
            lambda A=A, G=G, V=V: _direction(A, G, V, 0.2), rtol=1e-4, why=SINGLE
        )
    A, G, V = inputs.spd([0.5, 1.0, 2.0]), np.zeros((2, 2)), inputs.normal(3, 2)
    expect(student.kfac_direction(A, G, V, 0.09), "the direction, G = 0").close_to(
        lambda: _direction(A, G, V, 0.09), rtol=1e-4, why=SINGLE
    )


@check("q4", points=1, title="Cost of the K-FAC direction")
def kfac_direction_costs_few_products(student, inputs):
    (A, G), V = _factors(inputs, 24, 20), inputs.normal(24, 20)
    program = student.program("kfac_direction", A, G, V, 0.2)
    expect(program(A, G, V), "The exported direction").close_to(
        lambda: _direction(A, G, V, 0.2), rtol=1e-4, why=SINGLE
    )
    product = inputs.program(lambda A, G, V: A @ V @ G, A, G, V)
    # Two factorisations with their solves are 1.5 products, two eigendecompositions 7.
    expect(program, "The direction").costs_at_most(8, product, unit="products A V G")
