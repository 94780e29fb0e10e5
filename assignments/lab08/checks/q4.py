"""Hidden checks of question 4: the losses that gradient descent and SGD follow."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from grader.checks import check, expect
from reference.bayesian_inference import implicit_regularization as implicit

SINGLE = "sums of some ten terms: float32 inside gives about 1e-6, known mistakes over 1e-2"
DIGITS = "float64 gives about 1e-15, float32 inside 1e-7, finite differences 1e-10"

QUADRATIC = "lambda w: w @ A @ w / 2 - b @ w"


@check("q4", points=1, title="Quadratics in closed form")
def modified_gradient_of_quadratics(student, inputs):
    for eigenvalues, alpha in (([0.5, 1.0, 2.0, 3.0], 0.5), ([4.0, -1.0, 2.0], 0.3)):
        size = len(eigenvalues)
        A, b, w = inputs.spd(eigenvalues), inputs.normal(size), inputs.normal(size)
        loss = inputs.source(QUADRATIC, A=A, b=b)
        expect(student.modified_gradient(loss, w, alpha), "The gradient").close_to(
            lambda A=A, b=b, w=w, alpha=alpha: (A @ w - b) + alpha / 2 * A @ (A @ w - b),
            rtol=1e-4,
            why=SINGLE,
        )


def _full_loss(inputs: Any, model: Any) -> Any:
    return inputs.source("lambda w: loss(w, data)", loss=model.loss, data=model.data)


def _classifier(inputs: Any, examples: int = 12) -> Any:
    return inputs.given("classifier", widths=(3, 5, 3), examples=examples, seed=inputs.seed("m"))


def _reference_gradient(loss: Any, w: Any, alpha: float) -> Any:
    gradient = partial(implicit.modified_gradient, loss.local(), step_size=alpha)
    return jax.jit(gradient)(jax.tree.map(jnp.asarray, w))


@check("q4", points=1, title="Modified gradient of a classifier")
def modified_gradient_of_a_classifier(student, inputs):
    model = _classifier(inputs)
    loss = _full_loss(inputs, model)
    expect(student.modified_gradient(loss, model.w, 1.5), "The gradient").close_to(
        lambda: _reference_gradient(loss, model.w, 1.5), rtol=1e-4, why=SINGLE
    )


@check("q4", points=1, title="One weight; a step size of zero", x64=False)
def modified_gradient_at_the_edges(student, inputs):
    loss = inputs.source("lambda w: w**4 / 4 + c * w", c=inputs.uniform(0.5, 1.0))
    w = np.asarray(inputs.uniform(0.8, 1.2))
    for alpha in (0.4, 0.0):
        expect(
            student.modified_gradient(loss, w, alpha), f"The gradient, alpha = {alpha}"
        ).close_to(lambda alpha=alpha: _reference_gradient(loss, w, alpha), rtol=1e-4, why=SINGLE)


@check("q4", points=1, title="Modified gradient to 13 digits")
def modified_gradient_to_all_digits(student, inputs):
    model = _classifier(inputs)
    loss = _full_loss(inputs, model)
    expect(student.modified_gradient(loss, model.w, 1.0), "The gradient").close_to(
        lambda: _reference_gradient(loss, model.w, 1.0), rtol=3e-14, why=DIGITS
    )


@check("q4", points=1, title="Cost and memory of the modified gradient")
def modified_gradient_costs_few_gradients(student, inputs):
    model = inputs.given("classifier", widths=(8, 24, 24, 4), examples=16, seed=1)
    loss = _full_loss(inputs, model)
    program = student.program("modified_gradient", loss, model.w, 0.5)
    gradient = inputs.program(jax.grad(loss.local()), model.w)
    w = jax.tree.map(lambda leaf: 0.3 * inputs.normal(*leaf.shape), model.w)
    expect(program(w), "The exported gradient").close_to(
        lambda: _reference_gradient(loss, w, 0.5), rtol=1e-4, why=SINGLE
    )
    expect(program, "The modified gradient").costs_at_most(7, gradient, unit="gradients")
    expect(program, "The modified gradient").uses_at_most(_MATRIX_FREE_BYTES)


# 916 parameters: a dense float64 matrix is 6.7 MB; some gradients of the network keep 100 kB.
_MATRIX_FREE_BYTES = 1_000_000


# --- SGD ------------------------------------------------------------------------------------------


def _cut(data: Any, batches: int) -> Any:
    size = len(data["x"]) // batches
    return {name: leaf.reshape(batches, size, *leaf.shape[1:]) for name, leaf in data.items()}


def _sgd_loss(loss: Any, w: Any, batches: Any, alpha: float) -> Any:
    w, batches = jax.tree.map(jnp.asarray, (w, batches))
    return implicit.modified_sgd_loss(loss.local(), w, batches, alpha)


def _sgd_gradient(loss: Any, w: Any, batches: Any, alpha: float) -> Any:
    def modified(w: Any, batches: Any) -> Any:
        return implicit.modified_sgd_loss(loss.local(), w, batches, alpha)

    return jax.jit(jax.grad(modified))(*jax.tree.map(jnp.asarray, (w, batches)))


@check("q4", points=1, title="SGD's loss for a classifier")
def sgd_loss_of_a_classifier(student, inputs):
    model = _classifier(inputs)
    for batches, alpha in ((4, 2.0), (3, 8.0)):
        cut = _cut(model.data, batches)
        value = student.sgd_modified_loss(model.loss, model.w, cut, alpha)
        expect(value, f"The loss for {batches} batches").close_to(
            lambda cut=cut, alpha=alpha: _sgd_loss(model.loss, model.w, cut, alpha),
            rtol=1e-4,
            why=SINGLE,
        )


@check("q4", points=1, title="SGD's gradient for a classifier, to 12 digits")
def sgd_gradient_of_a_classifier(student, inputs):
    model = _classifier(inputs)
    cut = _cut(model.data, 4)
    gradient = student.sgd_modified_gradient(model.loss, model.w, cut, 2.0)
    expect(gradient, "The gradient").close_to(
        lambda: _sgd_gradient(model.loss, model.w, cut, 2.0), rtol=1e-13, why=DIGITS
    )


@check("q4", points=1, title="A single batch, single examples, equal batches", x64=False)
def sgd_at_the_limits(student, inputs):
    model = _classifier(inputs, examples=4)
    same = {name: np.stack([leaf, leaf, leaf]) for name, leaf in model.data.items()}
    cases = {"a single batch": _cut(model.data, 1), "equal batches": same}
    cases["single examples"] = _cut(model.data, 4)
    for name, cut in cases.items():
        value = student.sgd_modified_loss(model.loss, model.w, cut, 8.0)
        expect(value, f"The loss for {name}").close_to(
            lambda cut=cut: _sgd_loss(model.loss, model.w, cut, 8.0), rtol=1e-4, why=SINGLE
        )
        gradient = student.sgd_modified_gradient(model.loss, model.w, cut, 8.0)
        expect(gradient, f"The gradient for {name}").close_to(
            lambda cut=cut: _sgd_gradient(model.loss, model.w, cut, 8.0), rtol=1e-4, why=SINGLE
        )


@check("q4", points=1, title="Cost of SGD's gradient")
def sgd_gradient_costs_few_gradients(student, inputs):
    model = inputs.given("classifier", widths=(8, 16, 16, 4), examples=32, seed=1)
    cut = _cut(model.data, 4)
    program = student.program("sgd_modified_gradient", model.loss, model.w, cut, 0.5)
    batch = {name: leaf[0] for name, leaf in cut.items()}
    gradient = inputs.program(jax.grad(model.loss.local()), model.w, batch)
    w = jax.tree.map(lambda leaf: 0.3 * inputs.normal(*leaf.shape), model.w)
    expect(program(w, cut), "The exported gradient").close_to(
        lambda: _sgd_gradient(model.loss, w, cut, 0.5), rtol=1e-4, why=SINGLE
    )
    expect(program, "The gradient for 4 batches").costs_at_most(28, gradient, unit="gradients")
