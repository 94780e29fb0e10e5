"""Hidden checks of question 3: adaptation and the meta-gradient of MAML."""

from functools import partial
from typing import Any

import jax
import numpy as np

from grader.checks import check, expect
from reference.papers import maml

SINGLE = "few stable steps: float32 inside gives about 1e-6, every known mistake more than 1e-2"


def _sinusoids(inputs: Any, **sizes: int) -> Any:
    sizes = {"tasks": 4, "support": 5, "query": 7} | sizes
    return inputs.given("sinusoid_tasks", **sizes, seed=inputs.seed("tasks"), widths=(1, 6, 5, 1))


def _task(tasks: Any, index: int) -> Any:
    return {name: leaf[index] for name, leaf in tasks.support.items()}


def _meta_gradient(tasks: Any, step_size: float, num_steps: int) -> Any:
    gradient = partial(maml.meta_gradient, tasks.loss, step_size=step_size, num_steps=num_steps)
    return jax.jit(gradient)(tasks.w, tasks.support, tasks.query)


def _asked(student: Any, tasks: Any, step_size: float, num_steps: int) -> Any:
    return student.meta_gradient(
        tasks.loss, tasks.w, tasks.support, tasks.query, step_size, num_steps
    )


@check("q3", points=1, title="Parameters after adaptation")
def parameters_after_adaptation(student, inputs):
    tasks = _sinusoids(inputs)
    for steps in (0, 3):
        u = student.adapt(tasks.loss, tasks.w, _task(tasks, 1), 0.2, steps)
        expect(u, f"the parameters after {steps} steps").close_to(
            lambda steps=steps: maml.adapted_parameters(
                tasks.loss, tasks.w, _task(tasks, 1), 0.2, steps
            ),
            rtol=1e-4,
            why=SINGLE,
        )


@check("q3", points=2, title="Meta-gradient of a network, one step and several")
def meta_gradient_of_networks(student, inputs):
    for steps in (1, 3):
        tasks = _sinusoids(inputs)
        expect(_asked(student, tasks, 0.1, steps), f"the meta-gradient, {steps} steps").close_to(
            lambda tasks=tasks, steps=steps: _meta_gradient(tasks, 0.1, steps),
            rtol=1e-4,
            why=SINGLE,
            points=1,
        )


@check("q3", points=1, title="Meta-gradient of quadratic tasks in closed form")
def meta_gradient_of_quadratics(student, inputs):
    tasks = inputs.given("quadratic_tasks", tasks=5, size=4, seed=inputs.seed("tasks"))
    expect(_asked(student, tasks, 0.3, 2), "the meta-gradient").close_to(
        lambda: _closed_form(tasks, 0.3, 2), rtol=1e-4, why=SINGLE
    )


def _closed_form(tasks: Any, step_size: float, num_steps: int) -> np.ndarray:
    """Mean over tasks of B A_q (c_s + B (w - c_s) - c_q), with B = (I - alpha A_s)^K."""
    total = np.zeros_like(tasks.w)
    for i in range(len(tasks.support["A"])):
        A, c = tasks.support["A"][i], tasks.support["centre"][i]
        B = np.linalg.matrix_power(np.eye(len(c)) - step_size * A, num_steps)
        away = c + B @ (tasks.w - c) - tasks.query["centre"][i]
        total = total + B @ tasks.query["A"][i] @ away
    return total / len(tasks.support["A"])


@check("q3", points=1, title="One task, one support example; no steps", x64=False)
def meta_gradient_at_the_edges(student, inputs):
    for tasks, steps in (
        (_sinusoids(inputs, tasks=1, support=1, query=3), 2),
        (_sinusoids(inputs), 0),
    ):
        expect(_asked(student, tasks, 0.05, steps), "the meta-gradient").close_to(
            lambda tasks=tasks, steps=steps: _meta_gradient(tasks, 0.05, steps),
            rtol=3e-3,
            why="float32, two steps that nearly fit the example: its residual cancels digits",
        )


@check("q3", points=1, title="Meta-gradient to 12 digits")
def meta_gradient_to_all_digits(student, inputs):
    tasks = _sinusoids(inputs)
    expect(_asked(student, tasks, 0.1, 2), "the meta-gradient").close_to(
        lambda: _meta_gradient(tasks, 0.1, 2),
        rtol=1e-12,
        why="two stable steps: float64 gives about 1e-15, finite differences 1e-10",
    )


@check("q3", points=1, title="Cost of the meta-gradient")
def meta_gradient_costs_few_gradients(student, inputs):
    tasks_count, steps = 5, 3
    tasks = inputs.given(
        "sinusoid_tasks", tasks=tasks_count, support=8, query=8, seed=1, widths=(1, 20, 20, 1)
    )
    data = (tasks.support, tasks.query)
    program = student.program("meta_gradient", tasks.loss, tasks.w, *data, 0.05, steps)
    gradient = inputs.program(jax.grad(tasks.loss), tasks.w, _task(tasks, 0))
    w = inputs.direction(tasks.w)
    expected = partial(maml.meta_gradient, tasks.loss, step_size=0.05, num_steps=steps)
    expect(program(w, *data), "The exported meta-gradient").close_to(
        lambda: jax.jit(expected)(w, *data), rtol=1e-4, why=SINGLE
    )
    expect(program, "the meta-gradient").costs_at_most(
        (6 * steps + 3) * tasks_count, gradient, unit="gradients"
    )
