"""Hidden checks of question 1 for Cohen et al.: sharpness, and where descent settles."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from grader.checks import check, expect
from reference.papers import edge_of_stability as paper
from reference.taylor import hessian

CHOICE = {"PAPER": "edge_of_stability"}
DIGITS = "float64 gives about 1e-13; finite differences of gradients 1e-6, other mistakes 1e-3"


def _fit(inputs: Any, *widths: int, examples: int = 9) -> Any:
    return inputs.given("line_fit", widths=widths, examples=examples, seed=inputs.seed("fit"))


def _krylov_sharpness(fit: Any, v: Any, num_products: int) -> Any:
    find = partial(paper.sharpness, fit.loss.local(), num_lanczos_steps=num_products)
    return jax.jit(find)(fit.w_0, v)


@check("q1", points=8, title="Edge of stability: sharpness of networks", where=CHOICE)
def edge_of_stability_sharpness(student, inputs):
    fit = _fit(inputs, 1, 4, 3, 1)
    v = inputs.direction(fit.w_0)
    expect(student.sharpness(fit.loss, fit.w_0, v, 3), "the sharpness from 3 products").close_to(
        lambda: _krylov_sharpness(fit, v, 3), rtol=1e-8, why=DIGITS, points=4
    )
    size = len(ravel_pytree(fit.w_0)[0])
    found = student.sharpness(fit.loss, fit.w_0, v, size)
    expect(found, "the sharpness from as many products as parameters").close_to(
        lambda: np.linalg.eigvalsh(_dense(fit))[-1], rtol=1e-8, why=DIGITS, points=4
    )


def _dense(fit: Any) -> np.ndarray:
    return np.asarray(jax.jit(partial(hessian, fit.loss.local()))(fit.w_0))


@check("q1", points=5, title="Edge of stability: sharpness at the edges", where=CHOICE, x64=False)
def edge_of_stability_sharpness_at_the_edges(student, inputs):
    single = "float32 gives about 1e-6"
    valley = inputs.source("lambda w: (w['a'] @ (c * w['a']) - 6 * w['b'] ** 2) / 2", c=_curves())
    v = {"a": inputs.uniform(0.5, 1.0, 3), "b": np.asarray(inputs.rng.uniform(0.5, 1.0))}
    expect(student.sharpness(valley, v, v, 7), "the sharpness of a saddle").close_to(
        lambda: 2.0, rtol=1e-4, why=single
    )
    hill = inputs.source("lambda w: -(w @ (c * w)) / 2", c=_curves())
    along = np.array([0.0, inputs.rng.uniform(0.5, 2.0), 0.0])
    expect(student.sharpness(hill, along, along, 4), "the curvature along an eigenvector").close_to(
        lambda: -1.0, rtol=1e-4, why=single
    )
    w = inputs.uniform(0.5, 1.5, 1)
    quartic = inputs.source("lambda w: jnp.sum(w ** 4) / 4")
    expect(student.sharpness(quartic, w, -w, 3), "the sharpness of one parameter").close_to(
        lambda: 3 * w[0] ** 2, rtol=1e-4, why=single
    )


def _curves() -> np.ndarray:
    return np.array([0.5, 1.0, 2.0])


@check("q1", points=5, title="Edge of stability: sharpness without a Hessian", where=CHOICE)
def edge_of_stability_sharpness_costs_few_products(student, inputs):
    products = 8
    fit = inputs.given("line_fit", widths=(1, 20, 20, 1), examples=40, seed=1)
    v = inputs.direction(fit.w_0)
    program = student.program("sharpness", fit.loss, fit.w_0, v, products)
    w = jax.tree.map(lambda p, d: p + d, fit.w_0, inputs.direction(fit.w_0))
    find = partial(paper.sharpness, fit.loss.local(), num_lanczos_steps=products)
    expect(program(w, v), "The exported sharpness").close_to(
        lambda: jax.jit(find)(w, v), rtol=1e-4, why="float32 inside gives about 1e-6"
    )
    gradient = inputs.program(jax.grad(fit.loss.local()), fit.w_0)
    expect(program, "the sharpness").costs_at_most(5 * products + 10, gradient)
    # A dense Hessian of 481 parameters takes 1.9 MB.
    expect(program, "the sharpness").uses_at_most(500_000)


@check("q1", points=6, title="Edge of stability: a recorded run, the scalar model", where=CHOICE)
def edge_of_stability_descent(student, inputs):
    fit = _fit(inputs, 1, 4, 3, 1)
    run = student.recorded_descent(fit.loss, fit.w_0, 0.2, 24, 6, 5)
    expect(run, "the run").close_to(
        lambda: _run(fit, 0.2, 24, 6, 5),
        rtol=1e-8,
        why="two dozen steps: float64 gives about 1e-14, known mistakes more than 1e-3",
        points=3,
    )
    u, v = inputs.uniform(0.2, 2.0, 5), inputs.uniform(-2.0, 2.0, 5)
    # Minima, and where the two eigenvalues nearly meet: u v = 1/2 and u = v.
    u = np.concatenate([u, inputs.uniform(0.5, 2.0, 2), [0.5**0.5 * (1 + 1e-9), 0.0]])
    v = np.concatenate([v, 1 / u[5:7], [0.5**0.5], [0.0]])
    expect(student.scalar_model_sharpness(u, v), "the scalar model's sharpness").close_to(
        lambda: paper.scalar_product_sharpness(jnp.asarray(u), jnp.asarray(v)),
        rtol=1e-12,
        why="float64 gives 1e-16; the discriminant of trace and determinant loses half the digits",
        points=3,
    )


def _run(fit: Any, step_size: float, steps: int, every: int, products: int) -> list[Any]:
    options = {"sharpness_every": every, "num_lanczos_steps": products}
    descend = partial(paper.descent_with_sharpness, fit.loss.local(), **options)
    return list(jax.jit(descend)(fit.w_0, jnp.full(steps, step_size)))


@check("q1", points=6, title="Edge of stability: where the sharpness settles", where=CHOICE)
def edge_of_stability_band(student, inputs):
    fit = _fit(inputs, 1, 16, 16, 1, examples=16)
    step_size = inputs.rng.uniform(0.3, 0.4)
    run = student.recorded_descent(fit.loss, fit.w_0, step_size, 1600, 20, 8)
    record = expect(expect(run, "the run").items(3)[2], "the sharpnesses").array((81,))
    # Over 300 draws this mean lay between 1.96 and 2.13.
    expect(np.mean(record[40:]) * step_size, "eta times the sharpness").between(
        1.75,
        2.2,
        says="The sharpness doesn't settle at 2 / eta. Is this plain full-batch descent with step eta, "
        "and is each sharpness taken at the iterate that it is recorded for?",
    )
