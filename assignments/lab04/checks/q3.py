"""Hidden checks of question 3: Kronecker factors of a dense layer."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from grader.checks import check, expect
from reference import metrics, second_order
from reference.second_order import Likelihood

SINGLE = "averages of a few examples: float32 inside gives about 1e-6, known mistakes over 1e-2"


@check("q3", points=3, title="True factors of a first, a hidden and a last layer")
def true_factors_of_layers(student, inputs):
    for index, kind in enumerate(("first", "hidden", "last")):
        layer = inputs.given(
            "layer", widths=(4, 3, 5, 4), index=index, examples=7, seed=inputs.seed(kind)
        )
        factors = student.true_factors(layer.head, layer.a, layer.W)
        expect(factors, f"(A, G) of a {kind} layer").close_to(
            lambda layer=layer, index=index: _true_factors(layer, index),
            rtol=1e-4,
            why=SINGLE,
            points=1,
        )


def _true_factors(layer: Any, index: int) -> list[Any]:
    factors = second_order.exact_factors(
        second_order.tapped_perceptron,
        [jnp.asarray(W) for W in layer.w],
        jnp.asarray(layer.X),
        likelihood=Likelihood.CATEGORICAL,
    )
    return list(factors[index])


@check("q3", points=1, title="Empirical factors")
def empirical_factors_of_layers(student, inputs):
    for index in (1, 2):
        layer = inputs.given(
            "layer", widths=(4, 3, 5, 4), index=index, examples=7, seed=inputs.seed(f"{index}")
        )
        factors = student.empirical_factors(layer.head, layer.a, layer.W, layer.y)
        expect(factors, "(A, G) of the empirical Fisher").close_to(
            lambda layer=layer, index=index: _empirical_factors(layer, index),
            rtol=1e-4,
            why=SINGLE,
        )


def _empirical_factors(layer: Any, index: int) -> list[Any]:
    factors = second_order.empirical_factors(
        second_order.tapped_perceptron,
        [jnp.asarray(W) for W in layer.w],
        jnp.asarray(layer.X),
        jax.nn.one_hot(layer.y, layer.w[-1].shape[1], dtype=float),
        likelihood=Likelihood.CATEGORICAL,
    )
    return list(factors[index])


@check("q3", points=1, title="A single example, one input, one unit: the exact Fisher block")
def factors_of_one_example(student, inputs):
    for widths in ((3, 4, 3), (1, 1, 2)):
        layer = inputs.given("layer", widths=widths, index=0, examples=1, seed=inputs.seed("layer"))
        factors = student.true_factors(layer.head, layer.a, layer.W)
        expect(factors, "(A, G)").is_true(
            lambda pair: isinstance(pair, list | tuple) and len(pair) == 2,
            says="The factors come as a pair (A, G).",
        )
        size, outputs = layer.W.shape
        A = expect(factors[0], "A").array((size, size))
        G = expect(factors[1], "G").array((outputs, outputs))
        expect(np.kron(A, G), "A kron G of a single example").close_to(
            lambda layer=layer: _fisher_block(layer), rtol=1e-4, why=SINGLE
        )


def _fisher_block(layer: Any) -> Any:
    """The layer's block of the true Fisher information, dense."""

    def logits(W: jax.Array, a: jax.Array) -> jax.Array:
        return layer.head(a @ W[:-1] + W[-1])

    block = jax.jit(partial(metrics.fisher_matrix, logits))
    return block(jnp.asarray(layer.W), jnp.asarray(layer.a))


@check("q3", points=1, title="Logits in the thousands")
def factors_of_large_logits(student, inputs):
    options = {"widths": (4, 3, 4), "index": 0, "examples": 6, "seed": inputs.seed("layer")}
    for shift in (2000.0, -2000.0):
        layer = inputs.given("layer", **options, shift=shift)
        factors = student.true_factors(layer.head, layer.a, layer.W)
        expect(factors, "(A, G)").close_to(
            lambda layer=layer: _true_factors(layer, 0),
            rtol=1e-4,
            why="a common shift of the logits changes nothing but their last digits",
        )


@check("q3", points=1, title="True factors to twelve digits")
def factors_to_all_digits(student, inputs):
    layer = inputs.given(
        "layer", widths=(3, 5, 4, 6), index=1, examples=8, seed=inputs.seed("layer")
    )
    factors = student.true_factors(layer.head, layer.a, layer.W)
    expect(factors, "(A, G)").close_to(
        lambda: _true_factors(layer, 1),
        rtol=1e-13,
        why="float64 gives about 1e-15, finite differences more than 1e-11",
    )


@check("q3", points=2, title="Cost of the true factors")
def true_factors_cost_few_gradients(student, inputs):
    layer = inputs.given("layer", widths=(10, 12, 16, 4), index=0, examples=32, seed=1)
    program = student.program("true_factors", layer.head, layer.a, layer.W)
    W = 0.3 * inputs.normal(11, 12)
    expect(program(layer.a, W), "The exported factors").close_to(
        lambda: _true_factors(_Moved(layer, W), 0), rtol=1e-4, why=SINGLE
    )
    head, y = layer.head.local(), jnp.asarray(layer.y)

    def loss(W: jax.Array, a: jax.Array) -> jax.Array:
        scores = jax.nn.log_softmax(head(a @ W[:-1] + W[-1]))
        return -jnp.mean(jnp.take_along_axis(scores, y[:, None], axis=1))

    gradient = inputs.program(jax.grad(loss), layer.W, layer.a)
    expect(program, "A and G").costs_at_most(12, gradient, unit="gradients")


class _Moved:
    """A first layer at other weights."""

    def __init__(self, layer: Any, W: np.ndarray) -> None:
        self.X, self.w = layer.X, [W, *layer.w[1:]]
