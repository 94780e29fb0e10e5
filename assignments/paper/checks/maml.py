"""Hidden checks of question 1 for Finn et al.: product, gradients, quadratic tasks."""

from typing import Any

import jax
import numpy as np
from jax.flatten_util import ravel_pytree

from grader.checks import check, expect
from reference import taylor
from reference.papers import maml as paper

CHOICE = {"PAPER": "maml"}
FLOAT32 = "few stable steps: float32 gives about 1e-6, every known mistake more than 1e-2"


def _tasks(inputs: Any, **sizes: Any) -> Any:
    sizes = {"tasks": 3, "support": 5, "query": 7, "widths": (1, 3, 2, 1)} | sizes
    return inputs.given("meta_sinusoids", **sizes, seed=inputs.seed("tasks"))


def _task(examples: dict[str, Any], index: int) -> dict[str, Any]:
    return {name: leaf[index] for name, leaf in examples.items()}


def _stacked(trees: list[Any]) -> Any:
    return jax.tree.map(lambda *leaves: np.stack(leaves), *trees)


def _near(inputs: Any, w: Any, count: int) -> list[Any]:
    """Parameters that are no iterates of anything."""
    return [
        jax.tree.map(lambda p, d: np.asarray(p) + d, w, inputs.direction(w)) for _ in range(count)
    ]


def _hessian(tasks: Any) -> Any:
    """The function (u, examples) -> dense Hessian, compiled."""
    loss = tasks.loss.local()
    return jax.jit(lambda u, examples: taylor.hessian(lambda u: loss(u, examples), u))


@check("q1", points=8, title="MAML: the product along a path", where=CHOICE)
def maml_product_along_a_path(student, inputs):
    tasks = _tasks(inputs)
    mine = _task(tasks.support, 1)
    path, v = _near(inputs, tasks.w, 3), inputs.direction(tasks.w)
    found = student.pull_through_path(tasks.loss, _stacked(path), mine, 0.2, v)
    expect(found, "the product").close_to(
        lambda: _product(tasks, path, mine, 0.2, v),
        rtol=1e-13,
        why="three products: about 1e-15; differences of gradients give 8e-12 at least",
        points=6,
    )
    nowhere = jax.tree.map(lambda leaf: np.asarray(leaf)[None][:0], tasks.w)
    found = student.pull_through_path(tasks.loss, nowhere, mine, 0.1, v)
    expect(found, "the product without factors").close_to(
        v, rtol=1e-12, why="nothing happens", points=2
    )


def _product(tasks: Any, path: list[Any], examples: Any, step_size: float, v: Any) -> Any:
    flat, unravel = ravel_pytree(v)
    vector, hessian = flat, _hessian(tasks)
    for u in reversed(path):
        vector = vector - step_size * hessian(u, examples) @ vector
    return unravel(vector)


@check("q1", points=4, title="MAML: cost of the product", where=CHOICE)
def maml_product_costs(student, inputs):
    tasks = inputs.given(
        "meta_sinusoids", tasks=1, support=12, query=1, seed=1, widths=(1, 20, 20, 1)
    )
    steps, mine = 5, _task(tasks.support, 0)
    path, v = _near(inputs, tasks.w, steps), inputs.direction(tasks.w)
    program = student.program("pull_through_path", tasks.loss, _stacked(path), mine, 0.2, v)
    gradient = inputs.program(jax.grad(tasks.loss.local()), tasks.w, mine)
    expect(program, "the product").costs_at_most(4 * steps + 2, gradient, unit="gradients")
    expect(program(_stacked(path), mine, v), "the exported product").close_to(
        lambda: _product(tasks, path, mine, 0.2, v), rtol=1e-5, why=FLOAT32
    )


@check("q1", points=11, title="MAML: meta-gradient and first order", where=CHOICE, x64=False)
def maml_gradients(student, inputs):
    for sizes, parts in (({}, (3, 2)), ({"tasks": 1, "support": 1, "query": 3}, (1, 1))):
        tasks = _tasks(inputs, **sizes)
        data = tasks.w, tasks.support, tasks.query
        pair = student.meta_gradients(tasks.loss, *data, 0.1, 3)
        pair = expect(pair, "the two gradients").items(2)
        rules = paper.meta_gradient, paper.first_order_meta_gradient
        names = "the meta-gradient", "the first-order gradient"
        for found, rule, name, points in zip(pair, rules, names, parts, strict=True):
            expect(found, name).close_to(
                lambda rule=rule, tasks=tasks, data=data: jax.jit(
                    lambda *data: rule(tasks.loss.local(), *data, 0.1, 3)
                )(*data),
                rtol=1e-3,
                atol=1e-5,
                why="float32; an example that is nearly fitted cancels digits of its residual",
                points=points,
            )
    tasks = _tasks(inputs)
    gap = student.first_order_gap(tasks.loss, tasks.w, tasks.support, tasks.query, 3)
    expect(gap, "the coefficient c").close_to(
        lambda: _gap(tasks, 3), rtol=1e-3, why=FLOAT32, points=4
    )


def _gap(tasks: Any, steps: int) -> Any:
    hessian, slope = _hessian(tasks), jax.jit(jax.grad(tasks.loss.local()))
    flat, unravel = ravel_pytree(tasks.w)
    total = 0 * flat
    for i in range(len(tasks.query["x"])):
        g = ravel_pytree(slope(tasks.w, _task(tasks.query, i)))[0]
        total = total + steps * hessian(tasks.w, _task(tasks.support, i)) @ g
    return unravel(total / len(tasks.query["x"]))


@check("q1", points=7, title="MAML: quadratic tasks", where=CHOICE)
def maml_quadratic_starts(student, inputs):
    tasks = inputs.given("meta_quadratics", tasks=4, size=3, seed=inputs.seed("tasks"))
    A, c = tasks.support["A"], tasks.support["c"]
    places = expect(student.quadratic_starts(A, c, 0.3, 2), "the places").items(3)
    names = "joint training's minimum", "MAML's minimum", "the place of first-order MAML"
    for i, (place, name) in enumerate(zip(places, names, strict=True)):
        expect(place, name).close_to(
            lambda i=i: _places(tasks, 0.3, 2)[i],
            rtol=1e-6,
            atol=1e-7,
            why="condition below 30: about 1e-14; known mistakes more than 1e-2",
            points=2,
        )
    same = np.stack([A[0]] * 4)
    places = expect(student.quadratic_starts(same, c, 0.2, 3), "the places").items(3)
    expect(places, "the places for tasks of one curvature").close_to(
        lambda: [c.mean(axis=0)] * 3, rtol=1e-9, atol=1e-9, why="about 1e-14", points=1
    )


def _places(tasks: Any, step_size: float, steps: int) -> list[np.ndarray]:
    """Where the gradients, which are affine in w, are 0: solved from their values at D + 1 points."""
    rules = (
        (paper.meta_gradient, 0),
        (paper.meta_gradient, steps),
        (paper.first_order_meta_gradient, steps),
    )
    places = []
    for rule, count in rules:
        slope = jax.jit(
            lambda w, rule=rule, count=count: rule(
                tasks.loss.local(), w, tasks.support, tasks.query, step_size, count
            )
        )
        size = len(tasks.w)
        offset = np.asarray(slope(np.zeros(size)))
        matrix = np.stack([np.asarray(slope(e)) - offset for e in np.eye(size)], axis=1)
        places.append(np.linalg.solve(matrix, -offset))
    return places
