"""Hidden checks of question 7: Fisher information and natural gradient."""

from functools import partial
from typing import Any

import jax
import numpy as np

from grader.checks import check, expect
from reference import metrics

SINGLE = "well-conditioned: float32 inside gives about 1e-6, every known mistake more than 1e-3"


def _fisher(problem: Any) -> jax.Array:
    return jax.jit(partial(metrics.fisher_matrix, problem.logits))(problem.w, problem.X)


@check("q7", points=4, title="Fisher information of a linear classifier and of a network")
def fisher_of_classifiers(student, inputs):
    for widths, kind in (((4, 2), "a linear classifier"), ((3, 4, 2), "a network")):
        problem = inputs.given(
            "softmax_classifier", widths=widths, examples=8, seed=inputs.seed(kind)
        )
        F = student.fisher(problem.logits, problem.w, problem.X)
        expect(F, f"the Fisher information of {kind}").close_to(
            lambda problem=problem: _fisher(problem), rtol=1e-4, why=SINGLE, points=2
        )


@check("q7", points=1, title="Fisher information of a single example, two classes")
def fisher_of_one_example(student, inputs):
    problem = inputs.given(
        "softmax_classifier", widths=(1, 1), examples=1, seed=inputs.seed("problem")
    )
    expect(student.fisher(problem.logits, problem.w, problem.X), "the Fisher information").close_to(
        lambda: _fisher(problem), rtol=1e-4, why=SINGLE
    )


@check("q7", points=2, title="Fisher information when all logits are large")
def fisher_of_large_logits(student, inputs):
    options = {"widths": (4, 2), "examples": 8, "seed": inputs.seed("problem")}
    plain = inputs.given("softmax_classifier", **options)
    shifted = inputs.given("softmax_classifier", **options, shift=2000.0)
    F = student.fisher(shifted.logits, shifted.w, shifted.X)
    expect(F, "the Fisher information").close_to(
        lambda: _fisher(plain), rtol=1e-4, why="a common shift of the logits changes nothing"
    )


@check("q7", points=2, title="Natural gradient with damping")
def natural_gradient_with_damping(student, inputs):
    for damping in (0.1, 0.5):
        problem = inputs.given(
            "softmax_classifier", widths=(3, 4, 2), examples=8, seed=inputs.seed(f"{damping}")
        )
        step = student.natural_gradient(problem.logits, problem.w, problem.X, problem.y, damping)
        expect(step, "the natural gradient").close_to(
            lambda problem=problem, damping=damping: _natural_gradient(problem, damping),
            rtol=1e-4,
            why=SINGLE,
            points=1,
        )


@check("q7", points=2, title="Natural gradient in other coordinates")
def natural_gradient_in_other_coordinates(student, inputs):
    options = {"widths": (4, 2), "examples": 8, "seed": inputs.seed("problem")}
    plain = inputs.given("softmax_classifier", **options)
    mixed = inputs.given("softmax_classifier", **options, mix=True)
    step = student.natural_gradient(mixed.logits, mixed.w, mixed.X, mixed.y, 0.0)
    expect(step, "the natural gradient").close_to(
        lambda: np.linalg.solve(mixed.transform, _natural_gradient(plain, 0.0)),
        rtol=1e-4,
        why="F is regular with condition below 1e4: float64 gives 1e-12",
    )


def _natural_gradient(problem: Any, damping: float) -> jax.Array:
    gradient = partial(metrics.natural_gradient, problem.logits, damping=damping)
    return jax.jit(gradient)(problem.w, problem.X, problem.y)


@check("q7", points=1, title="Natural gradient in float32", x64=False)
def natural_gradient_in_float32(student, inputs):
    problem = inputs.given(
        "softmax_classifier", widths=(4, 2), examples=8, seed=inputs.seed("problem")
    )
    step = student.natural_gradient(problem.logits, problem.w, problem.X, problem.y, 0.2)
    expect(step, "the natural gradient").close_to(
        lambda: _natural_gradient(problem, 0.2),
        rtol=1e-3,
        why="float32, condition of the damped matrix below 100",
    )
