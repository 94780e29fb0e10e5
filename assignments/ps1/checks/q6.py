"""Hidden checks of question 6: response Jacobian."""

from functools import partial
from typing import Any

import jax
import numpy as np

from grader.checks import check, expect
from reference import taylor

SINGLE = "well-conditioned: float32 inside gives about 1e-6, every known mistake more than 1e-3"


def _response(problem: Any) -> jax.Array:
    return jax.jit(partial(taylor.response_jacobian, problem.loss))(problem.w, problem.theta)


@check("q6", points=3, title="Response of ridge regression to its penalties")
def response_of_ridge(student, inputs):
    problem = inputs.given(
        "penalised_regression", examples=9, features=4, seed=inputs.seed("problem")
    )
    response = student.response_jacobian(problem.loss, problem.w, problem.theta)
    expect(response, "the response").close_to(lambda: _response(problem), rtol=1e-4, why=SINGLE)


@check("q6", points=3, title="Response of logistic regression to the weights of its examples")
def response_of_logistic_regression(student, inputs):
    problem = inputs.given("weighted_logistic", examples=7, features=3, seed=inputs.seed("problem"))
    response = student.response_jacobian(problem.loss, problem.w, problem.theta)
    expect(response, "the response").close_to(lambda: _response(problem), rtol=1e-4, why=SINGLE)


@check("q6", points=2, title="Response of a single weight, or to a single hyperparameter")
def response_of_a_single_weight(student, inputs):
    for examples, features in ((1, 3), (4, 1)):
        problem = inputs.given(
            "weighted_logistic",
            examples=examples,
            features=features,
            seed=inputs.seed(f"{examples} examples of {features}"),
        )
        response = student.response_jacobian(problem.loss, problem.w, problem.theta)
        expect(response, f"the response, n = {features}, p = {examples}").close_to(
            lambda problem=problem: _response(problem), rtol=1e-4, why=SINGLE
        )


@check("q6", points=2, title="Response in other coordinates")
def response_in_other_coordinates(student, inputs):
    plain, mixed = (
        inputs.given(
            "penalised_regression", examples=9, features=4, seed=inputs.seed("problem"), mix=mix
        )
        for mix in (False, True)
    )
    response = student.response_jacobian(mixed.loss, mixed.w, mixed.theta)
    # S w = r(T theta), so the Jacobian is S^-1 (dr/dtheta) T.
    expect(response, "the response").close_to(
        lambda: np.linalg.solve(mixed.weights_of, _response(plain) @ mixed.settings_of),
        rtol=1e-4,
        why=SINGLE,
    )


@check("q6", points=1, title="Response Jacobian in float32", x64=False)
def response_in_float32(student, inputs):
    problem = inputs.given(
        "weighted_logistic", examples=7, features=3, seed=inputs.seed("problem"), penalty=0.5
    )
    response = student.response_jacobian(problem.loss, problem.w, problem.theta)
    expect(response, "the response").close_to(
        lambda: _response(problem), rtol=1e-3, why="float32, condition below 10: about 1e-6"
    )


@check("q6", points=1, title="Response Jacobian to ten digits")
def response_to_ten_digits(student, inputs):
    problem = inputs.given(
        "penalised_regression", examples=9, features=4, seed=inputs.seed("problem")
    )
    response = student.response_jacobian(problem.loss, problem.w, problem.theta)
    expect(response, "the response").close_to(
        lambda: _response(problem),
        rtol=1e-11,
        why="float64 gives about 1e-15, finite differences 1e-9",
    )
